"""The craft: each trick changes what it should and nothing else, and a run with it goes on where it stopped."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax import augment, memory, transforms, turns
from ganjax.checkpoint import Checkpoints
from ganjax.core import Players, average, init, sequence
from ganjax.game import step_of
from ganjax.nets import dcgan as nets
from ganjax.nets import mlp
from ganjax.nets.conv import library
from ganjax.systems import consistency, crafted, dcgan

SIZE, B = 8, 8
ADAM = optax.adam(1e-2, b1=0.5)
NOTHING = {"real_weight": 0.0, "fake_weight": 0.0}  # of consistency
TRICKS = {  # name: system, keywords, whose loss it changes (ADA's target is one that p rises from)
    "one_sided": (crafted, {"real_label": 0.9}, ("disc",)),
    "two_sided": (crafted, {"real_label": 0.9, "fake_label": 0.1}, ("disc",)),
    "flipped": (crafted, {"flip": 0.5}, ("disc",)),
    "instance_noise": (crafted, {"augment": augment.instance_noise(0.5, 100)}, ("disc", "gen")),
    "diffaugment": (crafted, {"augment": augment.diffaugment()}, ("disc", "gen")),
    "ada": (crafted, {"augment": augment.ada(target=-2.0, every=1, images=32)}, ("disc", "gen")),
    "replay": (crafted, {"replay": memory.replay(16, 0.5)}, ("disc",)),
    "lecam": (crafted, {"lecam": memory.lecam(start=0)}, ("disc",)),
    "cr": (consistency, {**NOTHING, "real_weight": 10.0}, ("disc",)),
    "bcr": (consistency, {"real_weight": 10.0, "fake_weight": 10.0}, ("disc",)),
    "zcr_of_d": (consistency, {**NOTHING, "disc_latent_weight": 20.0}, ("disc",)),
    "zcr_of_g": (consistency, {**NOTHING, "gen_latent_weight": 0.5}, ("gen",)),
}
TURNS = {
    "second_step": {"disc_turn": turns.every_steps(2)},
    "second_epoch": {"disc_turn": turns.every_epochs(2, steps=2)},
    "resting": {"disc_turn": turns.resting("disc/loss", below=1.2)},
    "gen_resting": {"gen_turn": turns.resting("gen/loss", above=0.9)},
}


def game(system, **keywords):
    return system.build(mlp.generator((16,), (SIZE, SIZE, 3)), mlp.critic((16,)), latent_dim=5, **keywords)


def batch(i=0):
    return {"image": jax.random.uniform(jax.random.key(i), (1, B, SIZE, SIZE, 3), minval=-1.0)}


def start(gan, tx=Players(ADAM, ADAM)):  # noqa: B008
    return jax.jit(lambda key: init(gan, tx, key, batch()))(jax.random.key(0))


def run(step, state, steps, first=0):
    for i in range(first, first + steps):
        state, _ = step(state, batch(i), jax.random.key(1))
    return state


def assert_resumes(step, state, folder):
    """2 steps, saved, restored, 2 more: the 4 steps, to the bit."""
    fresh = jax.tree.map(jnp.copy, state)
    with Checkpoints(folder) as checkpoints:
        checkpoints.save(2, run(step, state, 2))
    with Checkpoints(folder) as checkpoints:
        _, restored = checkpoints.restore(fresh)
    for a, b in zip(jax.tree.leaves(run(step, restored, 2, 2)), jax.tree.leaves(run(step, fresh, 4)), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.ci
@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_changes_the_losses_that_it_should_and_no_other(name):
    """Beside the same system without it, at the same parameters, after steps that fill its memory."""
    system, keywords, changed = TRICKS[name]
    plain, gan = game(system, **(NOTHING if system is consistency else {})), game(system, **keywords)

    @jax.jit
    def look(state, image, key):
        bare = state.carry._replace(memory={name: () for name in state.carry.memory})
        return [
            [getattr(each, f"{who}_loss")(state.params, carry, image, key) for who in Players._fields]
            for each, carry in ((gan, state.carry), (plain, bare))
        ]

    with library():
        state = run(jax.jit(step_of(system)(gan, Players(ADAM, ADAM))), start(gan), 3)
        ours, theirs = look(state, jax.tree.map(lambda x: x[0], batch(7)), jax.random.key(2))
    for who, (here, (carry, metrics)), (there, (other, same)) in zip(Players._fields, ours, theirs, strict=True):
        assert (abs(float(here - there)) > 1e-5) == (who in changed)
        assert metrics.keys() == same.keys()
        assert jax.tree.structure(carry.vars) == jax.tree.structure(other.vars)


@pytest.mark.ci
@pytest.mark.parametrize("name", TRICKS)
def test_a_run_with_a_trick_resumes_to_the_bit(name, tmp_path):
    system, keywords, _ = TRICKS[name]
    gan = game(system, **keywords)
    with library():
        assert_resumes(jax.jit(step_of(system)(gan, Players(ADAM, ADAM))), start(gan), tmp_path)


@pytest.mark.parametrize("name", TURNS)
def test_a_run_with_turns_resumes_to_the_bit(name, tmp_path):
    gan = game(crafted)
    with library():
        assert_resumes(jax.jit(crafted.moves(gan, Players(ADAM, ADAM), **TURNS[name])), start(gan), tmp_path)


@pytest.mark.parametrize("system", [crafted, consistency])
def test_with_nothing_asked_for_it_is_dcgan(system):
    """Of a generator that does not look at z: the games draw their latents by other keys."""

    class Constant(nets.Generator):
        def __call__(self, z, train=True):
            return super().__call__(jnp.ones_like(z), train)

    made = nets.generator(SIZE, 4)
    generator = Constant(
        **{name: getattr(made, name) for name in made.__dataclass_fields__ if name not in ("parent", "name")}
    )
    keywords = NOTHING if system is consistency else {}
    ours, theirs = (
        each.build(generator, nets.critic(SIZE, 4), latent_dim=5, **words)
        for each, words in ((system, keywords), (dcgan, {}))
    )
    with library():
        state, image = start(theirs), jax.tree.map(lambda x: x[0], batch(7))
        for who in Players._fields:
            carry = state.carry._replace(memory=start(ours).carry.memory)
            a, (seen, metrics) = getattr(ours, f"{who}_loss")(state.params, carry, image, jax.random.key(2))
            b, (expected, same) = getattr(theirs, f"{who}_loss")(state.params, state.carry, image, jax.random.key(3))
            assert float(a) == float(b)
            assert metrics.keys() == same.keys()
            for x, y in zip(jax.tree.leaves(seen.vars), jax.tree.leaves(expected.vars), strict=True):
                np.testing.assert_array_equal(x, y)


def test_smoothing_is_its_formula():
    """−0.9 log σ(r) − 0.1 log(1 − σ(r)) for real images, of one logit on all sides, in float64."""
    gan = game(crafted, real_label=0.9, fake_label=0.2)
    with library():
        state = start(gan)
        flat = jax.tree.map(jnp.zeros_like, state.params)
        params = state.params._replace(disc=jax.tree.map(lambda x: x + (0.7 if x.shape == (1,) else 0), flat.disc))
        loss, _ = gan.disc_loss(params, state.carry, jax.tree.map(lambda x: x[0], batch()), jax.random.key(0))
    p = 1 / (1 + np.exp(-0.7))
    real, fake = (-t * np.log(p) - (1 - t) * np.log(1 - p) for t in (0.9, 0.2))
    assert float(loss) == pytest.approx(real + fake, rel=1e-6)


@pytest.mark.ci
def test_schedules_count_steps_and_are_right_after_a_resume(tmp_path):
    """Linear decay to step 4 with two moves of D in each: its update at step k is (4 − k) / 4 of the first rate."""
    sgd = transforms.scheduled(optax.sgd(0.1), transforms.linear_decay(4))
    tx, gan = Players(sgd, sgd), game(crafted)
    with library():
        step = jax.jit(crafted.moves(gan, tx, n_critic=2))
        state = start(gan, tx)

        def norm(state, i):
            two = jax.tree.map(lambda x: jnp.concatenate([x, x]), batch(i))
            after, metrics = step(state, two, jax.random.key(1))
            moved = optax.tree.norm(jax.tree.map(jnp.subtract, after.params.gen, state.params.gen))
            return after, float(moved / metrics["gen/gradient_norm"])

        for i, rate in enumerate((0.1, 0.075)):
            state, seen = norm(state, i)
            assert seen == pytest.approx(rate, rel=1e-3)
        with Checkpoints(tmp_path) as checkpoints:
            checkpoints.save(2, state)
        with Checkpoints(tmp_path) as checkpoints:
            _, state = checkpoints.restore(start(gan, tx))
        for i, rate in ((2, 0.05), (3, 0.025)):
            state, seen = norm(state, i)
            assert seen == pytest.approx(rate, rel=1e-3)
        before = state.params
        assert norm(state, 4)[1] == 0
        assert jax.tree.structure(before) == jax.tree.structure(state.params)


@pytest.mark.ci
def test_an_average_with_a_warm_up_resumes_and_forgets_the_start(tmp_path):
    gan = game(crafted)
    with library():
        play = crafted.moves(gan, Players(ADAM, ADAM))
        step = jax.jit(sequence(play, average(transforms.ema_warm_up(0.999))))
        assert_resumes(step, start(gan), tmp_path)
        warm = run(step, start(gan), 1).ema.gen[0]
        cold = run(jax.jit(sequence(play, average(0.999))), start(gan), 1).ema.gen[0]
        first = start(gan).params.gen

    def far(params):
        return float(optax.tree.norm(jax.tree.map(jnp.subtract, params, first)))

    assert far(warm) > 100 * far(cold)


def test_two_time_scales_are_two_rates():
    tx = Players(optax.sgd(0.1), optax.sgd(0.4))
    gan = game(crafted)
    with library():
        state = start(gan, tx)
        after, metrics = jax.jit(crafted.moves(gan, tx))(state, batch(), jax.random.key(1))
    for who, rate in (("gen", 0.1), ("disc", 0.4)):
        moved = optax.tree.norm(jax.tree.map(jnp.subtract, getattr(after.params, who), getattr(state.params, who)))
        assert float(moved / metrics[f"{who}/gradient_norm"]) == pytest.approx(rate, rel=1e-4)
