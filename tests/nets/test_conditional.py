"""Projection and conditional BatchNorm against their formulas in float64."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.nets.conditional import ConditionalBatchNorm, Lookup, Projection
from ganjax.nets.layers import batch_norm

X = jax.random.normal(jax.random.key(0), (12, 4, 4, 5)) * 3 + 1
LABEL = jnp.arange(12) % 3


def told(kind):
    return LABEL if kind == "labels" else jax.nn.one_hot(LABEL, 3)


def table(tree):
    """A lookup's rows, by whichever way it was told."""
    return np.asarray(jax.tree.leaves(tree)[0], np.float64)


@pytest.mark.parametrize("kind", ["labels", "vectors"])
def test_conditional_batch_norm_is_its_formula(kind):
    layer = ConditionalBatchNorm(3 if kind == "labels" else None, kernel_init=nn.initializers.normal(0.5))
    variables = layer.init(jax.random.key(1), X, told(kind))
    out, updated = layer.apply(variables, X, told(kind), mutable=["batch_stats"])
    x = np.asarray(X, np.float64)
    mean, var = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    gain, shift = (table(variables["params"][name])[LABEL][:, None, None] for name in ("gain", "shift"))
    np.testing.assert_allclose(out, (1 + gain) * (x - mean) / np.sqrt(var + 1e-5) + shift, rtol=2e-5, atol=2e-5)
    (running,) = jax.tree.leaves(updated["batch_stats"], is_leaf=lambda t: "mean" in t)
    np.testing.assert_allclose(running["mean"], 0.1 * mean, rtol=1e-5)


def test_conditional_batch_norm_starts_as_batch_norm_and_knows_its_running_means():
    layer = ConditionalBatchNorm(3, kernel_init=nn.initializers.zeros)
    variables = layer.init(jax.random.key(1), X, LABEL)
    out, _ = layer.apply(variables, X, LABEL, mutable=["batch_stats"])
    np.testing.assert_allclose(out.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(out.std(axis=(0, 1, 2)), 1, atol=1e-4)
    at_rest = layer.copy(train=False).apply(variables, X, LABEL)  # mean 0 and variance 1 until it has seen something
    np.testing.assert_allclose(at_rest, X / np.sqrt(1 + 1e-5), rtol=1e-5)


@pytest.mark.parametrize("kind", ["labels", "vectors"])
def test_projection_is_its_formula(kind):
    features = X.reshape(12, -1)
    layer = Projection(3 if kind == "labels" else None)
    variables = layer.init(jax.random.key(1), features, told(kind))
    out = layer.apply(variables, features, told(kind))
    params, phi = variables["params"], np.asarray(features, np.float64)
    psi = phi @ np.asarray(params["Dense_0"]["kernel"], np.float64)[:, 0] + np.asarray(params["Dense_0"]["bias"])[0]
    np.testing.assert_allclose(out, psi + (table(params["told"])[LABEL] * phi).sum(axis=1), rtol=1e-4, atol=1e-4)


def test_projection_sees_the_class_where_the_image_is_one():
    features = jnp.ones((3, 7))
    layer = Projection(3)
    out = layer.apply(layer.init(jax.random.key(1), features, jnp.arange(3)), features, jnp.arange(3))
    assert len(np.unique(np.round(out, 6))) == 3


def test_labels_without_their_number():
    with pytest.raises(ValueError, match="classes=…"):
        Projection().init(jax.random.key(0), jnp.ones((3, 2)), jnp.arange(3))


def test_weights_of_classes_mix_their_rows_and_one_of_them_is_its_label():
    layer = Lookup(4, 3)
    variables = layer.init(jax.random.key(1), LABEL)
    rows = layer.apply(variables, LABEL)
    np.testing.assert_allclose(layer.apply(variables, jax.nn.one_hot(LABEL, 3)), rows, rtol=1e-6)
    half = layer.apply(variables, (jax.nn.one_hot(LABEL, 3) + jax.nn.one_hot((LABEL + 1) % 3, 3)) / 2)
    np.testing.assert_allclose(half, (rows + layer.apply(variables, (LABEL + 1) % 3)) / 2, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="2 weights were told, there are 3 classes"):
        layer.apply(variables, jnp.ones((1, 2)))


def test_groups_are_normalised_by_themselves_and_averaged_in_the_running_statistics():
    """Against NumPy, group by group; a group of the whole batch is BatchNorm."""
    grouped = batch_norm(True, group=4)
    variables = grouped.init(jax.random.key(0), X)
    out, new = grouped.apply(variables, X, mutable=["batch_stats"])
    x = np.asarray(X, np.float64).reshape(3, 4, 4, 4, 5)
    mean, var = x.mean(axis=(1, 2, 3), keepdims=True), x.var(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(out.reshape(x.shape), (x - mean) / np.sqrt(var + 1e-5), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(new["batch_stats"]["mean"], 0.1 * mean.reshape(3, 5).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(new["batch_stats"]["var"], 0.9 + 0.1 * var.reshape(3, 5).mean(axis=0), rtol=1e-5)
    whole, plain = batch_norm(True, group=12), batch_norm(True)
    one, kept = whole.apply(variables, X, mutable=["batch_stats"])
    two, known = plain.apply(variables, X, mutable=["batch_stats"])
    np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(kept["batch_stats"]["var"], known["batch_stats"]["var"], rtol=1e-5)
    at_rest = batch_norm(False, group=4).apply(variables, X)
    np.testing.assert_allclose(at_rest, X / np.sqrt(1 + 1e-5), rtol=1e-5)
