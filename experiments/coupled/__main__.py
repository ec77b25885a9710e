"""``python -m experiments.coupled [--workdir=runs] [--out=DIR]``: digits and edges that CoGAN draws, half against half."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import jax
import numpy as np
from absl import logging

from ganjax import allocator, compilation
from ganjax import config as configs
from ganjax.data import open_source
from ganjax.data.pairs import edges
from ganjax.main import guarded
from ganjax.monitor import pictures
from ganjax.samples import drawn, sampler
from ganjax.train import train
from ganjax.workdir import reopen

SPEC = "configs/cogan.py"
PAIRS, SHOWN = 1000, 16


def agreement(digits: np.ndarray, lines: np.ndarray) -> dict[str, float]:
    """Mean |edges(digit) − edge image| over 0 to 255: of pairs, and of each digit with the edges of another one."""
    own = edges(digits).astype(float)
    other = np.roll(lines, len(lines) // 2, axis=0)
    apart = {"pairs": float(np.abs(own - lines).mean()), "shuffled": float(np.abs(own - other).mean())}
    return apart | {"ratio": apart["shuffled"] / max(apart["pairs"], 1e-9)}


def main(argv: Sequence[str]) -> None:
    """Trains, draws, measures, writes and prints."""
    parser = argparse.ArgumentParser(prog="python -m experiments.coupled", description=__doc__)
    parser.add_argument("--workdir", type=Path, default=Path("runs"), help="where the run lives")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="for result.json and figure.png")
    args = parser.parse_args(argv[1:])
    logging.set_verbosity(logging.WARNING)
    allocator.hold()
    compilation.keep()
    folder = args.workdir / configs.run_name(SPEC)
    train(configs.load(SPEC), folder)
    run, step, state = reopen(folder)
    made = sampler(run)(state, drawn(run, jax.random.key(1), PAIRS))
    digits, lines = (pictures.to_bytes(made[side]) for side in "ab")
    source = open_source("digit_edges")
    real = source.fetch(np.arange(PAIRS) * (source.size // PAIRS))
    result = {
        "step": step,
        "drawn": agreement(digits, lines),
        "other digits of the data": agreement(real["a"], real["b"]),
    }
    print(json.dumps(result), flush=True)
    pictures.write_whole(args.out / "result.json", (json.dumps(result, indent=2) + "\n").encode())
    shown = np.concatenate([digits[:SHOWN], lines[:SHOWN], edges(digits[:SHOWN])])
    pictures.save_png(args.out / "figure.png", pictures.sheet(shown, columns=SHOWN), scale=2)


if __name__ == "__main__":
    guarded(main)(sys.argv)
