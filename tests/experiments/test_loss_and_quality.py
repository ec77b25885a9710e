"""What D's loss says, in closed form; and runs on the device are the runs of the trainer."""

import itertools

import jax
import numpy as np
import pytest

pytest.importorskip("matplotlib")
from experiments import on_device
from experiments.loss_and_quality import measuring
from ganjax import config as configs
from ganjax.run import compile_step, initial_state, prepare
from ganjax.train import feed


def test_jensen_shannon_of_a_guess_and_of_a_d_that_is_always_right():
    np.testing.assert_allclose(measuring.jensen_shannon(np.array([2 * np.log(2), 0.0])), [0, np.log(2)], atol=1e-12)


def test_correlations_are_of_ranks_and_of_each_seed():
    falling = np.array([9.0, 4.0, 1.0])
    assert measuring.correlations(
        np.stack([falling, -falling], 1), np.stack([np.sqrt(falling)] * 2, 1)
    ) == pytest.approx([1, -1])


@pytest.mark.parametrize(
    ("critic", "other", "answer"),
    [
        ([0.9, 0.85], [0.1, -0.9], "yes"),
        ([0.9, 0.7], [0.1, 0.2], "partly"),
        ([0.9, 0.9], [0.6, 0.2], "partly"),
        ([0.1], [0.9], "no"),
    ],
)
def test_every_seed_counts(critic, other, answer):
    assert measuring.verdict({"a": critic, "b": other}, ["a"], ["b"]) == answer


@pytest.mark.ci
def test_a_run_on_the_device_is_the_trainers_run():
    run = prepare(configs.load("configs/gan.py:ring8", ["--config.train.num_seeds=1", "--config.train.steps=6"]))
    legs = list(on_device.player(run, 3)(0))
    devices = compile_step(run)
    state, batches = devices.spread(initial_state(run)), feed(run, devices, 0)
    for _, batch in itertools.islice(batches, run.steps):
        state, _ = devices.step(state, batch, run.step_key)
    batches.close()
    assert [leg.step for leg in legs] == [3, 6]
    for a, b in zip(jax.tree.leaves(legs[-1].state.params), jax.tree.leaves(state.params), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
