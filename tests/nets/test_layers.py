"""Layers that fold two maps into one kernel: the same numbers, fewer multiplications."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.monitor.flops import count
from ganjax.nets.layers import Conv, Doubling, Halving, pool, upsample

X = jax.random.normal(jax.random.key(0), (3, 6, 10, 5))


@pytest.mark.parametrize(
    ("kind", "before", "after"), [(Doubling, upsample, jnp.asarray), (Halving, jnp.asarray, pool)], ids=["up", "down"]
)
def test_a_folded_convolution_is_the_two_maps(kind, before, after):
    """Values, gradients in x and in the 3 × 3 kernel, second derivatives."""
    params = Conv(7, kernel_init=jax.nn.initializers.normal(0.3)).init(jax.random.key(1), X)

    def folded(params, x):
        return kind(7).apply(params, x)

    def apart(params, x):
        return after(Conv(7).apply(params, before(x)))

    def slope(f):
        gradient = jax.grad(lambda params, x: jnp.sum(jnp.sin(f(params, x))), argnums=1)
        return lambda params, x: jnp.sum(gradient(params, x) ** 2)

    np.testing.assert_allclose(folded(params, X), apart(params, X), atol=1e-5)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * float(jnp.abs(b).max())),
        jax.grad(slope(folded))(params, X),
        jax.grad(slope(apart))(params, X),
    )


@pytest.mark.parametrize(("kind", "before"), [(Doubling, upsample), (Halving, jnp.asarray)])
def test_it_takes_4_ninths_of_the_multiplications(kind, before):
    x = jnp.zeros((1, 32, 32, 16))
    params = Conv(16).init(jax.random.key(0), x)
    folded = count(jax.make_jaxpr(kind(16).apply)(params, x).jaxpr)
    apart = count(jax.make_jaxpr(lambda params, x: Conv(16).apply(params, before(x)))(params, x).jaxpr)
    assert folded / apart == pytest.approx(4 / 9, rel=0.02)
