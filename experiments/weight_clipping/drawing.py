"""Value surfaces, histograms of weights, norms through the layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import figures, plane
from experiments.weight_clipping.measuring import Layers, kernels, values

REACH = {"ring8": 2.0, "grid25": 2.0, "swiss_roll": 2.3}
HISTOGRAM = "c = 0.01"


def figure(
    numbers: Mapping[str, Any],
    deep: Mapping[str, Sequence[Layers]],
    surfaces: Mapping[str, Mapping[str, Sequence[Layers]]],
    bounds: Mapping[str, float | None],
    path: Path,
) -> None:
    """A row of surfaces for each critic, of the first seed; at the right weights of deep critics and their gradients."""
    page, axes = figures.panels(3, 4, width=2.9, height=2.6)
    for row, (name, by) in zip(axes, surfaces.items(), strict=False):
        for axis, (data, nets) in zip(row, by.items(), strict=False):
            _surface(axis, nets[0], data, f"{data}, {name}")
    for axis in axes[len(surfaces) :, :3].flat:  # in the short form
        axis.set_axis_off()
    _weights(axes[0, 3], deep[HISTOGRAM], bounds[HISTOGRAM])
    _weights(axes[1, 3], deep["penalty"], None)
    _gradients(axes[2, 3], numbers["deep"])
    figures.save(page, path)


def _surface(axis: Any, net: Layers, data: str, title: str) -> None:
    reach = REACH[data]
    line = np.linspace(-reach, reach, 120)
    grid = np.stack(np.meshgrid(line, line), axis=-1)
    axis.contour(
        line, line, values(net, grid.reshape(-1, 2)).reshape(120, 120), levels=16, cmap="viridis", linewidths=0.8
    )
    points = plane.mixture(data).points[:1000]
    axis.scatter(*points.T, s=0.7, color=figures.MADE, linewidths=0)
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
    figures.say(axis, title)


def _weights(axis: Any, nets: Sequence[Layers], bound: float | None) -> None:
    """Of all seeds; with a bound the two starts side by side."""
    starts = ["He's start, cut", "start within ±c"] if bound else ["penalty"]
    each = len(nets) // len(starts)
    edge = 1.05 * bound if bound else 3 * float(np.std(kernels(nets[0])))
    for i, label in enumerate(starts):
        w = np.concatenate([kernels(net) for net in nets[i * each : (i + 1) * each]])
        shares, edges = np.histogram(w, np.linspace(-edge, edge, 64))
        axis.stairs(shares / len(w), edges, label=label, fill=i == 0, alpha=0.6 if i == 0 else 1, linewidth=1.2)
    figures.say(axis, f"weights, 12 layers, {HISTOGRAM if bound else 'penalty'}", "", "share")


def _gradients(axis: Any, deep: Mapping[str, Any]) -> None:
    for colour, (name, of) in zip(figures.COLOURS, deep.items(), strict=False):
        for seed in of["norms"][0]:
            axis.plot(np.log10(np.maximum(seed, 1e-300)), color=colour, linewidth=1)
        axis.plot([], [], color=colour, label=name)
    figures.say(axis, "log₁₀ ‖∂D/∂h‖ after each layer", "layer (0: the input)")
