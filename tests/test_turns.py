"""Turns: who moves when, seen in whose parameters change."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax import turns
from ganjax.core import Gan, Players, init
from ganjax.systems import crafted

SGD = Players(optax.sgd(0.1), optax.sgd(0.1))
BATCH = {"x": jnp.ones((1, 1))}


def number_game() -> Gan:
    """D goes down from 3 by 0.1 a move, its loss is its number; G goes up likewise."""

    def make(key, batch):
        return Players(jnp.asarray(0.0), jnp.asarray(3.0)), Players({}, {}), {}

    def disc_loss(params, carry, batch, key):
        return params.disc, (carry, {})

    def gen_loss(params, carry, batch, key):
        return -params.gen, (carry, {})

    return Gan(make, lambda key, n: {}, disc_loss, gen_loss, lambda *_: ({}, {}))


def moved(steps, **turn):
    """At which steps D moved, at which G."""
    game = number_game()
    step, state = jax.jit(crafted.moves(game, SGD, **turn)), init(game, SGD, jax.random.key(0), BATCH)
    who = Players([], [])
    for i in range(steps):
        after, metrics = step(state, BATCH, jax.random.key(1))
        for name in Players._fields:
            before, now = getattr(state.params, name), getattr(after.params, name)
            if float(before) != float(now):
                getattr(who, name).append(i)
            assert bool(jnp.isnan(metrics[f"{name}/loss"])) == (float(before) == float(now))
        state = after
    return who.disc, who.gen


def test_always_is_alternate():
    assert moved(4) == ([0, 1, 2, 3], [0, 1, 2, 3])


@pytest.mark.parametrize("who", ["disc", "gen"])
def test_every_second_step(who):
    seen = dict(zip(("disc", "gen"), moved(6, **{f"{who}_turn": turns.every_steps(2)}), strict=True))
    other = "gen" if who == "disc" else "disc"
    assert seen == {who: [0, 2, 4], other: [0, 1, 2, 3, 4, 5]}


def test_every_second_epoch():
    assert moved(10, disc_turn=turns.every_epochs(2, steps=3)) == ([0, 1, 2, 6, 7, 8], list(range(10)))


def test_a_player_rests_while_it_is_ahead():
    disc, gen = moved(8, disc_turn=turns.resting("disc/loss", below=2.75))
    assert disc == [0, 1, 2]  # 3, 2.9, 2.8; at 2.7 it rests, and nothing wakes it in this game
    assert gen == list(range(8))


def test_a_player_rests_while_it_is_behind():
    assert moved(4, disc_turn=turns.resting("disc/loss", above=2.95))[0] == []
    assert moved(4, disc_turn=turns.resting("disc/loss", above=3.05))[0] == [0, 1, 2, 3]


def test_more_moves_of_d_at_first():
    schedule = turns.more_at_first(1, first=5, until=2)
    assert [schedule(step) for step in range(4)] == [5, 5, 1, 1]
    game = number_game()
    step, state = crafted.moves(game, SGD, n_critic=schedule), init(game, SGD, jax.random.key(0), BATCH)
    for i in range(3):
        state, _ = step(state, {"x": jnp.ones((schedule(i), 1))}, jax.random.key(1))
    np.testing.assert_allclose(state.params.disc, 3 - 0.1 * (5 + 5 + 1), rtol=1e-6)
