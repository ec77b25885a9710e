"""The homework's sheets beside each other, and one curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from experiments import figures
from experiments.homework_latents.measuring import NAMED
from ganjax.monitor import pictures


class Shown(NamedTuple):
    """Pictures [n, h, w] in [-1, 1] of one seed: of random latents, of the named ones, four sweeps of eight."""

    random: np.ndarray
    named: np.ndarray
    sweeps: np.ndarray


def draw(
    path: Path,
    shown: Mapping[str, Sequence[Shown]],
    rows: np.ndarray,
    numbers: Mapping[str, Sequence[dict[str, Any]]],
) -> None:
    """Named latents of both, a row for each seed; sweeps of the first seed; digits by class; distance over length."""
    figure, axes = figures.panels(2, 3, width=3.6, height=2.5)
    for axis, (name, seeds) in zip(axes[0], shown.items(), strict=False):
        blocks = [np.concatenate([each.named, each.random[:1]]) for each in seeds]
        figures.picture(
            axis, sheet(np.concatenate(blocks), len(NAMED) + 1), f"{name}: latents by hand, a row for each seed"
        )
        side = rows.shape[1] + 2
        for i, label in enumerate([*NAMED, "random"]):
            axis.text(
                (i + 0.5) * side,
                side * len(seeds) + 12,
                label.replace(" at ", "\nat "),
                ha="center",
                va="top",
                fontsize=6,
            )
    for axis, (name, seeds) in zip(axes[1], shown.items(), strict=False):
        title = f"{name}: a coordinate from 0 to 1 (two rows),\nfrom −3 to 3 (two rows)"
        figures.picture(axis, sheet(seeds[0].sweeps, 8), title)
    across = rows.reshape(10, -1, *rows.shape[1:])[:, :6].swapaxes(0, 1)
    figures.picture(axes[0][2], sheet(across.reshape(-1, *rows.shape[1:]), 10), "C-DCGAN: told 0 to 9, a column each")
    _lengths(axes[1][2], numbers)
    figures.save(figure, path)


def _lengths(axis: Any, numbers: Mapping[str, Sequence[dict[str, Any]]]) -> None:
    for colour, (name, seeds) in zip(figures.COLOURS, numbers.items(), strict=False):
        for i, each in enumerate(seeds):
            label = f"{name}, random directions" if i == 0 else None
            axis.plot(each["lengths"], each["to_real_by_length"], color=colour, label=label, **figures.STYLE)
            points = [(point["norm"], point["to_real"]) for point in each["named"].values()]
            axis.plot(*zip(*points, strict=True), ".", color=colour, label=f"{name}, by hand" if i == 0 else None)
    axis.axvspan(10 - 1.5, 10 + 1.5, color="#eeeeee", zorder=0)
    axis.set_ylim(bottom=0)
    figures.say(axis, "grey: as long as random latents", "|z|", "distance to the nearest real digit")


def sheet(images: np.ndarray, columns: int) -> np.ndarray:
    """Grey images as a page of three channels."""
    return np.repeat(pictures.sheet(pictures.to_bytes(images)[..., None], columns), 3, axis=-1)
