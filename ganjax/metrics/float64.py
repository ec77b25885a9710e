"""Measures are sums of many terms or differences of near numbers: they are computed in float64, on the CPU."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Shaped

Features = Shaped[Array | np.ndarray, "_ d"]  # one row for each sample
BLOCK = 1024  # rows of a table of pairs that are in memory at a time


def in_float64(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` of its arrays as float64 on the CPU, where every platform has them; what it returns are NumPy's.

    It is compiled; what it takes by keyword alone is a constant to it.
    """
    taken = inspect.signature(function).parameters.values()
    constants = [parameter.name for parameter in taken if parameter.kind is parameter.KEYWORD_ONLY]
    compiled = jax.jit(function, static_argnames=constants)

    @functools.wraps(function)
    def call(*arrays: Any, **options: Any) -> Any:
        with jax.enable_x64(True), jax.default_device(jax.local_devices(backend="cpu")[0]):
            found = compiled(*(jnp.asarray(x, jnp.float64) for x in arrays), **options)
            return jax.tree.map(np.asarray, found)

    return call


def over_rows(function: Callable[[jax.Array], Any], x: jax.Array) -> Any:
    """``function`` of each row of ``x``, stacked; ``BLOCK`` rows at a time."""
    return jax.lax.map(function, x, batch_size=min(BLOCK, len(x)))
