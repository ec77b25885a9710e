"""Signs of collapse, cheap enough to be looked at with every sheet of samples."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jaxtyping import Shaped

FEW_APART = 0.25  # of the data's distance
REMEMBERS = 0.2  # of accuracy more on what was trained on
STILL, WILD = 1e-7, 1e4  # norms of a gradient
WERE_APART, YOUNG = 0.5, 0.25  # samples of a run that has just begun are alike: below these shares that is no collapse


def apart(images: Shaped[Any, "n ..."]) -> float:
    """The root mean squared difference per value between two of the samples, over all pairs.

    √(2 mean variance · n / (n − 1)): all pairs at the cost of one pass.
    """
    rows = np.asarray(images, np.float64).reshape(len(images), -1)
    return float(np.sqrt(2 * rows.var(axis=0, ddof=1).mean()))


def singular_values(params: Any, pattern: str, top: int = 3) -> dict[str, float]:
    """{layer/sigma0: …} of the ``top`` singular values of kernels and tables of classes whose path has ``pattern`` in it.

    Each is the matrix [everything else, outputs], as spectral normalisation sees it.
    """
    found: dict[str, float] = {}
    for path, kernel in _kernels(params):
        if re.search(pattern, path):
            matrix = np.asarray(kernel, np.float64).reshape(-1, kernel.shape[-1])
            small = matrix.T @ matrix if matrix.shape[0] > matrix.shape[1] else matrix @ matrix.T
            values = np.sqrt(np.clip(np.linalg.eigvalsh(small)[::-1][:top], 0, None))
            found |= {f"{path}/sigma{i}": float(value) for i, value in enumerate(values)}
    return found


def signs(values: dict[str, float]) -> dict[str, str]:
    """{what was looked at: what there is to worry about, a readable line, or nothing}, of the numbers that are there."""
    values = {name: value for name, value in values.items() if not math.isnan(value)}  # a move that was skipped
    found = {}
    if (apart := values.get("watch/apart")) is not None:
        alike = f"samples differ from each other {apart:.2f} times as much as the data: collapse?"
        found["apart"] = alike if apart < FEW_APART else ""
    if "watch/accuracy_held_out" in values:
        seen, held = values["watch/accuracy_train"], values["watch/accuracy_held_out"]
        remembers = (
            f"D is right on {seen:.0%} of what it was trained on and {held:.0%} of what it was not: it remembers"
        )
        found["accuracy"] = remembers if seen - held > REMEMBERS else ""
    for who in ("disc", "gen"):
        if (norm := values.get(f"{who}/gradient_norm")) is not None:
            reason = "it has nothing to go by" if norm <= STILL else "it explodes" if norm >= WILD else ""
            found[who] = reason and f"{who}/gradient_norm is {norm:.1e}: {reason}"
    return found


class Alarm:
    """What is new among the signs of a run of so many ``steps``: each is said once, until it has gone."""

    def __init__(self, steps: int) -> None:
        self.steps, self.said, self.were_apart = steps, set[str](), False

    def new(self, step: int, values: dict[str, float]) -> dict[str, str]:
        """{what was looked at: a readable line} of a log line."""
        self.were_apart |= values.get("watch/apart", 0) > WERE_APART
        early = step < YOUNG * self.steps and not self.were_apart
        found = {}
        for sign, line in signs(values).items():
            if line and sign not in self.said and not (early and sign == "apart"):
                found[sign] = line
                self.said.add(sign)
            elif not line:
                self.said.discard(sign)
        return found


def layers(params: Any, pattern: str = "") -> list[str]:
    """The paths of kernels and tables that have ``pattern`` in them."""
    return [path for path, _ in _kernels(params) if re.search(pattern, path)]


def _kernels(params: Any) -> Iterator[tuple[str, Any]]:
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        names = [str(getattr(key, "key", getattr(key, "name", key))) for key in path]
        if names[-1] in ("kernel", "embedding") and leaf.ndim >= 2:
            yield "/".join(names[:-1]), leaf
