"""What the machine's matmul reaches: the floor that arithmetic sets."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

SIZE = 2048


def start() -> tuple[Callable[[], object], Callable[[], float]]:
    """(a square float32 matmul, its FLOPs)."""
    x = jnp.ones((SIZE, SIZE))
    matmul = jax.jit(lambda x: x @ x)
    return lambda: jax.block_until_ready(matmul(x)), lambda: 2.0 * SIZE**3
