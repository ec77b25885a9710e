"""The figure: truncation and its faces, singular values over training, what restraints cost, what the rows of table 1 bring."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from experiments import figures
from experiments.large_scale_tricks.measuring import FIRST, Spectra
from experiments.large_scale_tricks.parts import KD
from ganjax.monitor import pictures

NAMES = {"biggan": "with orthogonal regularisation", "biggan:free": "without"}
GREY = {"better": figures.COLOURS[0], "worse": figures.COLOURS[1], "level": "#b5b5b5"}


def draw(
    path: Path, numbers: Mapping[str, Any], spectra: Mapping[str, Spectra], faces: Mapping[str, np.ndarray]
) -> None:
    """Six panels."""
    figure, axes = figures.panels(2, 3, 4.0, 3.0)
    _sheet(axes[0, 0], faces)
    _curve(axes[0, 1], numbers["truncation"]["thresholds"])
    _lines(axes[0, 2], {name: (own.steps, own.sigma[FIRST]) for name, own in spectra.items()})
    figures.say(axes[0, 2], "(b) σ₀ of G's first layer", "step", "")
    _lines(axes[1, 2], {name: (own.steps, own.of("disc/")) for name, own in spectra.items()})
    figures.say(axes[1, 2], "(b) σ₀ of D's layers, geometric mean", "step", "")
    axes[1, 2].get_legend().remove()  # that of the panel above
    restraints = {name: each for name, each in numbers["restraints"].items() if name != "verdict"}
    spread = numbers["ablation"]["deviation_of_a_seed"]
    _costs(axes[1, 0], restraints, spread)
    _changes(axes[1, 1], numbers["ablation"]["changes"])
    figures.save(figure, path)


def _sheet(axis: Any, faces: Mapping[str, np.ndarray]) -> None:
    page = pictures.sheet(np.concatenate([*faces.values()]), len(next(iter(faces.values()))))
    figures.picture(axis, page, "(a) the same latents, truncated")
    for i, name in enumerate(faces):
        axis.text(-4, (i + 0.5) * page.shape[0] / len(faces), name, ha="right", va="center", fontsize=8)


def _curve(axis: Any, cuts: Mapping[str, Mapping[str, Any]]) -> None:
    for name, points in cuts.items():
        x, y = ([point[measure][0] for point in points.values()] for measure in ("spread", "nearest"))
        axis.plot(x, y, "o-", markersize=4, label=NAMES[name], **figures.STYLE)
        for cut, *at in zip(points, x, y, strict=True):
            axis.annotate(cut, at, xytext=(3, 4), textcoords="offset points", fontsize=7)
    figures.say(
        axis, "(a) fidelity against variety", "distance of two samples, over the data's", "distance to the nearest face"
    )


def _lines(axis: Any, named: Mapping[str, tuple[Any, Any]]) -> None:
    """What is strong is dashed, in the colour of what is not."""
    kinds = [*dict.fromkeys(name.removesuffix("_strong") for name in named)]
    for name, (x, y) in named.items():
        kind = name.removesuffix("_strong")
        style = {**figures.STYLE, "linestyle": "-" if kind == name else "--"}
        axis.plot(x, y, label=name.replace("_", " "), color=figures.COLOURS[kinds.index(kind)], **style)


def _costs(axis: Any, rows: Mapping[str, Mapping[str, Any]], spread: float) -> None:
    values, said = ([each[KD][i] for each in rows.values()] for i in (0, 1))
    places = np.arange(len(rows))[::-1]
    axis.barh(places, values, xerr=spread, color=[GREY[each] for each in said], error_kw={"elinewidth": 1})
    axis.set_yticks(places, [name.replace("_", " ") for name in rows])
    figures.say(axis, "(b) what it costs (bar: a seed's deviation)", f"{KD}, lower is better")


def _changes(axis: Any, changes: Mapping[str, Mapping[str, Any]]) -> None:
    places = np.arange(len(changes))[::-1]
    moved, sure, said = ([each[key] for each in changes.values()] for key in ("moved", "two_errors", "is"))
    axis.barh(places, moved, xerr=sure, color=[GREY[each] for each in said], error_kw={"elinewidth": 1})
    axis.set_yticks(places, [*changes])
    axis.axvline(0, color=figures.DATA, linewidth=0.8)
    figures.say(axis, "(c) what table 1 adds (bar: two standard errors)", f"change of {KD}; in the paper all fall")
