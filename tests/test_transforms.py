"""Transforms: what they promise of every entry."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax import transforms


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("c", [0.01, 0.1, 1.0])
def test_after_an_update_no_parameter_lies_outside(key, dtype, c):
    """2 million entries each of small, large and BatchNorm-like size, with updates of every scale."""
    keys = jax.random.split(key, 6)
    sizes = {"small": 0.02, "unit": 1.0, "large": 30.0}
    params = {
        n: (s * jax.random.normal(k, (2_000_000,))).astype(dtype)
        for (n, s), k in zip(sizes.items(), keys, strict=False)
    }
    scale = jax.random.choice(keys[4], jnp.asarray([1e-6, 1e-3, 1.0]), (2_000_000,))
    updates = jax.tree.map(lambda p: (scale * jax.random.normal(keys[5], p.shape)).astype(dtype), params)
    tx = transforms.clip_weights(c)
    clipped, _ = tx.update(updates, tx.init(params), params)
    for p in jax.tree.leaves(optax.apply_updates(params, clipped)):
        assert p.dtype == dtype
        assert float(jnp.abs(p.astype(jnp.float32)).max()) <= c


def test_inside_the_box_an_update_is_left_alone():
    params, updates = jnp.asarray([0.001, -0.004]), jnp.asarray([0.002, 0.001])
    tx = transforms.clip_weights(0.01)
    assert tx.update(updates, tx.init(params), params)[0] == pytest.approx(np.asarray(updates), rel=1e-4)


def test_clipping_ends_an_optimiser():
    tx = optax.chain(optax.sgd(1.0), transforms.clip_weights(0.01))
    params = jnp.asarray([0.0, 0.005])
    updates, _ = tx.update(jnp.asarray([-1.0, 1.0]), tx.init(params), params)
    assert optax.apply_updates(params, updates) == pytest.approx(np.array([0.01, -0.01]), rel=1e-6)


def test_clipping_without_parameters_says_so():
    tx = transforms.clip_weights(0.01)
    with pytest.raises(ValueError, match="needs the parameters"):
        tx.update(jnp.zeros(3), tx.init(jnp.zeros(3)))


def test_clip_projects():
    assert transforms.clip({"a": jnp.asarray([-5.0, 0.001, 5.0])}, 0.01)["a"] == pytest.approx(
        np.array([-0.01, 0.001, 0.01])
    )


def test_the_learning_rate_follows_the_step_not_the_updates():
    tx = transforms.scheduled(optax.sgd(1.0), transforms.linear_decay(steps=100))
    state = tx.init(jnp.zeros(()))
    for step, rate in [(0, 1.0), (0, 1.0), (50, 0.5), (75, 0.25), (100, 0.0), (500, 0.0)]:
        updates, state = tx.update(jnp.ones(()), state, jnp.zeros(()), step=jnp.asarray(step))
        assert float(updates) == pytest.approx(-rate)


def test_linear_decay_may_start_late():
    decay = transforms.linear_decay(steps=200, start=100)
    assert [float(decay(jnp.asarray(s))) for s in (0, 100, 150, 200)] == [1.0, 1.0, 0.5, 0.0]


def test_exponential_decay_of_the_official_code():
    decay = transforms.exponential_decay(1.000004, floor=1e-5)
    for step in (0, 150_000, 1_000_000):
        assert float(decay(jnp.asarray(step))) == pytest.approx(1.000004**-step, rel=1e-5)
    assert float(decay(jnp.asarray(10_000_000))) == pytest.approx(1e-5)


def test_an_average_that_warms_up():
    decay = transforms.ema_warm_up(0.99)
    assert [float(decay(jnp.asarray(s))) for s in (0, 8, 10**6)] == pytest.approx([0.1, 0.5, 0.99])


def test_gradients_are_averaged_over_a_mapped_axis():
    tx = transforms.pmean_gradients("data")
    out = jax.vmap(lambda g: tx.update(g, tx.init(g), g)[0], axis_name="data")(jnp.asarray([1.0, 3.0]))
    assert out == pytest.approx(np.array([2.0, 2.0]))
