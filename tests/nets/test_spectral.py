"""Spectral normalisation against NumPy's singular values, and its statistics as the binder keeps them."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.nets import bind, spectral
from ganjax.nets.conv import library
from ganjax.nets.layers import Conv


class One(nn.Module):
    @nn.compact
    def __call__(self, x, train=True):
        return Conv(5, 3, weight=spectral.norm(train))(x)


@pytest.fixture
def layer(key):
    params, vars = bind.initialise(One(), key, jnp.zeros((1, 6, 6, 4)))
    return bind.Bound(One(), params, vars, key)


def kernel_of(bound):
    return np.asarray(bound.params["Conv_0"]["kernel"], np.float64).reshape(-1, 5)


def state_of(bound):
    return {name: np.asarray(x, np.float64) for name, x in bound.vars["spectral"]["Conv_0"].items()}


def test_the_power_iteration_ends_at_the_largest_singular_value(layer):
    x = jnp.ones((1, 6, 6, 4))
    with library():
        for _ in range(60):
            layer(x)
    u, v = state_of(layer).values()
    largest = np.linalg.svd(kernel_of(layer), compute_uv=False)[0]
    np.testing.assert_allclose(v @ kernel_of(layer) @ u, largest, rtol=1e-5)


def test_each_training_pass_is_one_step_and_its_output_is_of_the_new_vectors(layer, key):
    """v ← Wᵀu / ‖·‖, u ← W v / ‖·‖, then W / uᵀWv: three passes in float64."""
    x = jax.random.normal(key, (1, 6, 6, 4))
    w, u = kernel_of(layer), state_of(layer)["u"]
    with library():
        plain = np.asarray(Conv(5, 3).apply({"params": layer.params["Conv_0"]}, x), np.float64)
        for _ in range(3):
            v = w @ u / np.linalg.norm(w @ u)
            u = w.T @ v / np.linalg.norm(w.T @ v)
            np.testing.assert_allclose(layer(x), plain / (v @ w @ u), rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(state_of(layer)["u"], u, atol=1e-6)
            np.testing.assert_allclose(state_of(layer)["v"], v, atol=1e-6)


def test_evaluation_and_penalties_read_the_vectors_and_leave_them(layer, key):
    x = jax.random.normal(key, (1, 6, 6, 4))
    before = state_of(layer)
    with library():
        layer.frozen(x)
        still = bind.Bound(One(), layer.params, layer.vars, key, train=False)
        one, two = still(x), still(x)
    np.testing.assert_array_equal(one, two)
    for bound in (layer, still):
        for name, value in state_of(bound).items():
            np.testing.assert_array_equal(value, before[name])


def test_the_gradient_takes_the_vectors_for_constants(layer, key):
    """d/dW of c · W / (uᵀWv), u and v fixed: c/σ − (c · W) u vᵀ/σ²."""
    w, c = kernel_of(layer), np.random.default_rng(0).normal(size=(36, 5))
    u, v = (jnp.asarray(x, jnp.float32) for x in state_of(layer).values())

    def f(matrix):
        u_new, v_new = spectral.iterated(matrix, u)
        return (jnp.asarray(c) * matrix / spectral.sigma(matrix, u_new, v_new)).sum()

    u, v = (np.asarray(x, np.float64) for x in spectral.iterated(jnp.asarray(w, jnp.float32), u))
    sigma = v @ w @ u
    expected = c / sigma - (c * w).sum() * np.outer(v, u) / sigma**2
    u = jnp.asarray(state_of(layer)["u"], jnp.float32)
    np.testing.assert_allclose(jax.grad(f)(jnp.asarray(w, jnp.float32)), expected, rtol=1e-3, atol=1e-4)
