"""Arithmetic of a function: multiplications and additions of its matmuls and convolutions, loops multiplied out.

The compiler's own count sees a loop's body once; this one reads the function before it is compiled.
"""

from __future__ import annotations

import math
from typing import Any

import jax


def count(jaxpr: Any) -> float:
    """FLOPs of a (closed) jaxpr; of a branch the dearest counts."""
    total = 0.0
    for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns:
        name, params = equation.primitive.name, equation.params
        own = getattr(equation.primitive, "multiplications", None)  # a map of ours (nets/conv.py) counts itself
        if own:
            total += 2 * own(*(v.aval.shape for v in (*equation.invars, *equation.outvars)))
        elif name == "dot_general":
            (contracted, _), _ = params["dimension_numbers"]
            total += 2 * _size(equation.outvars[0]) * math.prod(equation.invars[0].aval.shape[i] for i in contracted)
        elif name == "conv_general_dilated":
            total += _convolution(equation)
        elif name == "cond":
            total += max(count(branch) for branch in params["branches"])
        else:
            inner = sum(
                count(each) for each in jax.tree.leaves(list(params.values()), is_leaf=_is_jaxpr) if _is_jaxpr(each)
            )
            total += params.get("length", 1) * inner if name == "scan" else inner
    return total


def _convolution(equation: Any) -> float:
    """The zeros that a dilated input holds are not counted: every output meets k² / stride² true ones."""
    params = equation.params
    numbers, kernel = params["dimension_numbers"], equation.invars[1].aval.shape
    taps = math.prod(kernel[i] for i in numbers.rhs_spec[2:]) * kernel[numbers.rhs_spec[1]]
    return float(2 * _size(equation.outvars[0]) * taps / math.prod(params["lhs_dilation"]))


def _size(variable: Any) -> int:
    return math.prod(variable.aval.shape)


def _is_jaxpr(value: Any) -> bool:
    return hasattr(value, "eqns") or hasattr(value, "jaxpr")
