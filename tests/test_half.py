"""Half precision: what is computed in bfloat16, and what lasts in float32. Nothing is allocated."""

import jax
import jax.numpy as jnp
import pytest
from jax.extend.core import jaxprs_in_params

from ganjax import config as configs
from ganjax.run import initial_shapes, prepare, whole_step


def operands(jaxpr):
    """The dtypes of what convolutions and matmuls read, inner programs included."""
    for each in jaxpr.eqns:
        if each.primitive.name in ("conv", "conv_adjoint", "conv_kernel", "dot_general"):
            yield from ((each.primitive.name, x.aval.dtype) for x in each.invars)
        for inner in jaxprs_in_params(each.params):
            yield from operands(inner)


@pytest.mark.parametrize("spec", ["configs/biggan.py:half"])
def test_what_lasts_stays_float32_and_convolutions_are_bfloat16(spec):
    """Parameters, optimisers, u and σ, BatchNorm's statistics, the average, metrics: before a step and after it."""
    run = prepare(configs.load(spec))
    before = initial_shapes(run)
    program, (after, metrics) = jax.make_jaxpr(whole_step(run), return_shape=True)(before, run.batch, run.step_key)
    assert {"spectral", "batch_stats"} <= set(before.carry.vars.gen)
    for tree in (before, after, metrics):
        halves = [x for x in jax.tree.leaves(tree) if jnp.issubdtype(x.dtype, jnp.floating) and x.dtype != jnp.float32]
        assert not halves
    read = list(operands(program.jaxpr))
    assert {dtype for name, dtype in read if name.startswith("conv")} == {jnp.dtype(jnp.bfloat16)}
    assert jnp.dtype(jnp.float32) in {dtype for name, dtype in read if name == "dot_general"}  # power iterations
