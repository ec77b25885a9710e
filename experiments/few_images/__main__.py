"""``python -m experiments.few_images [NAME …] [--workdir=runs] [--out=DIR]``: DCGAN on 500 avatars, with tricks and without.

NAMEs are configs (crafted, crafted:plain); the distance is to the 9,500 avatars that training never saw.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from experiments import doors
from ganjax import config as configs
from ganjax.evaluation import Settings, evaluator
from ganjax.main import guarded
from ganjax.monitor import pictures
from ganjax.run import prepare
from ganjax.samples import sampler
from ganjax.train import train
from ganjax.workdir import reopen

CONFIGS = ("crafted:plain", "crafted")
SETTINGS = Settings(("fd_efflite0",), n_fake=2000, n_real=9500)


def measure(spec: str, workdir: Path) -> tuple[list[float], np.ndarray]:
    """(distance of each seed at the last step, eight samples of each); trains what is not trained."""
    config, folder = configs.load(spec), workdir / configs.run_name(spec)
    train(config, folder)
    run = prepare(config)
    assert run.held_out is not None
    evaluate, distances, shown = evaluator(run._replace(source=run.held_out), SETTINGS), [], []
    for i in range(config.train.num_seeds):
        one, step, state = reopen(folder, index=i)
        (result,) = evaluate(state, step, i)
        distances.append(float(result.measures["fd_efflite0"]))
        shown.append(sampler(one)(state, one.game.gan.inputs(jax.random.key(0), 8))["image"])
    return distances, np.concatenate(shown)


def main(argv: Sequence[str]) -> None:
    """Trains, measures, writes and prints."""
    parser = doors.arguments(__file__, __doc__)
    parser.add_argument("names", nargs="*", default=CONFIGS, help="configs, such as crafted:ada")
    args = doors.opened(parser, argv)
    result: dict[str, Any] = {}
    pages = []
    for name in args.names:
        system, _, variant = name.partition(":")
        distances, shown = measure(f"configs/{system}.py:{variant}", args.workdir)
        result[name] = {"fd_efflite0": distances, "mean": float(np.mean(distances)), "std": float(np.std(distances))}
        pages.append(pictures.sheet(pictures.to_bytes(shown), columns=8))
        each = ", ".join(f"{distance:.1f}" for distance in distances)
        print(f"{name}: {np.mean(distances):.1f} ± {np.std(distances):.1f} ({each})", flush=True)
    doors.leave(args.out, result)
    pictures.save_png(args.out / "figure.png", np.concatenate(pages, axis=1), 2)


if __name__ == "__main__":
    guarded(main)(sys.argv)
