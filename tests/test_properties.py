"""What holds for all of them: orders of data, histories of images, states in checkpoints, settings from the command line."""

import itertools
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from ganjax import config as configs
from ganjax import memory
from ganjax.checkpoint import Checkpoints
from ganjax.core import Carry, Players, State
from ganjax.data import pipeline, source

few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DTYPES = (np.float32, np.float16, ml_dtypes.bfloat16, np.int32, np.uint8, np.bool_)


@few
@given(seed=st.integers(0, 2**31), size=st.integers(1, 60), batch=st.integers(1, 40), epochs=st.integers(1, 4))
def test_every_epoch_has_every_example_once(seed, size, batch, epochs):
    places = -(-epochs * size // batch)
    order = np.concatenate([pipeline.indices(seed, size, batch, place) for place in range(places)])[: epochs * size]
    for epoch in order.reshape(epochs, size):
        assert sorted(epoch) == list(range(size))


@few
@given(
    seed=st.integers(0, 2**31),
    size=st.integers(1, 30),
    batch=st.integers(1, 8),
    moves=st.lists(st.integers(1, 4), min_size=1, max_size=8),
    start=st.integers(0, 7),
    flip=st.booleans(),
)
def test_data_that_begin_at_a_step_are_those_of_the_whole(seed, size, batch, moves, start, flip):
    """However many micro-batches the steps before have eaten."""
    images = np.random.default_rng(0).integers(0, 255, (size, 4, 4, 1), np.uint8)
    start = min(start, len(moves) - 1)

    def stream(at):
        of = source.from_arrays("x", {"image": images}, {})
        return pipeline.batches(of, batch_size=batch, micro=lambda step: moves[step], seed=seed, start=at, flip=flip)

    whole = itertools.islice(stream(0), start, len(moves))
    for a, b in zip(whole, itertools.islice(stream(start), len(moves) - start), strict=True):
        np.testing.assert_array_equal(a["image"], b["image"])
        assert len(a["image"]) in moves


@few
@given(size=st.integers(1, 12), batches=st.lists(st.integers(1, 6), min_size=1, max_size=6), seed=st.integers(0, 2**31))
def test_a_pool_shows_what_it_was_given(size, batches, seed):
    """Each image is a number of its own. While there is room all are shown and kept; then one goes out for one that comes in."""
    pool, fresh = memory.pool(size), itertools.count(1)
    held, seen, shown = pool.init((1,)), [], []
    for i, n in enumerate(batches):
        new = [next(fresh) for _ in range(n)]
        held, out = pool.apply(held, jax.random.fold_in(jax.random.key(seed), i), jnp.array(new, jnp.float32)[:, None])
        seen += new
        shown += np.asarray(out)[:, 0].astype(int).tolist()
        kept = np.asarray(held["images"])[: int(held["count"]), 0].astype(int).tolist()
        assert len(kept) == min(len(seen), size)
        assert set(shown) | set(kept) == set(seen)
        assert shown[:size] == seen[:size]
        late = shown[size:]
        assert sorted(late + kept) == sorted(seen)  # once there is no room none is shown twice


@st.composite
def trees(draw):
    one = st.sampled_from(DTYPES).flatmap(
        lambda dtype: arrays(np.uint8, array_shapes(max_dims=3, max_side=4)).map(lambda x: x.astype(dtype))
    )
    return draw(
        st.dictionaries(
            st.text("ab_c0", min_size=1, max_size=5),
            one | st.dictionaries(st.just("w"), one, min_size=1),
            min_size=1,
            max_size=4,
        )
    )


@settings(few, max_examples=15)
@given(params=trees(), memory=trees(), step=st.integers(0, 2**31 - 1))
def test_a_state_comes_back_as_it_was(params, memory, step):
    params, memory = jax.tree.map(jnp.asarray, (params, memory))
    carry = Carry(jnp.int32(step), Players({}, {}), memory)
    state = State(Players(params, {}), Players((), params), carry, Players((), ()))
    with tempfile.TemporaryDirectory() as folder, Checkpoints(Path(folder)) as checkpoints:
        checkpoints.save(step, state)
        found, again = checkpoints.restore(jax.tree.map(jnp.zeros_like, state))
    assert found == step
    for x, y in zip(jax.tree.leaves(state), jax.tree.leaves(again), strict=True):
        assert (x.dtype, x.shape, np.asarray(x).tobytes()) == (y.dtype, y.shape, np.asarray(y).tobytes())


@settings(few, max_examples=10)
@given(
    rate=st.floats(1e-8, 10, allow_nan=False),
    steps=st.integers(1, 10**9),
    seed=st.integers(0, 2**31),
    path=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20),
    hidden=st.lists(st.integers(1, 999), min_size=1, max_size=4),
)
def test_settings_arrive_and_go_through_json(rate, steps, seed, path, hidden):
    said = {"gen_opt.learning_rate": rate, "train.steps": steps, "train.seed": seed, "data.path": path}
    width = f"({','.join(map(str, hidden))},)"
    config = configs.load(
        "configs/gan.py:grid25",
        [*(f"--config.{key}={value}" for key, value in said.items()), f"--config.generator.hidden={width}"],
    )
    assert (config.gen_opt.learning_rate, config.train.steps, config.train.seed) == (rate, steps, seed)
    assert (config.data.path, config.generator.hidden) == (path, tuple(hidden))
    stored = configs.to_json(config)
    assert configs.differences(stored, configs.complete(stored)) == []
