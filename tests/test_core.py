"""The algebra of moves, on a game that can be played by hand: G and D are one number each."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax import core
from ganjax.core import (
    Carry,
    Gan,
    Players,
    every,
    init,
    last,
    play,
    project,
    repeat,
    sequence,
    simultaneous,
    tick,
    when,
)


def number_game():
    """D minimises (d − g − mean x)², G minimises g · d: gradients that one can write down."""

    def make(key, batch):
        del key, batch
        vars = Players({"seen": jnp.zeros(())}, {"seen": jnp.zeros(())})
        return Players(jnp.asarray(2.0), jnp.asarray(3.0)), vars, {}

    def disc_loss(params, carry, batch, key):
        del key
        seen = carry.vars.disc["seen"] + 1
        carry = Carry(carry.step, Players(carry.vars.gen, {"seen": seen}), carry.memory)
        return (params.disc - params.gen - batch["x"].mean()) ** 2, (carry, {"disc/seen": seen})

    def gen_loss(params, carry, batch, key):
        del batch, key
        return params.gen * params.disc, (carry, {})

    def generate(params, vars, inputs, key, train=False):
        del key, train
        return {"x": inputs["z"] * params}, vars

    return Gan(make, lambda key, n: {"z": jnp.ones(n)}, disc_loss, gen_loss, generate)


SGD = Players(optax.sgd(0.1), optax.sgd(0.1))


def batch(*micro):
    return {"x": jnp.asarray(micro, jnp.float32)[:, None]}


def start(m=1):
    return init(number_game(), SGD, jax.random.key(0), batch(*[0.0] * m))


def test_play_descends_its_own_slot_only():
    state, metrics = play("disc", number_game().disc_loss, SGD.disc)(start(), batch(0.5), jax.random.key(0))
    assert float(state.params.disc) == pytest.approx(3 - 0.1 * 2 * (3 - 2 - 0.5))
    assert float(state.params.gen) == 2.0
    assert float(metrics["disc/loss"]) == pytest.approx(0.25)


def test_micro_batches_give_the_gradient_of_their_mean_and_thread_statistics():
    state, metrics = play("disc", number_game().disc_loss, SGD.disc)(start(), batch(0.0, 1.0, 2.0), jax.random.key(0))
    assert float(state.params.disc) == pytest.approx(3 - 0.1 * 2 * np.mean([1.0, 0.0, -1.0]))
    assert float(metrics["disc/loss"]) == pytest.approx(np.mean([1.0, 0.0, 1.0]))
    assert float(state.carry.vars.disc["seen"]) == 3


def test_alternate_is_n_critic_moves_then_one():
    d, g = 3.0, 2.0
    for x in (0.0, 1.0):
        d -= 0.1 * 2 * (d - g - x)
    g -= 0.1 * d
    state, metrics = core.alternate(number_game(), SGD, n_critic=2)(start(), batch(0.0, 1.0), jax.random.key(0))
    assert (float(state.params.disc), float(state.params.gen)) == pytest.approx((d, g))
    assert int(state.carry.step) == 1
    assert set(metrics) == {"disc/loss", "gen/loss", "disc/gradient_norm", "gen/gradient_norm", "disc/seen"}


def test_simultaneous_players_answer_the_same_point():
    state, _ = simultaneous(number_game(), SGD)(start(), batch(0.0), jax.random.key(0))
    assert float(state.params.disc) == pytest.approx(3 - 0.1 * 2 * (3 - 2))
    assert float(state.params.gen) == pytest.approx(2 - 0.1 * 3)
    assert int(state.carry.step) == 1


def test_a_batch_that_does_not_fit_the_schedule_is_refused():
    with pytest.raises(ValueError, match="3 micro-batches"):
        core.alternate(number_game(), SGD, n_critic=2)(start(), batch(0.0, 1.0, 2.0), jax.random.key(0))
    with pytest.raises(ValueError, match="accumulate=2"):
        core.alternate(number_game(), SGD, n_critic=lambda step: 5, accumulate=2)(
            start(), batch(0.0), jax.random.key(0)
        )


def test_n_critic_of_the_step_takes_what_the_batch_brings():
    step = core.alternate(number_game(), SGD, n_critic=lambda step: 100 if step == 0 else 5)
    for m in (1, 3):
        assert float(step(start(), batch(*[0.0] * m), jax.random.key(0))[1]["disc/seen"]) == pytest.approx((m + 1) / 2)


def test_optimisers_hear_the_step_and_the_loss():
    heard = []

    def update(updates, state, params=None, *, step, value):
        heard.append((int(step), float(value)))
        return updates, state

    tx = optax.GradientTransformationExtraArgs(lambda params: (), update)
    step = core.alternate(number_game(), Players(tx, tx))
    state = start()
    for _ in range(2):
        state, _ = step(state, batch(0.0), jax.random.key(0))
    assert [s for s, _ in heard] == [0, 0, 1, 1]
    assert heard[0][1] == pytest.approx(1.0)


def test_sequence_gives_each_step_its_own_key_and_refuses_one_name_twice():
    def draw(name):
        return lambda state, batch, key: (state, {name: jax.random.uniform(key)})

    _, metrics = sequence(draw("a"), draw("b"))(start(), batch(0.0), jax.random.key(0))
    assert float(metrics["a"]) != float(metrics["b"])
    with pytest.raises(ValueError, match="same metric: a"):
        sequence(draw("a"), draw("a"))(start(), batch(0.0), jax.random.key(0))


def test_tick_draws_anew_at_every_step_from_one_key():
    step = tick(lambda state, batch, key: (state, {"u": jax.random.uniform(key)}))
    state, first = step(start(), batch(0.0), jax.random.key(0))
    _, second = step(state, batch(0.0), jax.random.key(0))
    assert float(first["u"]) != float(second["u"])


def test_repeat_draws_anew_in_every_group_and_last_takes_the_last():
    def see(state, batch, key):
        return state, {"x": batch["x"].mean(), "u": jax.random.uniform(key)}

    _, means = repeat(3, see)(start(), batch(1.0, 2.0, 6.0), jax.random.key(0))
    _, one = repeat(1, see)(start(), batch(1.0), jax.random.key(0))
    assert float(means["x"]) == 3.0
    assert float(means["u"]) != float(one["u"])
    assert float(last(3, see)(start(), batch(1.0, 2.0, 6.0), jax.random.key(0))[1]["x"]) == 6.0


@pytest.mark.parametrize("jit", [False, True])
def test_every_takes_the_step_now_and_then_and_marks_the_rest_nan(jit):
    step = tick(every(2, play("disc", number_game().disc_loss, SGD.disc)))
    step = jax.jit(step) if jit else step
    state, moved = start(), []
    for _ in range(4):
        state, metrics = step(state, batch(0.0), jax.random.key(0))
        moved.append(not np.isnan(metrics["disc/loss"]))
    assert moved == [True, False, True, False]
    assert float(state.carry.vars.disc["seen"]) == 2


def test_every_takes_a_predicate_of_the_step():
    step = tick(every(lambda step: step >= 1, play("disc", number_game().disc_loss, SGD.disc)))
    state, metrics = step(start(), batch(0.0), jax.random.key(0))
    assert np.isnan(metrics["disc/loss"])
    assert not np.isnan(step(state, batch(0.0), jax.random.key(0))[1]["disc/loss"])


def test_when_lets_a_player_rest_while_its_loss_is_low():
    step = when(lambda step, metrics: metrics["disc/loss"] > 0.5, play("disc", number_game().disc_loss, SGD.disc))
    moved, metrics = step(start(), batch(0.0), jax.random.key(0))
    assert float(moved.params.disc) != 3.0
    assert float(metrics["disc/loss"]) == 1.0
    rested, metrics = step(start(), batch(0.9), jax.random.key(0))
    assert float(rested.params.disc) == 3.0
    assert float(rested.carry.vars.disc["seen"]) == 0
    assert np.isnan(metrics["disc/loss"])


def test_repeated_moves_average_over_those_that_took_part():
    rest = when(lambda step, metrics: metrics["disc/loss"] > 0.5, play("disc", number_game().disc_loss, SGD.disc))
    _, metrics = repeat(2, rest)(start(), batch(0.0, 0.8), jax.random.key(0))
    assert float(metrics["disc/loss"]) == 1.0


def test_project_touches_one_player():
    state, metrics = project("gen", lambda p: jnp.clip(p, -1, 1))(start(), batch(0.0), jax.random.key(0))
    assert (float(state.params.gen), float(state.params.disc), metrics) == (1.0, 3.0, {})


def test_average_in_closed_form():
    state, beta, values = start(), 0.9, []
    for value in (5.0, 7.0, 11.0):
        values.append(value)
        state = state._replace(params=Players(jnp.asarray(value), state.params.disc))
        state, _ = core.average(beta)(state, batch(0.0), jax.random.key(0))
    expected = beta**3 * 2.0 + sum((1 - beta) * beta ** (2 - i) * v for i, v in enumerate(values))
    assert float(state.ema.gen[0]) == pytest.approx(expected, rel=1e-6)
    assert float(state.ema.disc[0]) == 3.0


def test_average_with_decay_of_the_step_starts_as_a_copy():
    state = start()._replace(params=Players(jnp.asarray(9.0), jnp.asarray(3.0)))
    copied, _ = core.average(lambda step: jnp.where(step < 5, 0.0, 0.9))(state, batch(0.0), jax.random.key(0))
    assert float(copied.ema.gen[0]) == 9.0


def test_the_average_is_no_alias_of_the_parameters():
    state = start()
    pointers = [leaf.unsafe_buffer_pointer() for leaf in jax.tree.leaves(state) if leaf.size]
    assert len(set(pointers)) == len(pointers)
    jax.jit(core.alternate(number_game(), SGD), donate_argnums=0)(state, batch(0.0), jax.random.key(0))


def test_averages_are_kept_of_those_named():
    state = init(number_game(), SGD, jax.random.key(0), batch(0.0), averaged=("gen",))
    assert len(jax.tree.leaves(state.ema.gen)) == 2
    assert jax.tree.leaves(state.ema.disc) == []


def test_a_loss_that_moves_nothing_of_its_player_is_zero_gradient():
    state, _ = play("gen", number_game().disc_loss, SGD.gen)(start(), batch(0.0), jax.random.key(0))
    assert float(state.params.disc) == 3.0
    assert float(state.params.gen) == pytest.approx(2 + 0.1 * 2 * (3 - 2))


def test_a_slot_may_be_empty():
    """One player alone: the other's moves change nothing, and of its gradient, which has no entries, nothing is said."""
    tx = Players(optax.sgd(0.1), optax.identity())

    def make(key, batch):
        del key, batch
        return Players(jnp.asarray(2.0), {}), Players({}, {}), {}

    def nothing(params, carry, batch, key):
        del params, batch, key
        return jnp.zeros(()), (carry, {})

    def square(params, carry, batch, key):
        del key
        return (params.gen - batch["x"].mean()) ** 2, (carry, {})

    alone = number_game()._replace(init=make, disc_loss=nothing, gen_loss=square)
    state = init(alone, tx, jax.random.key(0), batch(0.0, 0.0))
    for step in (core.alternate(alone, tx, n_critic=2), core.alternate(alone, tx, accumulate=2)):
        moved, metrics = jax.jit(step)(state, batch(0.0, 0.0), jax.random.key(0))
        assert float(moved.params.gen) == pytest.approx(2 - 0.1 * 2 * 2)
        assert jax.tree.structure(moved) == jax.tree.structure(state)
        assert set(metrics) == {"disc/loss", "gen/loss", "gen/gradient_norm"}
        assert all(x.dtype == jnp.float32 for x in metrics.values())


def test_steps_are_scannable():
    step = core.alternate(number_game(), SGD)
    batches = jax.tree.map(lambda x: jnp.broadcast_to(x, (4, *x.shape)), batch(0.0))
    state, metrics = jax.lax.scan(lambda state, batch: step(state, batch, jax.random.key(0)), start(), batches)
    assert int(state.carry.step) == 4
    assert metrics["gen/loss"].shape == (4,)
