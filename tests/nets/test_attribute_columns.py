"""Attributes as columns, and what logits pay for them, against NumPy in float64."""

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.losses import attribute_cross_entropy, least_squares_gen, over_maps
from ganjax.nets import attributes

VALUES = (3, 2)
KNOWN = jnp.array([[0, 1], [2, 0], [1, 1]])


def test_columns():
    np.testing.assert_array_equal(attributes.planes(KNOWN, VALUES), [[1, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 1]])
    np.testing.assert_array_equal(attributes.one_hot(KNOWN, VALUES)[0], [1, 0, 0, 0, 1])
    assert attributes.width(VALUES) == 4


def test_what_is_unknown_is_nothing():
    unknown = jnp.array([[-1, -1]])
    assert not attributes.planes(unknown, VALUES).any()
    assert not attributes.one_hot(unknown, VALUES).any()


def test_likeliest_undoes_planes():
    logits = 2 * attributes.planes(KNOWN, VALUES) - 1
    np.testing.assert_array_equal(attributes.likeliest(logits, VALUES), KNOWN)


def test_the_cost_is_a_softmaxs_and_a_sigmoids(key):
    logits = np.asarray(3 * jax.random.normal(key, (3, 4)), np.float64)
    three = -np.log(np.exp(logits[:, :3]) / np.exp(logits[:, :3]).sum(axis=1, keepdims=True))[range(3), KNOWN[:, 0]]
    t = np.asarray(KNOWN[:, 1], np.float64)
    two = np.log1p(np.exp(-logits[:, 3])) * t + np.log1p(np.exp(logits[:, 3])) * (1 - t)
    found = attribute_cross_entropy(jnp.asarray(logits, jnp.float32), KNOWN, VALUES)
    np.testing.assert_allclose(found, three.mean() + two.mean(), rtol=1e-5)


def test_an_unknown_attribute_costs_nothing_and_has_no_gradient(key):
    logits = jax.random.normal(key, (2, 4))
    attribute = jnp.array([[-1, 1], [0, -1]])
    gradient = jax.grad(lambda x: attribute_cross_entropy(x, attribute, VALUES))(logits)
    assert not gradient[0, :3].any()
    assert not gradient[1, 3]
    assert gradient[0, 3] != 0


def test_over_maps_is_a_sum():
    maps = [jnp.zeros((2, 4, 4)), jnp.full((2, 2, 2), 3.0)]
    assert over_maps(least_squares_gen, maps) == 1 + 4
    assert over_maps(least_squares_gen, maps[1]) == 4
