"""The names that the official PyTorch code gives to the layers of our networks, and arrays both ways between the two.

A ``Names`` goes from a layer of ours, its path in the parameters, to the prefix of its arrays in their state dict: {("Conv_0",):
"model.1"}. PyTorch counts layers without parameters too, which is where the numbers come from. Kernels of theirs are
[out, in, h, w], of transposed convolutions [in, out, h, w]; ours [h, w, in, out] (``nets.conv``: not flipped).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ganjax.errors import UserError

Tree = Any
Path = tuple[str, ...]
Names = dict[Path, str]
Arrays = dict[str, np.ndarray]
STATISTICS = {"mean": "running_mean", "var": "running_var"}
NOT_WEIGHTS = (
    ".num_batches_tracked",
    ".running_mean",
    ".running_var",
)  # old files have them of norms without parameters


# ---------------------------------------------------------------------------------------------------- names of networks


def residual_generator(blocks: int, root: str = "model", block: str = "conv_block", second: int = 5) -> Names:
    """CycleGAN's: pytorch-CycleGAN-and-pix2pix; the decks' notebook has root ``main`` and block ``res``. ``second`` is the
    place of a block's second convolution, one later where dropout is between."""
    names: Names = {("Conv_0",): f"{root}.1", ("Conv_1",): f"{root}.4", ("Conv_2",): f"{root}.7"}
    for i in range(blocks):
        for own, place in (("Conv_0", 1), ("Conv_1", second)):
            names[f"Block_{i}", own] = f"{root}.{10 + i}.{block}.{place}"
    ends = {("ConvTranspose_0",): 10, ("ConvTranspose_1",): 13, ("Conv_3",): 17}
    return names | {path: f"{root}.{place + blocks}" for path, place in ends.items()}


def unet(depth: int, batch_norm: bool) -> Names:
    """pix2pix's, nested once for each halving: pytorch-CycleGAN-and-pix2pix."""
    names: Names = {}
    inside = ["model.model" + ".1.model" * bool(i) + ".3.model" * (i - 1) for i in range(depth)]
    for i, prefix in enumerate(inside):
        innermost, place = i == depth - 1, depth - 1 - i
        names[(f"Conv_{i}",)] = f"{prefix}.{1 if i else 0}"
        names[(f"ConvTranspose_{place}",)] = f"{prefix}.{3 if innermost or not i else 5}"
        if batch_norm and i:
            names[(f"BatchNorm_{depth - 2 + place}",)] = f"{prefix}.{4 if innermost else 6}"
        if batch_norm and i and not innermost:
            names[(f"BatchNorm_{i - 1}",)] = f"{prefix}.2"
    return names


def patch_critic(layers: int, batch_norm: bool, root: str = "model") -> Names:
    """PatchGAN: pytorch-CycleGAN-and-pix2pix, whose critic of pixels (no layers) has another root, ``net``."""
    if not layers:
        pixels: Names = {("Conv_0",): "net.0", ("Conv_1",): "net.2", ("Conv_2",): "net.5"}
        return pixels | ({("BatchNorm_0",): "net.3"} if batch_norm else {})
    names: Names = {(f"Conv_{i}",): f"{root}.{max(3 * i - 1, 0)}" for i in range(layers + 2)}
    return names | {(f"BatchNorm_{i}",): f"{root}.{3 * i + 3}" for i in range(layers * batch_norm)}


def dcgan_generator(doublings: int) -> Names:
    """The DCGAN of PyTorch's examples, and of its tutorial."""
    names: Names = {(f"ConvTranspose_{i}",): f"main.{3 * i}" for i in range(doublings + 1)}
    return names | {(f"BatchNorm_{i}",): f"main.{3 * i + 1}" for i in range(doublings)}


def dcgan_critic(halvings: int) -> Names:
    """The DCGAN of PyTorch's examples, and of its tutorial."""
    names: Names = {(f"Conv_{i}",): f"main.{max(3 * i - 1, 0)}" for i in range(halvings + 1)}
    return names | {(f"BatchNorm_{i}",): f"main.{3 * i + 3}" for i in range(halvings - 1)}


# ---------------------------------------------------------------------------------------------------------- there and back


def from_official(arrays: Arrays, names: Names, params: Tree, vars: Tree, where: str) -> tuple[Tree, Tree]:
    """(params, vars) of a network, shaped as the given ones, out of a state dict.

    Raises:
        UserError: arrays are missing, left over or of another shape, each named.
    """
    wanted, wrong = dict(_leaves(names, params, vars)), []
    for key, (_, _, leaf, layout) in wanted.items():
        if key not in arrays:
            wrong.append(f"{key} is missing")
        elif arrays[key].transpose(layout).shape != leaf.shape:
            own = tuple(leaf.shape[i] for i in np.argsort(layout))
            wrong.append(f"{key} is {arrays[key].shape}, needed {own}")
        elif not np.isfinite(arrays[key]).all():
            wrong.append(f"{key} holds NaN or infinity")
    wrong += [f"{key} is left over" for key in arrays if key not in wanted and not key.endswith(NOT_WEIGHTS)]
    if wrong:
        more = f", and {len(wrong) - 12} more" if len(wrong) > 12 else ""
        raise UserError(f"{where} does not fit: {'; '.join(wrong[:12])}{more}")
    new: tuple[Tree, Tree] = ({}, {})
    for key, (collection, path, leaf, layout) in wanted.items():
        _put(new[collection], path, np.ascontiguousarray(arrays[key].transpose(layout)).astype(leaf.dtype))
    return new


def to_official(names: Names, params: Tree, vars: Tree) -> Arrays:
    """The state dict of a network, float32; BatchNorm counts its batches as 0."""
    leaves = dict(_leaves(names, params, vars))
    arrays = {
        key: np.ascontiguousarray(np.asarray(leaf, np.float32).transpose(np.argsort(layout)))
        for key, (_, _, leaf, layout) in leaves.items()
    }
    counts = [
        key.removesuffix("running_mean") + "num_batches_tracked" for key in arrays if key.endswith("running_mean")
    ]
    return arrays | {key: np.zeros((), np.int64) for key in counts}


def _leaves(names: Names, params: Tree, vars: Tree) -> Iterator[tuple[str, tuple[int, Path, Any, tuple[int, ...]]]]:
    """(their key, (0 of params or 1 of vars, our path, our array, the order of their axes that is ours))."""
    for path, prefix in names.items():
        kind = path[-1].partition("_")[0]
        for own, leaf in _at(params, path).items():
            layout = {"ConvTranspose": (2, 3, 0, 1), "Conv": (2, 3, 1, 0)}.get(kind) if own == "kernel" else (0,)
            assert layout is not None
            yield f"{prefix}.{'bias' if own == 'bias' else 'weight'}", (0, (*path, own), leaf, layout)
        for own, leaf in _at(vars.get("batch_stats", {}), path).items() if kind == "BatchNorm" else ():
            yield f"{prefix}.{STATISTICS[own]}", (1, ("batch_stats", *path, own), leaf, (0,))


def _at(tree: Tree, path: Path) -> Tree:
    for name in path:
        tree = tree[name]
    return tree


def _put(tree: Tree, path: Path, value: Any) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
    tree[path[-1]] = value
