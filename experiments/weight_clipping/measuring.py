"""What a critic's weights say: gradients through its layers, weights at a bound, and what it sees of the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

Layers = list[tuple[np.ndarray, np.ndarray]]  # (kernel [in, out], bias [out]), float64
NEAR = 0.01  # of the bound


def layers(params: Mapping[str, Any]) -> Layers:
    """The dense layers of an MLP of ``ganjax.nets.mlp`` in order, in float64: float32 has no number under 10⁻³⁸."""
    names = sorted(params, key=lambda name: int(name.rpartition("_")[2]))
    return [(np.asarray(params[n]["kernel"], np.float64), np.asarray(params[n]["bias"], np.float64)) for n in names]


def values(net: Layers, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
    """D(x), ReLU between the layers."""
    for kernel, bias in net[:-1]:
        x = np.maximum(x @ kernel + bias, 0)
    kernel, bias = net[-1]
    return np.asarray((x @ kernel + bias)[:, 0])


def gradients(net: Layers, x: Float[np.ndarray, "n d"]) -> list[Float[np.ndarray, "n k"]]:
    """∂D/∂h of each x: at the input first, then after each ReLU, the last layer's input at the end."""
    open_: list[np.ndarray] = []
    for kernel, bias in net[:-1]:
        x = x @ kernel + bias
        open_.append(x > 0)
        x = np.maximum(x, 0)
    found = [np.broadcast_to(net[-1][0][:, 0], x.shape)]
    for (kernel, _), through in zip(net[-2::-1], open_[::-1], strict=True):
        found.append((found[-1] * through) @ kernel.T)
    return found[::-1]


def norms(net: Layers, x: Float[np.ndarray, "n d"]) -> list[float]:
    """Mean ‖∂D/∂h‖₂ over the points, from the input to the last layer."""
    return [float(np.linalg.norm(each, axis=1).mean()) for each in gradients(net, x)]


def at_the_bound(net: Layers, bound: float) -> float:
    """The share of the kernels' weights that lie within 1 % of ±bound."""
    return float(np.mean(np.abs(kernels(net)) >= (1 - NEAR) * bound))


def kernels(net: Layers) -> Float[np.ndarray, " n"]:
    """All of its weights but the biases."""
    return np.concatenate([kernel.ravel() for kernel, _ in net])


def gaps(name: str) -> tuple[Float[np.ndarray, "n k 2"], Float[np.ndarray, "n 2"]]:
    """(k neighbours that lie where the data are, the point between them where none are), n times."""
    if name == "swiss_roll":  # the same angle on the first winding and on the second, and halfway
        t = np.linspace(1.5 * np.pi, 2.5 * np.pi, 32)
        way = np.stack([np.cos(t), np.sin(t)], axis=1) / 7.5
        on = np.stack([t[:, None] * way, (t + 2 * np.pi)[:, None] * way], axis=1)
        return on, (t + np.pi)[:, None] * way
    if name == "ring8":  # two modes next to each other, and the point of the circle between them
        angle = 2 * np.pi * np.arange(17) / 16
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return np.stack([circle[:-1:2], circle[2::2]], axis=1), circle[1::2]
    line = 2.0 * np.arange(-2, 3) / 2.828  # grid25: the corners of a cell, and its middle
    corner = np.stack(np.meshgrid(line[:-1], line[:-1], indexing="ij"), axis=-1).reshape(-1, 1, 2)
    side = line[1] - line[0]
    on = corner + side * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    return on, on.mean(axis=1)


def contrast(net: Layers, name: str, among: Float[np.ndarray, "n 2"]) -> float:
    """How much higher D is where data lie than in the gaps between them, in standard deviations of D ``among`` the points."""
    on, between = gaps(name)
    higher = values(net, on.reshape(-1, 2)).reshape(len(on), -1).mean(axis=1) - values(net, between)
    return float(higher.mean() / values(net, among).std())
