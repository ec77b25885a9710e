"""``python -m experiments.benchmark.memory``: what the options that save memory save, and what they cost.

The CIFAR-10 WGAN-GP iteration at batch 64, two critic moves: what D's loss keeps from its forward passes, the compiled
program's temporaries, as the compiler allots them, and seconds. XLA's CPU compiler computes nothing twice that is written
twice, so there rematerialisation shows in the first number only.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import jax
import jax.numpy as jnp

from experiments.benchmark.cases import CASES
from experiments.benchmark.ganjax_side import Side, build
from ganjax.core import Batch, State

CASE = CASES["wgan_gp_resnet"]._replace(batch=64, n_critic=2)
OPTIONS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "remat=True, both networks": {"remat": True},
    "accumulate=4": {"accumulate": 4},
    "both": {"remat": True, "accumulate": 4},
    "dtype=bfloat16, penalty in float32": {"dtype": jnp.bfloat16},
}


def kept(side: Side) -> float:
    """MiB that D's loss keeps from its forward passes for its gradient, before any compiler sees it."""

    def pullback(state: State, batch: Batch) -> Any:
        def loss(disc: Any) -> jax.Array:
            return side.gan.disc_loss(state.params._replace(disc=disc), state.carry, batch, jax.random.key(0))[0]

        return jax.vjp(loss, state.params.disc)[1]

    one = jax.tree.map(lambda x: x[0], side.batch)
    leaves = jax.tree.leaves(jax.eval_shape(pullback, jax.eval_shape(side.init, jax.random.key(0)), one))
    return sum(leaf.size * leaf.dtype.itemsize for leaf in leaves) / 2**20


def measure(calls: int = 3, **options: Any) -> tuple[float, float, float]:
    """(MiB kept for a gradient, MiB of temporaries, median seconds)."""
    side, key = build(CASE, **options), jax.random.key(2)
    state = side.state()
    program = jax.jit(side.step, donate_argnums=0).lower(state, side.batch, key).compile()
    took = []
    for _ in range(calls + 1):
        began = time.perf_counter()
        state, metrics = program(state, side.batch, key)
        jax.block_until_ready(metrics)
        took.append(time.perf_counter() - began)
    return kept(side), program.memory_analysis().temp_size_in_bytes / 2**20, statistics.median(took[1:])


def main() -> None:
    """A line for each."""
    for name, options in OPTIONS.items():
        forward, mib, seconds = measure(**options)
        print(f"{name}: {forward:,.0f} MiB kept, {mib:,.0f} MiB compiled, {seconds:.2f} s", flush=True)


if __name__ == "__main__":
    main()
