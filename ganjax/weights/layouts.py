"""Arrays of PyTorch's state dicts into parameters of our networks, and back.

A ``Names`` goes from a layer of ours, its path in the parameters, to the prefix of its arrays in their state dict: {("Conv_0",):
"model.1"}; to (prefix, kind) where theirs is of another kind than the path says. Kernels of theirs are [out, in, h, w],
of transposed convolutions [in, out, h, w]; ours [h, w, in, out] (``nets.conv``: not flipped).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ganjax.errors import UserError

Tree = Any
Path = tuple[str, ...]
Names = dict[Path, str | tuple[str, str]]
Arrays = dict[str, np.ndarray]
Change = Callable[[np.ndarray], np.ndarray]
NOT_WEIGHTS = (
    ".num_batches_tracked",
    ".running_mean",
    ".running_var",
)  # old files have them of norms without parameters
THEIRS = {"scale": "weight", "kernel": "weight", "embedding": "weight"}  # what they call what we call …
OF_KIND = {
    "LayerNorm": {"scale": "gamma", "bias": "beta"},
    "LIN": {"scale": "gamma", "bias": "beta"},
    "PReLU": {"negative_slope": "weight"},
    "Stored": {"scale": "gain"},
}
STATISTICS = {"mean": "running_mean", "var": "running_var"}
STORED = {"mean": "stored_mean", "var": "stored_var"}
ITERATING = {"u": "u0", "sigma": "sv0"}  # of spectral norm that evaluation iterates too
ORDER = {"Conv": (2, 3, 1, 0), "ConvTranspose": (2, 3, 0, 1), "Dense": (1, 0), "Judge": (1, 0)}


class Leaf(NamedTuple):
    """An array of ours: in the parameters (0) or in vars (1), where, and the way from theirs and to theirs."""

    collection: int
    path: Path
    value: Any
    read: Change
    write: Change


def from_official(arrays: Arrays, names: Names, params: Tree, vars: Tree, where: str) -> tuple[Tree, Tree]:
    """(params, vars) of a network, shaped as the given ones, out of a state dict.

    Raises:
        UserError: arrays are missing, left over or of another shape, each named.
    """
    wanted, wrong = dict(_leaves(names, params, vars)), []
    for key, leaf in wanted.items():
        shape = leaf.write(np.broadcast_to(np.float32(0), leaf.value.shape)).shape
        if key not in arrays:
            wrong.append(f"{key} is missing")
        elif arrays[key].shape != shape:
            wrong.append(f"{key} is {arrays[key].shape}, needed {shape}")
        elif not np.isfinite(arrays[key]).all():
            wrong.append(f"{key} holds NaN or infinity")
    wrong += [f"{key} is left over" for key in arrays if key not in wanted and not key.endswith(NOT_WEIGHTS)]
    if wrong:
        more = f", and {len(wrong) - 12} more" if len(wrong) > 12 else ""
        raise UserError(f"{where} does not fit: {'; '.join(wrong[:12])}{more}")
    new: tuple[Tree, Tree] = ({}, {})
    for key, leaf in wanted.items():
        _put(new[leaf.collection], leaf.path, np.array(leaf.read(arrays[key]), leaf.value.dtype, order="C"))
    return new


def to_official(names: Names, params: Tree, vars: Tree) -> Arrays:
    """The state dict of a network, float32; norms that count their batches have counted 0."""
    leaves = dict(_leaves(names, params, vars))
    arrays = {key: np.array(leaf.write(np.asarray(leaf.value, np.float32)), order="C") for key, leaf in leaves.items()}
    counts = [
        key.removesuffix("running_mean") + "num_batches_tracked" for key in arrays if key.endswith("running_mean")
    ]
    return arrays | {key: np.zeros((), np.int64) for key in counts}


def _leaves(names: Names, params: Tree, vars: Tree) -> Iterator[tuple[str, Leaf]]:
    for path, said in names.items():
        prefix, kind = said if isinstance(said, tuple) else (said, path[-1].partition("_")[0])
        spectral, statistics = (_at(vars.get(name, {}), path, {}) for name in ("spectral", "batch_stats"))
        found = _at(params, path, {} if statistics else None)
        for own, value in found.items():
            if isinstance(value, dict):
                continue  # a layer inside, which has a path of its own
            orig = bool(own == "kernel" and "v" in spectral)
            name = OF_KIND.get(kind, THEIRS).get(own, own) + "_orig" * orig
            yield f"{prefix}.{name}", Leaf(0, (*path, own), value, *_changes(kind, own, value.shape))
        for own, value in statistics.items():
            name = (STORED if kind == "Stored" else STATISTICS)[own]
            yield f"{prefix}.{name}", Leaf(1, ("batch_stats", *path, own), value, _as_is, _as_is)
        for own, value in spectral.items():
            if not isinstance(value, dict):
                name = ITERATING[own] if "sigma" in spectral else f"weight_{own}"
                changes = _of_spectral(own, kind, value.shape, found, "sigma" in spectral)
                yield f"{prefix}.{name}", Leaf(1, ("spectral", *path, own), value, *changes)


def _changes(kind: str, own: str, shape: tuple[int, ...]) -> tuple[Change, Change]:
    """(from theirs, to theirs) of one array of a layer."""
    if kind == "LIN":  # [1, c, 1, 1]
        return np.ravel, lambda x: x[None, :, None, None]
    if kind == "PReLU":
        return np.squeeze, lambda x: x[None]
    if kind == "Maps":  # a dense layer that makes maps of 4 × 4: theirs (c, h, w), ours (h, w, c)
        inwards, outwards = _maps(shape[-1])
        return (lambda x: inwards(x.T), lambda x: outwards(x).T) if own == "kernel" else (inwards, outwards)
    if own != "kernel":
        return _as_is, _as_is
    if kind == "Pixel":  # a convolution of one pixel for a dense layer
        return lambda x: x[:, :, 0, 0].T, lambda x: x.T[:, :, None, None]
    if kind == "Flat":  # reads a square of maps as wide as what it makes: theirs (c, h, w), ours (h, w, c)
        side = round((shape[0] // shape[1]) ** 0.5)
        theirs, ours = (shape[1], side, side), (side, side, shape[1])
        return (
            lambda x: x.reshape(-1, *theirs).transpose(2, 3, 1, 0).reshape(shape),
            lambda x: x.reshape(*ours, -1).transpose(3, 2, 0, 1).reshape(shape[::-1]),
        )
    order = ORDER[kind]
    return lambda x: x.transpose(order), lambda x: x.transpose(np.argsort(order))


def _maps(width: int) -> tuple[Change, Change]:
    """(to ours, to theirs) of a last axis that counts 4 × 4 maps."""
    c = width // 16
    return (
        lambda x: x.reshape(*x.shape[:-1], c, 16).swapaxes(-1, -2).reshape(x.shape),
        lambda x: x.reshape(*x.shape[:-1], 16, c).swapaxes(-1, -2).reshape(x.shape),
    )


def _of_spectral(own: str, kind: str, shape: tuple[int, ...], found: Tree, iterating: bool) -> tuple[Change, Change]:
    """Of what spectral norm keeps: theirs have an axis more where evaluation iterates too."""
    if not iterating:
        return _of_v(found["kernel"].shape) if own == "v" else (_as_is, _as_is)
    inwards, outwards = _maps(shape[0]) if kind == "Maps" and own == "u" else (_as_is, _as_is)
    return lambda x: inwards(x.squeeze(0)), lambda x: outwards(x)[None]


def _of_v(kernel: tuple[int, ...]) -> tuple[Change, Change]:
    """Of the vector v of spectral norm: theirs counts (in, h, w), ours (h, w, in)."""
    if len(kernel) < 4:
        return _as_is, _as_is
    h, w, channels = kernel[:3]
    return (
        lambda x: x.reshape(channels, h, w).transpose(1, 2, 0).ravel(),
        lambda x: x.reshape(h, w, channels).transpose(2, 0, 1).ravel(),
    )


def _as_is(x: np.ndarray) -> np.ndarray:
    return x


def _at(tree: Tree, path: Path, otherwise: Tree | None = None) -> Tree:
    """Raises KeyError where there is nothing and nothing is to stand in its place."""
    for name in path:
        if name not in tree and otherwise is not None:
            return otherwise
        tree = tree[name]
    return tree


def _put(tree: Tree, path: Path, value: Any) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
    tree[path[-1]] = value
