"""Penalties in closed form: a linear critic w·x has the gradient w everywhere."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax import penalties

W = jnp.asarray([[3.0, 0.0], [0.0, 4.0]])


def linear(x):
    return (x * W).sum(axis=(1, 2))


@pytest.fixture
def x(key):
    return jax.random.normal(key, (5, 2, 2))


def test_a_linear_critic(x):
    assert penalties.gradient_norm(linear, x) == pytest.approx(5.0)
    assert penalties.gradient_penalty(linear, x) == pytest.approx(16.0)
    assert penalties.one_sided_gradient_penalty(linear, x) == pytest.approx(16.0)
    assert penalties.r1(linear, x) == pytest.approx(25.0)
    assert penalties.r2(linear, x) == pytest.approx(25.0)


def test_a_flat_slope_is_free_on_one_side_only(x):
    assert penalties.gradient_penalty(lambda x: linear(x) / 10, x) == pytest.approx(0.25)
    assert penalties.one_sided_gradient_penalty(lambda x: linear(x) / 10, x) == pytest.approx(0.0)


def test_a_constant_critic_has_finite_derivatives(x):
    """The norm's own derivative at zero gradient is where users meet NaN."""

    def loss(scale):
        return penalties.gradient_penalty(lambda x: linear(scale * x), x).mean()

    assert float(loss(0.0)) == pytest.approx(1.0, abs=1e-5)
    assert np.isfinite(jax.grad(loss)(0.0))


def test_each_image_has_its_own_value(key):
    x = jnp.asarray([[1.0], [2.0], [3.0]])
    assert penalties.r1(lambda x: (x**2).sum(axis=1), x) == pytest.approx(np.array([4.0, 16.0, 36.0]))


def test_the_derivative_with_respect_to_the_critic_is_second_order(x):
    """d/ds (s·5 − 1)² = 10 (5s − 1)."""
    grad = jax.grad(lambda s: penalties.gradient_penalty(lambda x: linear(s * x), x).mean())(2.0)
    assert float(grad) == pytest.approx(10 * 9.0, rel=1e-5)


def test_low_precision_networks_have_float32_penalties(x):
    values = penalties.r1(lambda x: linear(x.astype(jnp.bfloat16).astype(jnp.float32)), x)
    assert values.dtype == jnp.float32


def test_interpolates_lie_on_the_line_one_epsilon_per_image(key):
    x, x_fake = jnp.zeros((1000, 3, 3, 1)), jnp.ones((1000, 3, 3, 1))
    points = penalties.interpolate(key, x, x_fake)
    eps = points.reshape(1000, -1)
    assert float(abs(eps - eps[:, :1]).max()) == 0
    assert 0 <= float(eps.min()) < 0.01 < 0.99 < float(eps.max()) <= 1
    assert float(eps[:, 0].mean()) == pytest.approx(0.5, abs=0.03)


def test_perturbed_points_stay_within_half_a_deviation(key):
    x = 7 * jax.random.normal(key, (64, 4, 4, 1))
    shift = penalties.perturb(key, x) - x
    assert 0 <= float(shift.min()) < float(shift.max()) <= 0.5 * float(x.std())
    assert float(shift.std()) > 0


def test_consistency_is_the_squared_distance_of_each_example():
    logits, other = jnp.asarray([1.0, -2.0, 0.5]), jnp.asarray([1.0, 1.0, -1.5])
    assert penalties.consistency(logits, other) == pytest.approx(np.array([0.0, 9.0, 4.0]))
    x = jnp.arange(8.0).reshape(2, 2, 2)
    assert penalties.consistency(x, x + jnp.asarray([1.0, 2.0])) == pytest.approx(np.array([10.0, 10.0]))
    assert jax.grad(lambda a: penalties.consistency(a, other).sum())(logits) == pytest.approx(
        np.array([0.0, -6.0, 4.0])
    )
    assert penalties.consistency(logits.astype(jnp.bfloat16), other.astype(jnp.bfloat16)).dtype == jnp.float32


def test_orthogonal_is_its_formula_and_zero_where_outputs_are_orthogonal(key):
    """Σ ‖WᵀW ∘ (1 − I)‖² in float64 over what has two axes; lengths of outputs are free, a table's outputs are its rows."""
    params = {
        "conv": {"kernel": jax.random.normal(key, (3, 3, 2, 4)), "bias": jnp.ones(4)},
        "gain": {"embedding": jax.random.normal(key, (3, 5))},
    }
    expected = 0.0
    for matrix in (np.asarray(params["conv"]["kernel"]).reshape(-1, 4), np.asarray(params["gain"]["embedding"]).T):
        gram = matrix.astype(np.float64).T @ matrix
        expected += ((gram - np.diag(np.diag(gram))) ** 2).sum()
    np.testing.assert_allclose(penalties.orthogonal(params), expected, rtol=1e-5)
    columns = jax.nn.initializers.orthogonal()(key, (2, 2, 3, 5)) * jnp.arange(1.0, 6.0)
    np.testing.assert_allclose(penalties.orthogonal({"kernel": columns}), 0, atol=1e-8)
