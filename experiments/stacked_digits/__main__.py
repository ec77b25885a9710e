"""``python -m experiments.stacked_digits [--workdir=runs] [--out=DIR]``: trains what is not trained, counts modes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import doors
from experiments.stacked_digits import measure
from ganjax.main import guarded
from ganjax.metrics.stacked import StackedModes
from ganjax.monitor import pictures

SYSTEMS = ("dcgan", "wgan_gp")
SEEDS = 3  # of each run, and of the real images
SHOWN = 16


def evaluate(folders: dict[str, Path]) -> tuple[dict[str, Any], np.ndarray]:
    """(what is counted of real images and of each run, the picture of both)."""
    params, singles, about = measure.classifier()
    by_label = [measure.count_labels(measure.real(singles, seed)) for seed in range(SEEDS)]
    seen = [measure.count(params, (x["image"] for x in measure.real(singles, seed))) for seed in range(SEEDS)]
    counted = {"held-out digits, by their own labels": _columns(by_label), "held-out digits": _columns(seen)}
    for system, folder in folders.items():
        counted[system] = _columns([measure.count(params, measure.generated(folder, i)) for i in range(SEEDS)])
    first = [next(measure.real(singles, 0))["image"], *(next(measure.generated(f, 0)) for f in folders.values())]
    return {"samples": measure.SAMPLES, "classifier": about, "counted": counted}, figure(first)


def rows(result: dict[str, Any]) -> list[str]:
    """The table's lines: means over the seeds ± their standard deviation."""
    return [
        f"| {name} | {_spread(found['modes'], 1)} | {_spread(found['kl'], 3)} |"
        for name, found in result["counted"].items()
    ]


def figure(kinds: Sequence[np.ndarray]) -> np.ndarray:
    """A sheet of ``SHOWN`` images for each kind, side by side."""
    return np.concatenate([pictures.sheet(pictures.to_bytes(images[:SHOWN])) for images in kinds], axis=1)


def main(argv: Sequence[str]) -> None:
    """Trains, counts, writes and prints."""
    args = doors.opened(doors.arguments(__file__, __doc__), argv)
    result, page = evaluate({system: measure.trained(system, args.workdir) for system in SYSTEMS})
    doors.leave(args.out, result)
    pictures.save_png(args.out / "figure.png", page)
    print(f"classifier: {result['classifier']}")
    print("\n".join(["| of 1,000 | modes | KL |", "|---|---|---|", *rows(result)]))


def _columns(found: Sequence[StackedModes]) -> dict[str, list[Any]]:
    return {"modes": [f.covered for f in found], "kl": [f.kl for f in found]}


def _spread(values: Sequence[float], digits: int) -> str:
    return f"{np.mean(values):.{digits}f} ± {np.std(values, ddof=1):.{digits}f}"


if __name__ == "__main__":
    guarded(main)(sys.argv)
