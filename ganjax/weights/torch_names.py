"""From the names and layouts of a PyTorch state dict to Flax's."""

from __future__ import annotations

import re
from typing import Any

import jax
import numpy as np

from ganjax.errors import UserError

Tree = Any
LEAVES = {"running_mean": ("batch_stats", "mean"), "running_var": ("batch_stats", "var"), "bias": ("params", "bias")}


def from_state_dict(arrays: dict[str, np.ndarray], like: Tree, where: str) -> Tree:
    """Variables for a module whose sub-modules bear the state dict's names; ``blocks.3.conv`` is blocks_3 / conv.

    Kernels of convolutions and linear layers are turned to Flax's order, normalisation's ``weight`` is ``scale``;
    ``like`` gives the shapes, and ``num_batches_tracked`` is left out.

    Raises:
        UserError: an array is missing or has another shape.
    """
    found = dict(_turned(name, x) for name, x in arrays.items() if not name.endswith("num_batches_tracked"))

    def put(path: Any, leaf: Any) -> np.ndarray:
        name = tuple(entry.key for entry in path)
        if name not in found:
            raise UserError(f"{where} has no {'.'.join(name[1:])}: it is not of this network")
        if found[name].shape != leaf.shape:
            raise UserError(
                f"{where}: {'.'.join(name[1:])} has shape {found[name].shape}, this network needs {leaf.shape}"
            )
        return found[name].astype(leaf.dtype)

    return jax.tree_util.tree_map_with_path(put, like)


def _turned(name: str, x: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    *path, leaf = re.sub(r"\.(\d+)(?=\.)", r"_\1", name).split(".")
    if leaf == "weight" and x.ndim == 4:
        return ("params", *path, "kernel"), x.transpose(2, 3, 1, 0)
    if leaf == "weight" and x.ndim == 2:
        return ("params", *path, "kernel"), x.T
    collection, own = LEAVES.get(leaf, ("params", "scale"))
    return (collection, *path, own), x
