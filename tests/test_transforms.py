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


def test_epochs_of_decay_are_the_official_codes():
    """100 epochs at 1, then 1 − 1/101, 1 − 2/101, … in steps of an epoch; the last epoch is not quite 0."""
    factor = transforms.epoch_decay(epoch_steps=10, constant=100, falling=100)
    for epoch, expected in [(0, 1), (99, 1 - 0 / 101), (100, 1 - 1 / 101), (150, 1 - 51 / 101), (199, 1 - 100 / 101)]:
        for step in (10 * epoch, 10 * epoch + 9):
            assert float(factor(jnp.asarray(step))) == pytest.approx(expected, abs=1e-6)
    assert float(factor(jnp.asarray(10_000))) == 0


def test_the_learning_rate_after_a_resume_is_that_of_the_run_that_never_stopped(tmp_path):
    """A loss whose gradient is 1: what a parameter loses in a step is the learning rate of that step."""
    from ganjax.checkpoint import Checkpoints
    from ganjax.core import Gan, Players, alternate, init

    def loss(own):
        return lambda params, carry, batch, key: (getattr(params, own)["p"], (carry, {}))

    decay = transforms.epoch_decay(epoch_steps=3, constant=2, falling=4)
    sgd = transforms.scheduled(optax.sgd(1.0), decay)
    gan = Gan(
        lambda key, batch: (Players(*[{"p": jnp.zeros(())} for _ in range(2)]), Players({}, {}), {}),
        lambda key, n: {},
        loss("disc"),
        loss("gen"),
        lambda *_: ({}, {}),
    )
    batch, tx = {"a": jnp.zeros((5, 1))}, Players(sgd, sgd)
    step = jax.jit(alternate(gan, tx, n_critic=5))

    def rates(state, count):
        found = []
        for _ in range(count):
            new, _ = step(state, batch, jax.random.key(0))
            found.append(
                (
                    float(state.params.gen["p"] - new.params.gen["p"]),
                    float(state.params.disc["p"] - new.params.disc["p"]),
                )
            )
            state = new
        return state, found

    _, never = rates(init(gan, tx, jax.random.key(0), batch), 20)
    for stop in (1, 7, 12):
        state, before = rates(init(gan, tx, jax.random.key(0), batch), stop)
        with Checkpoints(tmp_path / str(stop)) as checkpoints:
            checkpoints.save(stop, state)
            _, restored = checkpoints.restore(init(gan, tx, jax.random.key(0), batch))
        assert before + rates(restored, 20 - stop)[1] == never
    factors = [float(decay(jnp.asarray(s))) for s in range(20)]
    assert [gen for gen, _ in never] == pytest.approx(factors, abs=1e-5)
    assert [disc for _, disc in never] == pytest.approx(
        [5 * f for f in factors], abs=1e-5
    )  # five critic updates a step


def test_a_part_rests_until_its_step():
    tx = optax.chain(optax.adam(0.1), transforms.rest_until("inner", 3))
    params = {"inner": {"w": jnp.ones(2)}, "outer": jnp.ones(2)}
    state, grads = tx.init(params), jax.tree.map(jnp.ones_like, params)
    for step in range(5):
        updates, state = tx.update(grads, state, params, step=jnp.asarray(step))
        assert bool((updates["inner"]["w"] == 0).all()) == (step < 3)
        assert float(updates["outer"][0]) == pytest.approx(-0.1, rel=1e-3)
    assert float(updates["inner"]["w"][0]) == pytest.approx(-0.1, rel=1e-3)


def test_decayed_adam_adds_the_decay_to_the_gradient():
    """Where Adam's own gradient is nothing the decay alone moves: by the learning rate, whatever its weight (not AdamW)."""
    tx = transforms.decayed_adam(0.1, weight_decay=1e-2)
    p = jnp.asarray([2.0, -3.0])
    updates, _ = tx.update(jnp.zeros(2), tx.init(p), p)
    assert np.asarray(updates) == pytest.approx([-0.1, 0.1], rel=1e-4)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_rho_stays_in_the_unit_interval_without_exception(key, dtype):
    """Two million values and updates of all sizes; other parameters move freely."""
    tx = transforms.keep_in_unit_interval("rho")
    keys = jax.random.split(key, 3)
    rho = jax.random.uniform(keys[0], (1_000_000,)).astype(dtype)
    u = jax.random.normal(keys[1], rho.shape) * 10.0 ** jax.random.uniform(keys[2], rho.shape, minval=-9, maxval=1)
    params, updates = {"x": {"rho": rho}, "y": rho}, {"x": {"rho": u.astype(dtype)}, "y": u.astype(dtype)}
    moved = optax.apply_updates(params, tx.update(updates, tx.init(params), params)[0])
    assert ((moved["x"]["rho"] >= 0) & (moved["x"]["rho"] <= 1)).all()
    assert ((moved["y"] < 0) | (moved["y"] > 1)).any()
    with pytest.raises(ValueError, match="needs the parameters"):
        tx.update(updates, tx.init(params))


def test_a_rate_that_is_halved():
    factor = transforms.halvings(every=100)
    np.testing.assert_allclose([factor(jnp.asarray(step)) for step in (0, 99, 100, 250)], [1, 1, 0.5, 0.25])


def test_gradients_are_scaled_down_to_a_length_before_the_optimiser():
    tx = transforms.clipped(optax.sgd(1.0), norm=5.0)
    params = {"a": jnp.zeros(2), "b": jnp.zeros(1)}
    updates, _ = tx.update({"a": jnp.array([6.0, 0.0]), "b": jnp.array([8.0])}, tx.init(params), params)
    np.testing.assert_allclose(updates["a"], [-3.0, 0.0], rtol=1e-6)
    np.testing.assert_allclose(updates["b"], [-4.0], rtol=1e-6)


def test_singular_values_are_clamped_and_the_others_left(key):
    """Against NumPy's: σ₀ ends at the limit (or at ratio · σ₁), σ₁ and what follows stay, and so does what is not named."""
    left, right = (np.linalg.qr(np.asarray(jax.random.normal(key, (n, 6))))[0] for n in (36, 6))
    before = np.array([8.0, 5.0, 3.0, 2.0, 1.0, 0.5])
    kernel = jnp.asarray((left * before) @ right, jnp.float32).reshape(3, 3, 4, 6)
    params = {"first": {"kernel": kernel}, "bias": jnp.ones(3), "other": {"kernel": jnp.eye(3)}}
    for settings, limit in (({"clamp": 6.0}, 6.0), ({"ratio": 1.2}, 6.0), ({"clamp": 5.2}, 5.2)):
        tx, now = transforms.clamp_singular_values(**settings, part="first"), params
        state = tx.init(now)
        assert list(state) == ["first/kernel"]
        for _ in range(20):
            updates, state = tx.update(jax.tree.map(jnp.zeros_like, now), state, now)
            now = optax.apply_updates(now, updates)
        after = np.linalg.svd(np.asarray(now["first"]["kernel"], np.float64).reshape(-1, 6), compute_uv=False)
        np.testing.assert_allclose(after[0], limit, rtol=2e-3)
        np.testing.assert_allclose(after[1:], before[1:], rtol=2e-3)
        np.testing.assert_array_equal(now["other"]["kernel"], params["other"]["kernel"])


def test_a_clamp_that_is_not_reached_changes_nothing(key):
    params = {"kernel": jax.random.normal(key, (5, 4))}
    tx = transforms.clamp_singular_values(clamp=100.0)
    updates, _ = tx.update(params, tx.init(params), params)
    np.testing.assert_allclose(updates["kernel"], params["kernel"], rtol=1e-6)
    for wrong in ({}, {"clamp": 1.0, "ratio": 1.0}):
        with pytest.raises(ValueError, match="give one of them"):
            transforms.clamp_singular_values(**wrong)


def test_an_average_that_starts_late_is_what_is_now_until_then():
    decay = transforms.average_from(1000, 0.9999)
    assert [float(decay(step)) for step in (0, 999)] == [0, 0]
    assert float(decay(1000)) == pytest.approx(0.9999)
