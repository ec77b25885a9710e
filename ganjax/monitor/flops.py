"""Arithmetic of a function: multiplications and additions of its matmuls and convolutions, loops multiplied out.

The compiler's own count sees a loop's body once; this one reads the function before it is compiled.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import jax


class Operation(NamedTuple):
    """One that no compiler removes: its FLOPs and the elements it reads and writes, each as often as ``times`` says."""

    name: str
    times: float
    flops: float
    elements: float


def count(jaxpr: Any) -> float:
    """FLOPs of a (closed) jaxpr; of a branch the dearest counts."""
    return _total(operations(jaxpr))


def operations(jaxpr: Any, times: float = 1.0) -> Iterator[Operation]:
    """Matmuls, convolutions and reductions (without FLOPs: they are passes over memory) of a (closed) jaxpr."""
    for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns:
        flops = _flops(equation)
        name, params = equation.primitive.name, equation.params
        if flops or name.startswith("reduce_"):
            moved = sum(math.prod(v.aval.shape) for v in (*equation.invars, *equation.outvars))
            yield Operation(name, times, flops, moved)
        elif name == "cond":
            yield from max((list(operations(branch, times)) for branch in params["branches"]), key=_total)
        else:
            inner = [each for each in jax.tree.leaves(list(params.values()), is_leaf=_is_jaxpr) if _is_jaxpr(each)]
            for each in inner:
                yield from operations(each, times * params["length"] if name == "scan" else times)


def _flops(equation: Any) -> float:
    name, params = equation.primitive.name, equation.params
    own = getattr(equation.primitive, "multiplications", None)  # a map of ours (nets/conv.py) counts itself
    if own:
        return float(2 * own(*(v.aval.shape for v in (*equation.invars, *equation.outvars))))
    if name == "dot_general":
        (contracted, _), _ = params["dimension_numbers"]
        return float(2 * _size(equation.outvars[0]) * math.prod(equation.invars[0].aval.shape[i] for i in contracted))
    return _convolution(equation) if name == "conv_general_dilated" else 0.0


def _convolution(equation: Any) -> float:
    """The zeros that a dilated input holds are not counted: every output meets k² / stride² true ones."""
    params = equation.params
    numbers, kernel = params["dimension_numbers"], equation.invars[1].aval.shape
    taps = math.prod(kernel[i] for i in numbers.rhs_spec[2:]) * kernel[numbers.rhs_spec[1]]
    return float(2 * _size(equation.outvars[0]) * taps / math.prod(params["lhs_dilation"]))


def _size(variable: Any) -> int:
    return math.prod(variable.aval.shape)


def _total(found: Iterable[Operation]) -> float:
    return sum(each.times * each.flops for each in found)


def _is_jaxpr(value: Any) -> bool:
    return hasattr(value, "eqns") or hasattr(value, "jaxpr")
