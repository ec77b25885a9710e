"""``python -m experiments.reconstruction [--workdir=runs] [--seeds=1] [--out=DIR]``: held-out faces, coded and redrawn."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from experiments import doors
from ganjax import config as configs
from ganjax import metrics
from ganjax.errors import UserError
from ganjax.main import guarded
from ganjax.metrics import resizing
from ganjax.metrics.extractors import Extractor, efflite0, extract
from ganjax.metrics.lpips import AT_ONCE, Lpips, lpips
from ganjax.monitor import pictures
from ganjax.run import Run, open_data
from ganjax.samples import sampler
from ganjax.train import train
from ganjax.workdir import reopen

SYSTEMS = ("vae", "vae_gan")
SHARED = ("encoder", "generator", "data", "train")  # sections of the config that must be one for both
LPIPS_SIZE = 64  # pixels, of the patches that people judged; faces are resized to it
SHOWN = 16


def trained(system: str, workdir: Path, seeds: int) -> Path:
    """The folder of a system's run; trains what is not trained."""
    spec = f"configs/{system}.py"
    folder = workdir / (configs.run_name(spec) + (f"-{seeds}-seeds" if seeds > 1 else ""))
    train(configs.load(spec, [f"--config.train.num_seeds={seeds}"]), folder)
    return folder


def check_alike(runs: Sequence[Run]) -> None:
    """Raises a UserError where the runs differ in networks, data or length: nothing could be said of the losses."""
    one, two = (configs.to_json(run.config) for run in runs)
    differ = [line for name in SHARED for line in configs.differences({name: one[name]}, {name: two[name]})]
    if differ or one["train"]["steps"] != two["train"]["steps"]:
        raise UserError(f"the runs are not alike: {'; '.join(differ) or 'one has more steps'}")


def unlike(measure: Lpips, images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """LPIPS of pairs of bytes, resized to ``LPIPS_SIZE``."""
    parts = []
    for i in range(0, len(images), AT_ONCE):
        x, y = (resizing.resize(jnp.asarray(part[i : i + AT_ONCE]), LPIPS_SIZE, "clean") for part in (images, others))
        parts.append(np.asarray(measure.distance(measure.variables, x / 127.5 - 1, y / 127.5 - 1)))
    return np.concatenate(parts)


def judge(images: np.ndarray) -> Callable[[np.ndarray], dict[str, float]]:
    """What is said of redrawn images: how far each is from its original, and all of them from all originals."""
    nets, extractor = [lpips("alexnet"), lpips("vgg16")], efflite0()
    real = features(extractor, images)
    (_, *of_real) = metrics.moments([real])

    def judged(again: np.ndarray) -> dict[str, float]:
        seen = features(extractor, again)
        (_, *of_seen) = metrics.moments([seen])
        pixels = (again.astype(np.float64) - images) / 127.5
        distances = {net.name: float(unlike(net, images, again).mean()) for net in nets}
        each = float(np.linalg.norm(seen - real, axis=1).mean())
        whole = metrics.frechet_distance(*of_real, *of_seen)
        return {"pixel_mse": float((pixels**2).mean()), **distances, "efflite0": each, "fd_efflite0": whole}

    return judged


def features(extractor: Extractor, images: np.ndarray) -> np.ndarray:
    """The extractor's features of bytes, in float64."""
    return next(iter(extract(extractor, [images])))["features"].astype(np.float64)


def main(argv: Sequence[str]) -> None:
    """Trains, redraws, measures, writes and prints."""
    parser = doors.arguments(__file__, __doc__)
    parser.add_argument("--seeds", type=int, default=1, help="runs of each system, in one program (1)")
    args = doors.opened(parser, argv)
    folders = [trained(system, args.workdir, args.seeds) for system in SYSTEMS]
    check_alike([reopen(folder)[0] for folder in folders])
    _, held_out = open_data(reopen(folders[0])[0].config.data)
    if held_out is None:
        raise UserError("configs/vae.py holds no images out: set config.data.held_out")
    images = held_out.fetch(np.arange(held_out.size))["image"]
    judged, rows = judge(images), [images[:SHOWN]]
    found: dict[str, list[dict[str, float]]] = {system: [] for system in SYSTEMS}
    for system, folder in zip(SYSTEMS, folders, strict=True):
        for index in range(args.seeds):
            run, _, state = reopen(folder, None, index)
            again = pictures.to_bytes(
                sampler(run)(state, {"image": jnp.asarray(images / 127.5 - 1, jnp.float32)})["image"]
            )
            rows.extend([] if index else [again[:SHOWN]])
            found[system].append(judged(again))
            print(system, {name: round(value, 4) for name, value in found[system][-1].items()}, flush=True)
    result: dict[str, Any] = {"held_out": len(images), "steps": run.steps, "seeds": args.seeds, "measured": found}
    doors.leave(args.out, result)
    pictures.save_png(args.out / "figure.png", pictures.sheet(np.concatenate(rows), columns=SHOWN), scale=2)


if __name__ == "__main__":
    guarded(main)(sys.argv)
