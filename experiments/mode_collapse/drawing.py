"""The film strip, curves of modes, and a short film."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from experiments import figures
from experiments.mode_collapse.measuring import Seen
from ganjax.monitor import pictures

Found = Mapping[str, Sequence[Seen]]
REACH = {"ring8": 1.35, "grid25": 1.8}
FRAMES, SIZE, MARGIN = 18, 112, 16


def figure(found: Found, strip: Sequence[int], path: Path) -> None:
    """Rows systems, columns steps, ring8 left and grid25 right, of the first seed; below modes over steps, of all seeds."""
    from matplotlib.figure import Figure

    page = Figure(figsize=(11, 1.12 * len(found) + 3.1), layout="constrained")
    above, below = page.subfigures(2, 1, squeeze=False, height_ratios=[1.12 * len(found) + 0.3, 2.8]).flat
    columns = [(name, step) for name in REACH for step in strip]
    axes = above.subplots(len(found), len(columns), squeeze=False)
    for row, (label, seen) in zip(axes, found.items(), strict=True):
        at = {each.step: each for each in seen}
        for axis, (name, step) in zip(row, columns, strict=True):
            _points(axis, at[step], name)
        row[0].set_ylabel(label, fontsize=8)
    for axis, (_, step) in zip(axes[0], columns, strict=True):
        axis.set_title(f"step {step}", fontsize=8)
    for axis, name in zip(below.subplots(1, len(REACH)), REACH, strict=True):
        _curves(axis, found, name)
    figures.save(page, path)


def _points(axis: Any, seen: Seen, name: str) -> None:
    axis.scatter(*seen.modes[name].T, s=16, facecolors="none", edgecolors=figures.DATA, linewidths=0.5)
    axis.scatter(*seen.points[name].T, s=0.5, color=figures.MADE, linewidths=0)
    axis.set(xlim=(-REACH[name], REACH[name]), ylim=(-REACH[name], REACH[name]), xticks=[], yticks=[], aspect="equal")
    axis.spines[:].set_color("#dddddd")


def _curves(axis: Any, found: Found, name: str) -> None:
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=7)
    for colour, (label, seen) in zip(figures.COLOURS, found.items(), strict=False):
        steps = [each.step for each in seen]
        covered = np.array([each.covered[name] for each in seen])
        axis.plot(steps, covered.mean(axis=1), color=colour, label=label, **figures.STYLE)
        axis.fill_between(steps, covered.min(axis=1), covered.max(axis=1), color=colour, alpha=0.12, linewidth=0)
    seeds = len(found[next(iter(found))][0].covered[name])
    figures.say(
        axis, f"{name}: modes covered, mean and range of {seeds} seeds", "step", f"of {len(seen[0].modes[name])}"
    )


def film(found: Found, path: Path, name: str = "grid25") -> None:
    """One mixture, the first seed of every row side by side, from the first step on."""
    steps = [each.step for each in next(iter(found.values()))]
    chosen = sorted({int(i) for i in np.linspace(0, len(steps) - 1, FRAMES).round()})
    pictures.save_gif(path, np.stack([_frame(found, i, name) for i in chosen]), milliseconds=200)


def _frame(found: Found, i: int, name: str) -> np.ndarray:
    page = Image.new("RGB", (SIZE * len(found), SIZE + MARGIN), "white")
    draw = ImageDraw.Draw(page)
    for place, (label, seen) in enumerate(found.items()):
        xy = (seen[i].points[name][:800] / REACH[name] * [1, -1] + 1) * SIZE / 2
        inside = xy[((xy > 0) & (xy < SIZE)).all(axis=1)] + [place * SIZE, MARGIN]
        draw.point([(float(x), float(y)) for x, y in inside], figures.MADE)
        draw.text((place * SIZE + SIZE / 2, 2), label, figures.DATA, ImageFont.load_default(10), "mt")
    return np.asarray(page.quantize(8).convert("RGB"))
