"""Which leaves of a state are cut over the devices, and along which axis: rules as data, outside the systems.

A rule is a function (shape, devices) -> axis, or None where every device keeps the whole leaf. ``config.train.sharding``
is a rule, of all that is learnt, or a tuple of (pattern, rule): the first pattern that is found in a leaf's path, such as
``opt/gen/0/mu/ConvTranspose_0/kernel``, decides. An optimiser's moments and the average have the names of their parameter in
their paths and its shape, so what cuts the one cuts the others.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import jax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

Tree = Any
Rule = Callable[[tuple[int, ...], int], int | None]
Rules = tuple[tuple[str, Rule], ...]
LEARNT = "^(params|opt|ema)/"  # what losses carry (statistics, memories) stays whole


def replicate() -> Rule:
    """Every device keeps all of a leaf."""
    return _whole


def fsdp(at_least: int | None = None) -> Rule:
    """Leaves of ``at_least`` numbers are cut along the longer of their last two axes, if the devices divide it; the others, and
    without ``at_least`` all, stay whole.

    A kernel is [h, w, in, out]: height and width are never cut.  Zhao et al. 2023, PyTorch FSDP; Rajbhandari et al. 2020, ZeRO
    stage 3.
    """
    if at_least is None:
        return _whole

    def rule(shape: tuple[int, ...], devices: int) -> int | None:
        if math.prod(shape) < at_least:
            return None
        channels = range(max(0, len(shape) - 2), len(shape))
        return max((n for n in channels if shape[n] % devices == 0), key=lambda n: (shape[n], n), default=None)

    return rule


def rules(value: Any) -> Rules:
    """A resolved ``config.train.sharding`` as pairs of (pattern, rule); none where everything stays whole.

    Raises:
        ValueError: it is neither a rule nor pairs of a regular expression and a rule.
    """
    if callable(value):
        return () if value is _whole else ((LEARNT, value),)
    try:
        return tuple((re.compile(pattern).pattern, _rule(rule)) for pattern, rule in value)
    except (TypeError, ValueError, re.error) as error:
        raise ValueError(f"a rule is needed, or pairs of (regular expression, rule): {error}") from error


def layout(state: Tree, rules: Rules, mesh: Mesh, lead: int = 0) -> Tree:
    """The sharding of each leaf; ``lead`` axes, those of several seeds, come before a leaf's own."""

    def of(path: Any, leaf: Any) -> NamedSharding:
        name = jax.tree_util.keystr(path, simple=True, separator="/")
        rule = next((rule for pattern, rule in rules if re.search(pattern, name)), _whole)
        axis = rule(leaf.shape[lead:], mesh.size)
        return NamedSharding(mesh, PartitionSpec(*() if axis is None else (*[None] * (lead + axis), *mesh.axis_names)))

    return jax.tree_util.tree_map_with_path(of, state)


def _whole(shape: tuple[int, ...], devices: int) -> None:
    del shape, devices


def _rule(value: Any) -> Rule:
    if not callable(value):
        raise TypeError(f"{value!r} is no rule")
    return value  # type: ignore[no-any-return]
