"""The table's rows are the configs' variants, turns are taken when they should be, and what helps is put together."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

pytest.importorskip("matplotlib")
from experiments.turn_taking import play
from experiments.turn_taking.play import Tricks
from experiments.turn_taking.rows import PLAIN, helps, rows, together, verdict
from ganjax import config as configs
from ganjax.core import Carry, Players, State

ROWS = rows(32)


def test_rows_have_the_numbers_of_the_configs():
    config = {name: configs.load(f"configs/crafted.py:{name}") for name in configs.variants(configs.find("crafted"))}
    two = ROWS["two-sided labels"].tricks
    assert (two.real_label, two.fake_label) == (config["two_sided"].gan.real_label, config["two_sided"].gan.fake_label)
    assert ROWS["one-sided labels"].tricks.real_label == config["one_sided"].gan.real_label
    assert ROWS["flipped labels"].tricks.flip == config["flipped"].gan.flip
    assert ROWS["noise"].tricks.noise == config["noise"].gan.augment.std
    assert ROWS["D rests below 0.5"].tricks.below == config["resting"].schedule.disc_turn.below
    assert ROWS["D every 2nd epoch"].tricks.disc_every == config["second_epoch"].schedule.disc_turn.n
    assert config["plain"].data.held_out == 10_000 - play.SUBSET


def moved(turn, steps, loss=1.0):
    """The steps at which a move of this turn is taken."""

    def move(state, batch, key):
        return state, {"disc/loss": jnp.float32(loss), "gen/loss": jnp.float32(loss)}

    taken = []
    for step in range(steps):
        state = State(Players((), ()), Players((), ()), Carry(jnp.int32(step), Players({}, {}), {}), Players((), ()))
        taken.append(bool(np.isfinite(turn(move)(state, {}, jax.random.key(0))[1]["disc/loss"])))
    return [i for i, each in enumerate(taken) if each]


def test_turns():
    assert moved(play._disc_turn(Tricks()), 4) == [0, 1, 2, 3]
    assert moved(play._disc_turn(Tricks(disc_every=2)), 5) == [0, 2, 4]
    assert moved(play._disc_turn(Tricks(disc_every=2, block=2)), 8) == [0, 1, 4, 5]
    assert moved(play._disc_turn(Tricks(below=0.5)), 2, loss=0.4) == []
    assert moved(play._gen_turn(Tricks(gen_every=2)), 5) == [0, 2, 4]


def test_what_helps_is_better_in_every_seed_and_the_best_of_a_kind_is_taken():
    distance = {name: [1.0, 1.2] for name in ROWS}
    distance |= {
        "one-sided labels": [0.9, 0.8],
        "two-sided labels": [0.7, 0.8],
        "noise": [1.1, 1.3],
        "replay": [0.5, 1.1],
    }
    assert helps([0.9, 0.8], [1.0, 1.2])
    assert not helps([0.5, 1.1], [1.0, 1.2])
    row, names = together(ROWS, distance)
    assert names == ["two-sided labels", "replay"]
    assert row.replay
    assert row.tricks == Tricks(real_label=0.9, fake_label=0.1)
    assert ROWS[PLAIN].tricks == Tricks()


def test_verdict():
    assert verdict([True, True, False], True) == "yes"
    assert verdict([True, False, False], True) == "partly"
    assert verdict([False, False], False) == "no"
