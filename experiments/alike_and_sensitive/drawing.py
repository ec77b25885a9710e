"""A violin for each system, a dot for each run; and what the best and the worst settings draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import figures
from experiments.alike_and_sensitive.judging import ends, settings
from experiments.alike_and_sensitive.sweep import Trial

Found = Mapping[str, Sequence[Trial]]
REACH = 1.8


def figure(found: Found, named: Sequence[float], modes: np.ndarray, floor: float, path: Path) -> None:
    """Above distances of all runs; below samples of the best setting's first seed and of the worst named one's."""
    from matplotlib.figure import Figure

    page = Figure(figsize=(9.5, 7.8), layout="constrained")
    above, below = page.subfigures(2, 1, squeeze=False, height_ratios=[3.7, 4.1]).flat
    _distances(above.subplots(), found, floor)
    axes = below.subplots(2, len(found), squeeze=False)
    for column, (name, trials) in zip(axes.T, found.items(), strict=True):
        for axis, setting, word in zip(column, ends(trials, named), ("best", "worst named"), strict=True):
            rate, b1, n_critic = setting
            first = settings(trials)[setting][0]
            _points(axis, first.points, modes)
            text = f"{name}, {word}: W₁ {first.distance:.2f}\nrate {rate:g}, β₁ {b1:g}, n_critic {n_critic}"
            axis.set_title(text, fontsize=7.5)
    figures.save(page, path)


def _distances(axis: Any, found: Found, floor: float) -> None:
    rates = sorted({each.rate for trials in found.values() for each in trials})
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=8)
    logs = [np.log10([each.distance for each in trials]) for trials in found.values()]
    body = axis.violinplot(logs, showextrema=False, widths=0.85)["bodies"]
    for each in body:
        each.set(facecolor="#cccccc", alpha=0.4)
    for place, trials in enumerate(found.values(), 1):
        for each in trials:
            where = place + (rates.index(each.rate) - (len(rates) - 1) / 2) * 0.2 + 0.03 * (each.seed - 1)
            colour, mark = figures.COLOURS[rates.index(each.rate)], "o" if each.n_critic == 1 else "^"
            axis.plot(where, np.log10(each.distance), mark, color=colour, markersize=3.5, alpha=0.8, markeredgewidth=0)
    for rate, colour in zip(rates, figures.COLOURS, strict=False):
        axis.plot([], [], "s", color=colour, markersize=4, label=f"rate {rate:g}")
    for label, mark in (("one D move", "o"), ("five", "^")):
        axis.plot([], [], mark, color=figures.DATA, markersize=4, label=label)
    axis.axhline(np.log10(floor), color=figures.DATA, linewidth=0.8, linestyle=":", label="data to data")
    axis.set_xticks(range(1, len(found) + 1), found)
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + 0.15 * (high - low))  # room for the legend
    ticks = [t for t in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if low <= np.log10(t) <= high]
    axis.set_yticks(np.log10(ticks), [f"{t:g}" for t in ticks])
    figures.say(axis, "grid25: W₁ of samples to fresh data after equal arithmetic, a dot for each run", "", "W₁")
    axis.legend(fontsize=7, frameon=False, ncols=6, loc="upper center")


def _points(axis: Any, points: np.ndarray, modes: np.ndarray) -> None:
    axis.scatter(*modes.T, s=16, facecolors="none", edgecolors=figures.DATA, linewidths=0.5)
    axis.scatter(*points.T, s=0.8, color=figures.MADE, linewidths=0)
    axis.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xticks=[], yticks=[], aspect="equal")
    axis.spines[:].set_color("#dddddd")
