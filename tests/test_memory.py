"""Histories of images and averages of answers, against plain Python and NumPy."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax import memory


def numbered(batches, b, first=1):
    """Batches of 2×1×1 images of one number each, every number once."""
    numbers = np.arange(first, first + batches * b, dtype=np.float32).reshape(batches, b)
    return numbers, np.broadcast_to(numbers[:, :, None, None, None], (batches, b, 2, 1, 1))


POOL, REPLAY = memory.pool(10), memory.replay(8, 0.5)


@functools.cache
def played(how, batches, b):
    """(fresh, shown, the history after) of each batch in turn, in a scan of one compilation."""

    @jax.jit
    def run(start, key, fresh):
        def step(kept, drawn):
            kept, shown = how.apply(kept, *drawn)
            return kept, (shown, kept)

        return jax.lax.scan(step, start, (jax.random.split(key, batches), fresh))[1]

    numbers, fresh = numbered(batches, b)
    shown, kept = run(how.init((2, 1, 1)), jax.random.key(0), fresh)
    assert np.array_equal(shown[:, :, 0], shown[:, :, 1])
    kept = {name: np.asarray(leaf) for name, leaf in kept.items()}
    return numbers, np.asarray(shown)[:, :, 0, 0, 0], {**kept, "images": kept["images"][:, :, 0, 0, 0]}


def test_the_pool_is_cyclegans():
    """A list in Python, told by each shown image which draw was made: every image is a number of its own."""
    fresh, shown, kept = played(POOL, 500, 4)
    history = []
    for x, y, held, count in zip(fresh, shown, kept["images"], kept["count"], strict=True):
        for new, out in zip(x, y, strict=True):
            if len(history) < 10:
                assert out == new
                history.append(new)
            elif out != new:
                history[history.index(out)] = new
        assert count == len(history)
        assert held[:count].tolist() == history
        assert not held[count:].any()


def test_half_of_what_a_full_pool_shows_is_of_its_history_evenly():
    fresh, shown, _ = played(POOL, 500, 4)
    old = (shown != fresh).ravel()[10:]
    assert old.mean() == pytest.approx(0.5, abs=0.04)
    ages = (fresh - shown).ravel()[10:][old]  # an image stays for 10 exchanges in the mean, 20 images
    assert ages.min() == 1
    assert ages.mean() == pytest.approx(20, rel=0.15)


@pytest.mark.parametrize("how", [memory.pool(0), memory.replay(0), memory.replay(8, 0.0)])
def test_a_history_of_nothing_shows_what_is_fresh(key, how):
    x = jnp.ones((3, 2, 2, 1))
    assert how.init((2, 2, 1)) == ()
    kept, shown = how.apply((), key, x)
    assert kept == ()
    assert shown is x


def test_replay_shows_half_a_batch_of_the_past():
    b, n, size = 6, 3, 8
    fresh, shown, kept = played(REPLAY, 600, b)
    assert np.array_equal(shown[0], fresh[0])
    assert np.array_equal(shown[:, n:], fresh[:, n:])
    assert kept["count"].tolist() == [min((k + 1) * n, size) for k in range(600)]
    before = np.zeros(size)
    for k, (x, y, held) in enumerate(zip(fresh, shown, kept["images"], strict=True)):
        if k:
            assert set(y[:n]) <= set(before[before > 0])
        if k < 2:
            assert held[: (k + 1) * n].tolist() == fresh[: k + 1, :n].ravel().tolist()
        assert set(x[:n]) <= set(held)
        assert (held != before).sum() == n
        before = held
    assert (kept["images"][3:] > 0).all()


def test_replay_forgets_at_random():
    """An image of a full history is replaced with probability n / size at each batch: it is kept for size / n of them."""
    _, _, kept = played(REPLAY, 600, 6)
    _, lives = np.unique(kept["images"][20:-50], return_counts=True)
    assert lives.mean() == pytest.approx(8 / 3, rel=0.1)
    assert lives.max() > 10


def test_a_share_beyond_the_history_is_cut_to_it():
    fresh, shown, kept = played(memory.replay(2, 1.0), 5, 4)
    assert np.array_equal(shown[:, 2:], fresh[:, 2:])
    assert np.array_equal(np.sort(kept["images"], axis=1), fresh[:, :2])


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_mistakes_are_told(share):
    with pytest.raises(ValueError, match=f"share={share}"):
        memory.replay(8, share)
    for how in (memory.pool, memory.replay):
        with pytest.raises(ValueError, match="size=-1"):
            how(-1)


# ------------------------------------------------------------------------------------------------------------- LeCam


@pytest.mark.parametrize("start", [0, 3])
def test_lecam_in_closed_form(start):
    """Averages in float64: a batch's own means up to the start, 0.9 of the old and 0.1 of the new from there on."""
    rng, how = np.random.default_rng(0), memory.lecam(decay=0.9, start=start)
    both = rng.normal(size=(8, 2, 5)).astype(np.float32)
    kept, apply = how.init(), jax.jit(how.apply)
    averages = np.zeros(2)
    for step, (real, fake) in enumerate(both):
        kept, value = apply(kept, np.int32(step), real, fake)
        means = both[step].astype(float).mean(axis=1)
        averages = 0.9 * averages + 0.1 * means if step > start else means
        assert [float(kept["real"]), float(kept["fake"])] == pytest.approx(averages, abs=1e-6)
        apart = (np.maximum(real - averages[1], 0) ** 2).mean() + (np.maximum(averages[0] - fake, 0) ** 2).mean()
        assert float(value) == pytest.approx(apart if step >= start else 0.0, abs=1e-6)


def test_lecams_averages_are_constants_of_its_gradient():
    """d/dD(x)ᵢ = 2 max(0, D(x)ᵢ − a_fake) / b, though D(x) has just entered an average; none before the start."""
    how = memory.lecam(decay=0.5, start=1)
    real, fake = np.array([2.0, -3.0, 1.0], np.float32), np.array([0.5, -1.0, 4.0], np.float32)
    start = {"real": jnp.float32(1), "fake": jnp.float32(-1)}
    slopes = jax.jit(jax.grad(lambda real, fake, step: how.apply(start, step, real, fake)[1], (0, 1)))
    a_real, a_fake = 0.5, -0.5 + 3.5 / 6
    found = slopes(real, fake, np.int32(2))
    assert found[0] == pytest.approx(2 * np.maximum(real - a_fake, 0) / 3, abs=1e-6)
    assert found[1] == pytest.approx(-2 * np.maximum(a_real - fake, 0) / 3, abs=1e-6)
    assert not np.any(slopes(real, fake, np.int32(0)))


# ----------------------------------------------------------------------------------------------------------- all of them


@pytest.mark.parametrize(("how", "count"), [(memory.pool(5), 4), (memory.replay(5, 0.5), 2)], ids=["pool", "replay"])
def test_histories_keep_dtypes_shapes_and_weak_types(key, how, count):
    """Under jit, vmap and scan with strict promotion, donated; images keep their own dtype."""

    def kinds(tree):
        return jax.tree.map(lambda a: (a.shape, a.dtype, a.weak_type), tree)

    kept, x = how.init((2, 2, 1)), jnp.ones((4, 2, 2, 1))
    with jax.numpy_dtype_promotion("strict"):
        assert kinds(jax.eval_shape(how.apply, kept, key, x)) == kinds((kept, x))
        low = jax.eval_shape(how.apply, kept, key, x.astype(jnp.bfloat16))
        assert low[1].dtype == jnp.bfloat16
        assert kinds(low[0]) == kinds(kept)
        seeds = jax.tree.map(lambda a: jax.ShapeDtypeStruct((3, *a.shape), a.dtype), (kept, x))
        assert jax.eval_shape(jax.vmap(how.apply), seeds[0], jax.random.split(key, 3), seeds[1])[1].shape == (
            3,
            *x.shape,
        )
    again, _ = jax.jit(how.apply, donate_argnums=0)(kept, key, x)
    assert kept["images"].is_deleted()
    assert int(again["count"]) == count


def test_averages_keep_dtypes_and_weak_types():
    how, logits = memory.lecam(), jnp.ones(4)
    with jax.numpy_dtype_promotion("strict"):
        for dtype in (jnp.float32, jnp.bfloat16):
            kept, value = jax.eval_shape(
                how.apply, how.init(), jnp.int32(0), logits.astype(dtype), logits.astype(dtype)
            )
            kinds = [(a.dtype, a.shape, a.weak_type) for a in jax.tree.leaves((how.init(), kept, value))]
            assert set(kinds) == {(jnp.dtype("float32"), (), False)}
