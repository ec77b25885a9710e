"""The order of the data in closed form, flips, crops, the thread that runs ahead."""

import hashlib
import threading
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.data import pipeline
from ganjax.data.source import from_arrays
from ganjax.errors import UserError


def numbers(n=10, size=4):
    images = np.arange(n, dtype=np.uint8)[:, None, None, None] * np.ones((1, size, size, 1), np.uint8)
    return from_arrays("numbers", {"image": images, "label": np.arange(n, dtype=np.int32)}, {})


def take(n, **options):
    iterator = pipeline.batches(numbers(), **{"batch_size": 4, "micro": lambda step: 2, **options})
    return [next(iterator) for _ in range(n)]


def test_every_epoch_is_a_permutation_of_its_own():
    stream = np.concatenate([pipeline.indices(0, 10, 4, i) for i in range(10)])
    epochs = stream.reshape(4, 10)
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4


def test_a_batch_larger_than_the_data_spans_epochs():
    assert np.bincount(pipeline.indices(0, 3, 9, 5)).tolist() == [3, 3, 3]


def test_the_seed_decides():
    assert np.array_equal(pipeline.indices(1, 100, 50, 3), pipeline.indices(1, 100, 50, 3))
    assert not np.array_equal(pipeline.indices(1, 100, 50, 3), pipeline.indices(2, 100, 50, 3))


def test_batches_have_the_micro_axis_and_labels_go_along():
    batch = take(1)[0]
    assert batch["image"].shape == (2, 4, 4, 4, 1)
    assert batch["image"].dtype == np.uint8
    np.testing.assert_array_equal(batch["image"][..., 0, 0, 0], batch["label"])


def test_micro_batches_are_consecutive_batches_of_the_stream():
    whole = np.concatenate([b["label"].ravel() for b in take(4, micro=lambda step: 1)])
    cut = np.concatenate([b["label"].ravel() for b in take(2)])
    np.testing.assert_array_equal(whole, cut)


@pytest.mark.parametrize("micro", [lambda step: 2, lambda step: 3 if step < 2 else 1])
def test_a_resumed_run_sees_what_it_would_have_seen(micro):
    whole = take(6, micro=micro, flip=True, crop=2, crop_at="random")
    rest = take(3, micro=micro, flip=True, crop=2, crop_at="random", start=3)
    for a, b in zip(whole[3:], rest, strict=True):
        jax.tree.map(np.testing.assert_array_equal, a, b)


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_see_together_what_one_would(processes):
    """Each fetches its own rows; order, flips and crops are those of the whole batch."""
    options = {"micro": lambda step: 2 + step % 2, "flip": True, "crop": 3, "crop_at": "random", "start": 3}
    whole, share = take(4, batch_size=8, **options), 8 // processes
    parts = [take(4, batch_size=8, rows=slice(i * share, (i + 1) * share), **options) for i in range(processes)]
    for batch, *own in zip(whole, *parts, strict=True):
        assert {x.shape[1] for each in own for x in each.values()} == {share}
        together = {name: np.concatenate([each[name] for each in own], axis=1) for name in batch}
        jax.tree.map(np.testing.assert_array_equal, together, batch)


def test_a_process_fetches_its_own_rows_alone():
    fetched, source = [], numbers(40)
    watched = source._replace(fetch=lambda i: fetched.append(len(i)) or source.fetch(i))
    next(pipeline.batches(watched, batch_size=8, micro=lambda step: 2, rows=slice(4, 8)))
    assert fetched == [4, 4]


ANYWHERE = {"flip": True, "crop": 4, "crop_at": "random"}
RECORDED = [
    ("ramp", {}, "82c6388ce1d5ab82dc3974189b29352c17668554d26a516f0af5f39cfc251fc2"),
    ("ramp", {"flip": True}, "7470e49c74be2bec5ddd4dad0368cac8bc73deb958eb95dc69132e32629d0732"),
    ("ramp", {"crop": 5, "start": 4}, "c28b437eaac06cf67d8ea832df8e23b28e3273f6bf49e2c4990e9f0b2ae7a935"),
    ("pairs", {"flip": True}, "dbc613de06b10f61ba555c53afdbcfa7a8ad78c840b30a142978171ebebae8c2"),
    ("pairs", ANYWHERE, "59c9bfcd4c76f171edf75ed516ab112ad1a5e72dcd07d493f2ab12ffbcdb77d7"),
]


@pytest.mark.parametrize(("name", "options", "expected"), RECORDED)
def test_batches_of_one_stream_are_those_of_recorded_runs(name, options, expected):
    """Digests from before there was a second stream: numbers in docs were seen on these orders, flips and crops."""
    n = np.arange(13 * 7 * 6 * 3).reshape(13, 7, 6, 3)
    ramp = {"image": (n * n // 7 % 251).astype(np.uint8), "label": np.arange(13, dtype=np.int32)}
    pairs = {"a": (n % 250).astype(np.uint8), "b": (n // 3 % 250).astype(np.uint8)}
    source = from_arrays(name, ramp if name == "ramp" else pairs, {})
    iterator = pipeline.batches(source, batch_size=5, micro=lambda step: 2, seed=3, **options)
    digest = hashlib.sha256()
    for _ in range(4):
        for key, x in next(iterator).items():
            digest.update(key.encode() + np.ascontiguousarray(x).tobytes())
    assert digest.hexdigest() == expected


def test_positions_add_up():
    assert pipeline.position(lambda step: 100 if step < 25 else 5, 30) == 25 * 100 + 5 * 5


def test_flips_turn_about_half_left_to_right():
    images = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1).repeat(400, 0)
    source = from_arrays("ramp", {"image": images}, {})
    batch = next(pipeline.batches(source, batch_size=400, micro=lambda step: 1, flip=True))["image"][0]
    flipped = (batch[:, 0, 0, 0] == 3).sum()
    assert 150 < flipped < 250
    assert {tuple(row) for row in batch[:, 0, :, 0]} == {(0, 1, 2, 3), (3, 2, 1, 0)}


def test_crops_lie_within_and_differ_where_random():
    images = np.arange(36, dtype=np.uint8).reshape(1, 6, 6, 1).repeat(200, 0)
    source = from_arrays("ramp", {"image": images}, {})

    def corners(**options):
        batch = next(pipeline.batches(source, batch_size=200, micro=lambda step: 1, crop=4, **options))["image"][0]
        assert batch.shape == (200, 4, 4, 1)
        assert (batch[:, 1, 1, 0] - batch[:, 0, 0, 0] == 7).all()
        return set(batch[:, 0, 0, 0].tolist())

    assert corners() == {7}
    assert corners(crop_at="random") == {0, 1, 2, 6, 7, 8, 12, 13, 14}


def test_pairs_are_cut_and_turned_alike():
    images = np.random.default_rng(0).integers(0, 255, (50, 6, 6, 3), np.uint8)
    source = from_arrays("pairs", {"a": images, "b": 255 - images}, {})
    batch = next(pipeline.batches(source, batch_size=50, micro=lambda s: 1, flip=True, crop=4, crop_at="random"))
    np.testing.assert_array_equal(batch["a"], 255 - batch["b"])


@pytest.mark.parametrize("options", [{"crop": 9}, {"crop": 0}, {"crop": 2, "crop_at": "corner"}, {"seed": -1}])
def test_what_cannot_be_cut_is_refused(options):
    with pytest.raises(UserError, match=r"config\.data\.(crop|seed)"):
        take(1, **options)


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "prefetch"]


def test_prefetch_keeps_order_and_leaves_no_thread():
    ahead = pipeline.prefetch(iter(range(20)), lambda x: -x)
    assert list(ahead) == [-x for x in range(20)]
    assert threads() == []


def test_prefetch_of_an_endless_stream_ends_when_closed():
    ahead = pipeline.prefetch(iter(int, 1), lambda x: x)
    assert [next(ahead) for _ in range(3)] == [0, 0, 0]
    began = time.monotonic()
    ahead.close()
    assert time.monotonic() - began < 1
    assert threads() == []


def test_prefetch_brings_errors_to_the_consumer():
    def broken():
        yield 1
        raise OSError("the disk is gone")

    ahead = pipeline.prefetch(broken(), lambda x: x)
    assert next(ahead) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(ahead)


def test_bytes_become_the_models_range(key):
    batch = {"image": jnp.asarray([[0, 51, 255]], jnp.uint8), "label": jnp.asarray([7]), "z": jnp.asarray([3.0])}
    out = pipeline.to_model_range(batch, key)
    np.testing.assert_allclose(out["image"], [[-1.0, -0.6, 1.0]], atol=1e-6)
    assert (int(out["label"][0]), float(out["z"][0])) == (7, 3.0)


def test_dequantised_bytes_fill_their_interval(key):
    x = jnp.full((10_000,), 128, jnp.uint8)
    out = pipeline.to_model_range({"image": x}, key, dequantise=True)["image"]
    assert 0 <= float(out.min()) < 1e-4
    assert 1 / 128 - 1e-4 < float(out.max()) <= 1 / 128
