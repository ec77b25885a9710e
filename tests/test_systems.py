"""The conformance table: every system plays every row. A new system is one entry of ``SYSTEMS``.

The counts of row 1 stand in tests/test_commands.py, where the configs are.
"""

import functools
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax import augment, core, memory, parallel
from ganjax.checkpoint import Checkpoints
from ganjax.core import Gan, Players, State, Step
from ganjax.game import step_of
from ganjax.nets import acgan as classifying
from ganjax.nets import biggan as large
from ganjax.nets import biggan_deep as deep
from ganjax.nets import cogan as coupling
from ganjax.nets import cyclegan as residual
from ganjax.nets import dcgan as nets
from ganjax.nets import discogan as halving
from ganjax.nets import fader as fading_nets
from ganjax.nets import infogan as informed
from ganjax.nets import joined, mlp, patchgan, sndcgan, unet
from ganjax.nets import munit as styling
from ganjax.nets import pix2pixhd as looking
from ganjax.nets import sagan as reading_itself
from ganjax.nets import sgan as labelling
from ganjax.nets import sngan as projecting
from ganjax.nets import stargan as starring
from ganjax.nets import text_gan as reading
from ganjax.nets import ugatit as attending
from ganjax.nets import unit as latent
from ganjax.nets import vae_gan as coders
from ganjax.nets.conv import library
from ganjax.systems import (
    acgan,
    biggan,
    cdcgan,
    cgan,
    cogan,
    consistency,
    crafted,
    cyclegan,
    dcgan,
    discogan,
    fader,
    gan,
    infogan,
    lsgan,
    munit,
    pix2pix,
    pix2pixhd,
    sagan,
    sgan,
    sngan,
    stargan,
    text_gan,
    ugatit,
    unit,
    vae,
    vae_gan,
    wgan,
    wgan_gp,
)
from ganjax.transforms import pmean_gradients

B, SIZE, LATENT = 8, 8, 5
SGD = optax.sgd(
    0.01, momentum=0.5
)  # at a row's own rate; Adam would move by its rate where a gradient is nothing but rounding
EVERY_TRICK = {
    "augment": augment.in_turn(augment.diffaugment(), augment.instance_noise(0.1, 10), augment.ada()),
    "replay": memory.replay(16),
    "lecam": memory.lecam(start=1),
}
SCORES = ("disc/real_score", "disc/fake_score", "gen/fake_score")


class Row(NamedTuple):
    """A tiny instance: axis_name -> networks and game; micro-batches of a step; who has parameters, the first of them
    tried on a fixed batch; what is logged beside the losses."""

    module: Any
    build: Any
    n_critic: int = 1
    norm: bool = True
    players: tuple[str, ...] = ("disc", "gen")
    metrics: tuple[str, ...] = SCORES
    schedule: Any = MappingProxyType({})  # keywords of the moves
    rate: float = 0.01  # of SGD
    size: int = SIZE  # pixels


def image_game(module, norm=True, **keywords):
    def build(axis_name=None) -> Gan:
        generator = nets.generator(SIZE, 4, axis_name=axis_name)
        return module.build(
            generator, nets.critic(SIZE, 4, norm=norm, axis_name=axis_name), latent_dim=LATENT, **keywords
        )

    return build


def flat_game(axis_name=None) -> Gan:
    del axis_name
    return gan.build(mlp.generator((16,), (SIZE, SIZE, 3)), mlp.critic((16,)), latent_dim=LATENT)


def told_mlp(axis_name=None) -> Gan:
    del axis_name
    generator = joined.mlp_generator((SIZE, SIZE, 3), 8, 8)
    return cgan.build(generator, joined.mlp_critic((8, 2), (4, 2), (8, 2)), latent_dim=LATENT)


def told_at_every_layer(axis_name=None) -> Gan:
    generator = joined.generator(SIZE, 3, 4, 8, axis_name=axis_name)
    return cdcgan.build(generator, joined.critic(4, 8, axis_name=axis_name), latent_dim=LATENT)


def told_at_the_door(axis_name=None) -> Gan:
    generator = joined.joined_generator(nets.generator(SIZE, 4, axis_name=axis_name))
    critic = joined.joined_critic(nets.critic(SIZE, 4, axis_name=axis_name))
    return cdcgan.build(generator, critic, latent_dim=LATENT, wrong_weight=1.0)


def classified(axis_name=None) -> Gan:
    generator = classifying.generator(SIZE, 3, 4, axis_name=axis_name)
    return acgan.build(generator, classifying.critic(SIZE, 4, axis_name=axis_name), latent_dim=LATENT)


def informative(axis_name=None) -> Gan:
    generator = informed.generator(SIZE, 3, 4, 16, axis_name=axis_name)
    return infogan.build(generator, informed.critic(4, 16, axis_name=axis_name), latent_dim=LATENT)


def half_labelled(axis_name=None) -> Gan:
    generator = labelling.generator((SIZE, SIZE, 3), (8,), axis_name=axis_name)
    return sgan.build(generator, labelling.critic((16, 8)), latent_dim=LATENT)


def told_a_sentence(**weights):
    def build(axis_name=None) -> Gan:
        networks = [
            reading.generator(SIZE, 4, 3, axis_name=axis_name),
            reading.critic(SIZE, 4, 3, noise=0.1, axis_name=axis_name),
        ]
        return text_gan.build(*networks, latent_dim=LATENT, text_dim=7, **weights)

    return build


def coder_game(module, critic=False, **keywords):
    def build(axis_name=None) -> Gan:
        networks = {
            "encoder": coders.encoder(SIZE, 4, LATENT, axis_name=axis_name),
            "generator": coders.generator(SIZE, 4, axis_name=axis_name),
            **({"critic": coders.critic(SIZE, 4, axis_name=axis_name)} if critic else {}),
        }
        return module.build(**networks, latent_dim=LATENT, **keywords)

    return build


def two_ways(norm=False, **keywords):
    def build(axis_name=None) -> Gan:
        del axis_name
        critic = patchgan.critic(4, layers=1)
        return cyclegan.build(residual.generator(4, blocks=1), critic, pool=memory.pool(12), **keywords)

    return build


def one_way(axis_name=None) -> Gan:
    critic = patchgan.critic(4, layers=1, batch_norm=True, axis_name=axis_name)
    return pix2pix.build(unet.generator(SIZE, 4, axis_name=axis_name), critic)


def relations(**keywords):
    def build(axis_name=None) -> Gan:
        critic = halving.critic(SIZE, 4, axis_name=axis_name)
        return discogan.build(halving.generator(SIZE, 4, axis_name=axis_name), critic, **keywords)

    return build


def parts(axis_name=None) -> Gan:
    """Edges of instances, an encoder of looks, a perceptual term."""
    del axis_name
    networks = residual.enhancer(2, 1, inner_blocks=1, inner_halvings=1), patchgan.scales(4, layers=1)
    encoder = looking.encoder(2, halvings=1)
    return pix2pixhd.build(*networks, encoder=encoder, perceptual=lambda x: [x, x * x, x, x, x])


def coupled(axis_name=None) -> Gan:
    return cogan.build(coupling.generator(28, 16, 3, axis_name=axis_name), coupling.critic(2, 8), latent_dim=LATENT)


def one_latent_space(axis_name=None) -> Gan:
    del axis_name
    networks = latent.encoder(2, 1), latent.decoder(2, 1), latent.critic(2, 2)
    small = {"likelihood_weight": 1.0, "cycle_likelihood_weight": 1.0}  # of 100 rounding is 100 times as much
    return unit.build(*networks, shared=latent.shared(), **small)


def styled(axis_name=None) -> Gan:
    del axis_name
    networks = styling.content(2, 1, 1), styling.style(2, 2, 3), styling.decoder(1, 1, 4), styling.critic(2, 1, 2)
    return munit.build(*networks, style_dim=3, cycle_weight=1.0, perceptual=lambda x: [x], perceptual_weight=1.0)


def domains(axis_name=None) -> Gan:
    del axis_name
    return stargan.build(starring.generator(2, 1), starring.critic(4, 2, 2), values=VALUES, sets=(0, 1))


def fading(axis_name=None) -> Gan:
    coders = fading_nets.encoder(2, 4, axis_name=axis_name), fading_nets.decoder(2, 4, axis_name=axis_name)
    critic = fading_nets.critic(sum(VALUES), 4, 1, 0.3, axis_name=axis_name)
    return fader.build(*coders, critic, values=VALUES, latent_weight=fader.ramp(1e-2, 10))


def attentive(axis_name=None) -> Gan:
    del axis_name
    return ugatit.build(attending.generator(2, 1), attending.critic(2, 3), attending.critic(4, 3))


SMALL = {"size": SIZE, "channels": 4, "widths": (2, 2), "classes": 10}  # one doubling, one halving


def projected(axis_name=None) -> Gan:
    networks = projecting.generator(**SMALL, axis_name=axis_name), projecting.critic(**SMALL, halvings=1)
    return sngan.build(*networks, latent_dim=LATENT, classes=10)


def convolutions(axis_name=None) -> Gan:
    return sngan.build(sndcgan.generator(SIZE, 4, axis_name=axis_name), sndcgan.critic(SIZE, 4), latent_dim=LATENT)


def self_attentive(axis_name=None) -> Gan:
    generator = reading_itself.generator(**SMALL, attention=(8,), axis_name=axis_name)
    critic = reading_itself.critic(**SMALL, halvings=1, attention=(4,))
    return sagan.build(generator, critic, latent_dim=LATENT, classes=10)


def big(axis_name=None) -> Gan:
    generator = large.generator(**SMALL, shared=3, attention=(8,), axis_name=axis_name)
    critic = large.critic(**SMALL, halvings=1, attention=(4,), dropout=0.1)
    return biggan.build(generator, critic, latent_dim=6, classes=10, orthogonal_weight=1e-3, penalty_weight=0.1)


def big_and_deep(axis_name=None) -> Gan:
    generator = deep.generator(**SMALL, shared=3, attention=(8,), axis_name=axis_name)
    return biggan.build(generator, deep.critic(**SMALL, attention=(4,)), latent_dim=LATENT, classes=10)


VALUES = (3, 2)  # of the attributes of test batches
CYCLES = ("disc/accuracy_a", "disc/accuracy_b", "gen/adversarial", "gen/cycle", "gen/identity")
RELATIONS = ("disc/accuracy", "gen/adversarial", "gen/features", "gen/reconstruction")
SYSTEMS = {
    "gan": Row(gan, flat_game, 2),
    "dcgan": Row(dcgan, image_game(dcgan)),
    "dcgan:tutorial": Row(dcgan, image_game(dcgan, shared_latents=True)),
    "lsgan": Row(lsgan, image_game(lsgan)),
    "wgan": Row(wgan, image_game(wgan), 2),
    "wgan_gp": Row(wgan_gp, image_game(wgan_gp, norm=False), 2),
    "cgan": Row(cgan, told_mlp),
    "cdcgan": Row(cdcgan, told_at_every_layer),
    "cdcgan:homework": Row(cdcgan, told_at_the_door),
    "acgan": Row(acgan, classified),
    "infogan": Row(infogan, informative),
    "sgan": Row(sgan, half_labelled),
    "crafted": Row(crafted, image_game(crafted, flip=0.1, real_label=0.9, **EVERY_TRICK)),
    "consistency": Row(consistency, image_game(consistency, disc_latent_weight=1.0, gen_latent_weight=0.5)),
    "text_gan": Row(text_gan, told_a_sentence()),
    "vae": Row(vae, coder_game(vae), players=("gen",), metrics=("gen/elbo", "gen/kl", "gen/reconstruction")),
    "vae_gan": Row(vae_gan, coder_game(vae_gan, critic=True, reconstruction_weight=1.0, gamma=0.5), rate=1e-3),
    "cyclegan": Row(cyclegan, two_ways(), metrics=CYCLES, rate=1e-6),  # rounding grows a hundredfold a step at 1e-4
    "cyclegan:deck": Row(
        cyclegan,
        two_ways(pooled=True, identity_weight=0.0),
        2,
        metrics=CYCLES,
        schedule={"order": cyclegan.disc_first},
        rate=1e-6,
    ),
    "pix2pix": Row(pix2pix, one_way, metrics=("disc/accuracy", "gen/adversarial", "gen/l1")),
    "pix2pixhd": Row(
        pix2pixhd, parts, metrics=("disc/accuracy", "gen/features", "gen/l1", "gen/perceptual"), rate=1e-5
    ),
    "discogan": Row(
        discogan, relations(rate=discogan.two_phases(until=1)), metrics=RELATIONS, schedule={"interval": 1}
    ),
    "cogan": Row(cogan, coupled, metrics=("disc/accuracy", "gen/fake_score"), size=28),
    "unit": Row(unit, one_latent_space, metrics=("disc/accuracy_a", "gen/kl", "gen/cycle"), rate=1e-4, size=16),
    "munit": Row(munit, styled, metrics=("disc/accuracy_b", "gen/content", "gen/style", "gen/perceptual"), rate=1e-5),
    "stargan": Row(stargan, domains, 2, metrics=("disc/classes", "disc/penalty", "gen/reconstruction"), rate=1e-5),
    "fader": Row(fader, fading, metrics=("gen/hidden", "gen/reconstruction")),
    # its weights of 1000 carry activations over kinks of ReLU within 5 steps at 1e-6, and rounding grows a hundredfold there
    "ugatit": Row(ugatit, attentive, metrics=("disc/accuracy_local_a", "gen/attention", "gen/identity"), rate=1e-7),
    "sngan": Row(sngan, projected, 2, rate=1e-3),
    "sngan:dcgan": Row(sngan, convolutions, 2),
    "sagan": Row(sagan, self_attentive, rate=1e-3),
    "biggan": Row(biggan, big, 2, metrics=(*SCORES, "disc/slope", "gen/orthogonal"), rate=1e-3),
    "biggan:deep": Row(biggan, big_and_deep, rate=1e-3),
}
FAMILIES = ["dcgan"]  # of the rows that take a compilation more
RARELY = ["sngan:dcgan", "biggan:deep", "sagan"]  # sagan's parts are biggan's
COMMON = [*FAMILIES, "wgan_gp", "gan", "lsgan", "wgan", "cgan", "acgan", "crafted", "vae_gan", "cyclegan"]


def rows(often: list[str]) -> list[Any]:
    """All systems; .ci/run plays those that are not played often (-m ci), but for other networks of a game that is played,
    which are slow. One process compiles what a system's rows share."""
    seldom = {n: [] if n in often else [pytest.mark.slow if n in RARELY else pytest.mark.ci] for n in SYSTEMS}
    return [pytest.param(n, marks=[pytest.mark.xdist_group(n), *marks]) for n, marks in seldom.items()]


ROWS, IN_CI = rows(COMMON), rows(FAMILIES)
WITH_MEMORY = ["dcgan:tutorial", "crafted", "cyclegan", "cyclegan:deck", "pix2pix", "pix2pixhd"]


class Play(NamedTuple):
    gan: Gan
    tx: Players
    step: Step
    state: State
    batch: dict[str, jax.Array]
    compiled: Any


def game(name: str, axis_name: str | None = None) -> tuple[Gan, Players, Step]:
    row = SYSTEMS[name]
    played = row.build(axis_name)
    sgd = optax.sgd(row.rate, momentum=0.5)
    tx = Players(*[optax.chain(pmean_gradients(axis_name), sgd) if axis_name else sgd] * 2)
    if hasattr(row.module, "optimizers"):
        tx = row.module.optimizers(*tx)
    return played, tx, step_of(row.module)(played, tx, n_critic=row.n_critic, **row.schedule)


def batch_of(m: int, b: int = B, size: int = SIZE) -> dict[str, jax.Array]:
    image = jax.random.uniform(jax.random.key(7), (m, b, size, size, 3), minval=-1.0)
    label = jnp.arange(m * b).reshape(m, b) % 10
    labelled = {"labelled_image": image[:, ::-1], "labelled_label": label[:, ::-1]}
    text = jax.random.normal(jax.random.key(8), (m, b, 7))
    told = {"text": text, "text_wrong": jnp.roll(text, 1, axis=1)}
    maps = (image[..., :1] > 0).astype(jnp.int32)
    return {
        "image": image,
        "label": label,
        **labelled,
        **told,
        "a": image,
        "b": jnp.flip(image, axis=2),
        "instance": maps,
        "attribute": jnp.stack([label % 3, label % 2], axis=-1),
    }


@functools.lru_cache(maxsize=2)  # a process plays a system's rows one after the other
def play(name: str) -> Play:
    """One compiled tiny step for each system, shared by the rows."""
    with library():
        played, tx, step = game(name)
        batch = batch_of(SYSTEMS[name].n_critic, size=SYSTEMS[name].size)
        state = jax.jit(lambda key: core.init(played, tx, key, batch))(jax.random.key(0))
        compiled = jax.jit(step, donate_argnums=0)
        traced = compiled.lower(state, batch, jax.random.key(1)).compile()
    return Play(played, tx, step, state, batch, traced)


@functools.lru_cache(maxsize=4)
def move(name: str, who: str) -> Any:
    """One player's compiled move."""
    p = play(name)
    return jax.jit(core.play(who, getattr(p.gan, f"{who}_loss"), getattr(p.tx, who)))


def fresh(name: str) -> State:
    """A copy of the first state, to be donated."""
    return jax.tree.map(jnp.copy, play(name).state)


def after(name: str, steps: int) -> State:
    state = fresh(name)
    for _ in range(steps):
        state, _ = play(name).compiled(state, play(name).batch, jax.random.key(1))
    return state


def assert_equal(a, b):
    for (path, x), y in zip(jax.tree_util.tree_leaves_with_path(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_array_equal(x, y, err_msg=jax.tree_util.keystr(path))


def assert_close(a, b, tolerance):
    for (path, x), y in zip(jax.tree_util.tree_leaves_with_path(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_allclose(x, y, atol=tolerance, rtol=tolerance, err_msg=jax.tree_util.keystr(path))


@pytest.mark.parametrize("name", ROWS)
def test_2_losses_are_finite_and_metrics_have_an_owner(name):
    _, metrics = play(name).compiled(fresh(name), play(name).batch, jax.random.key(1))
    assert {"disc/loss", "gen/loss", *SYSTEMS[name].metrics} <= set(metrics)
    for metric, value in metrics.items():
        assert metric.startswith(("disc/", "gen/"))
        assert value.shape == ()
        assert np.isfinite(value)


@pytest.mark.parametrize("name", IN_CI)
@pytest.mark.parametrize("who", ["disc", "gen"])
def test_3_a_move_leaves_the_other_player_alone(name, who):
    p = play(name)
    with library():
        state = after(name, 1)
        moved, _ = move(name, who)(state, p.batch, jax.random.key(2))
    other = "gen" if who == "disc" else "disc"
    assert_equal(getattr(moved.params, other), getattr(state.params, other))
    assert_equal(getattr(moved.opt, other), getattr(state.opt, other))
    pairs = zip(jax.tree.leaves(getattr(moved.params, who)), jax.tree.leaves(getattr(state.params, who)), strict=True)
    assert any(bool((a != b).any()) for a, b in pairs) == (who in SYSTEMS[name].players)


@pytest.mark.parametrize("name", ROWS)
def test_4_state_keeps_its_structure_and_types(name):
    p = play(name)
    before = jax.tree.map(lambda x: (x.shape, x.dtype, x.weak_type), jax.eval_shape(lambda s: s, p.state))
    out = jax.eval_shape(p.step, p.state, p.batch, jax.random.key(1))[0]
    assert jax.tree.structure(out) == jax.tree.structure(p.state)
    assert jax.tree.map(lambda x: (x.shape, x.dtype, x.weak_type), out) == before


@pytest.mark.parametrize("name", IN_CI)
def test_5_jit_changes_nothing(name):
    p = play(name)
    with jax.disable_jit(), library():
        plain, logged = p.step(p.state, p.batch, jax.random.key(1))
    compiled, metrics = p.compiled(fresh(name), p.batch, jax.random.key(1))
    assert_close(metrics, logged, 1e-4)
    assert_close(compiled.carry.vars, plain.carry.vars, 1e-4)
    assert_close(compiled.params, plain.params, 1e-5)


@pytest.mark.parametrize("name", IN_CI)
def test_6_one_trace_per_number_of_micro_batches(name):
    """The state is fed back, so that a changed type or a weak one would trace anew; m alternates."""
    p, traces = play(name), []
    row = SYSTEMS[name]
    played = step_of(row.module)(p.gan, p.tx, n_critic=lambda step: 0, **row.schedule)  # takes what the batch brings

    def counted(state, batch, key):
        traces.append(len(batch["image"]))
        return played(state, batch, key)

    step, state = jax.jit(counted), fresh(name)
    with library():
        for m in (1, 2, 1, 2, 1):
            state = step.trace(state, batch_of(m, size=SYSTEMS[name].size), jax.random.key(1)).out_info[0]
    assert traces == [1, 2]


@pytest.mark.parametrize("name", ROWS)
def test_7_the_state_is_donated(name):
    state = fresh(name)
    play(name).compiled(state, play(name).batch, jax.random.key(1))
    assert all(leaf.is_deleted() for leaf in jax.tree.leaves((state.params, state.opt)))


@pytest.mark.parametrize("name", IN_CI)
def test_8_one_device_is_four_devices(name):
    """The batch over a mesh of four: losses, gradients and BatchNorm see all of it."""
    p = play(name)
    with library():
        devices = parallel.over_mesh(p.step)
        batch = devices.put(jax.tree.map(np.asarray, p.batch))
        state, metrics = devices.step(devices.spread(fresh(name)), batch, jax.random.key(1))
    alone, expected = p.compiled(fresh(name), p.batch, jax.random.key(1))
    assert jax.tree.leaves(batch)[0].sharding.num_devices == 4
    assert_close(metrics, expected, 1e-4)
    assert_close(state.carry.vars, alone.carry.vars, 1e-4)
    assert_close(state.params, alone.params, 1e-5)


@pytest.mark.parametrize("over", [parallel.over_mesh, parallel.over_pmap])
def test_several_cpu_devices_take_one_step_at_a_time(over):
    """Steps dispatched ahead stop in a collective that one device never joins: 5 of 11 runs of 300 steps did."""

    def slow(state, batch, key):
        return jax.lax.fori_loop(0, 200, lambda _, x: x @ x / 512, state), batch.sum()

    devices = over(slow)
    state, _ = devices.step(devices.spread(jnp.ones((512, 512))), devices.put(np.ones((1, 4))), jax.random.key(0))
    assert state.is_ready()


@pytest.mark.parametrize("name", [row for row in IN_CI if row.values[0] not in WITH_MEMORY])
def test_8_pmap_is_vmap_over_a_named_axis(name):
    m, n = SYSTEMS[name].n_critic, 4
    with library():
        played, tx, step = game(name, parallel.AXIS)
        start = core.init(played, tx, jax.random.key(0), batch_of(m, size=SYSTEMS[name].size))
        devices = parallel.over_pmap(step)
        host = jax.tree.map(np.asarray, batch_of(m, 4 * B, SYSTEMS[name].size))
        state, metrics = devices.step(devices.spread(start), devices.put(host), jax.random.key(1))

        def own(state, batch, key):
            return step(state, batch, jax.random.fold_in(key, jax.lax.axis_index(parallel.AXIS)))

        vmapped = jax.jit(jax.vmap(own, in_axes=(None, 0, None), axis_name=parallel.AXIS))
        expected, logged = vmapped(start, jax.tree.map(np.asarray, devices.put(host)), jax.random.key(1))
    assert_close(metrics, jax.tree.map(lambda x: x.mean(axis=0), logged), 1e-5)
    assert_close(devices.gather(state).carry.vars, jax.tree.map(lambda x: x[0], expected.carry.vars), 1e-5)
    for leaf in jax.tree.leaves(state.params):
        assert all(bool((leaf[0] == leaf[i]).all()) for i in range(n))
    assert_close(devices.gather(state).params, jax.tree.map(lambda x: x[0], expected.params), 1e-6)


def test_8_pmap_is_jit_where_the_noise_comes_in_the_batch():
    """A game that draws nothing itself: a quarter of the batch on each device is the whole batch on one."""
    of = {
        axis: noiseless(nets.generator(SIZE, 4, axis_name=axis), nets.critic(SIZE, 4, axis_name=axis))
        for axis in (None, "data")
    }
    batch = {**batch_of(1, 4 * B), "z": jax.random.normal(jax.random.key(3), (1, 4 * B, LATENT))}
    host = jax.tree.map(np.asarray, batch)
    sgd = optax.sgd(0.1)
    with library():
        state = core.init(of[None], Players(sgd, sgd), jax.random.key(0), batch)
        meshed = parallel.over_mesh(core.alternate(of[None], Players(sgd, sgd)))
        one, one_log = meshed.step(meshed.spread(jax.tree.map(jnp.copy, state)), meshed.put(host), jax.random.key(1))
        averaged = Players(*[optax.chain(pmean_gradients("data"), sgd)] * 2)
        state = core.init(of["data"], averaged, jax.random.key(0), batch)
        mapped = parallel.over_pmap(core.alternate(of["data"], averaged))
        four, four_log = mapped.step(mapped.spread(state), mapped.put(host), jax.random.key(1))
    norms = [f"{who}/gradient_norm" for who in Players._fields]  # a device's own, before gradients are averaged
    assert_close(*({name: x for name, x in log.items() if name not in norms} for log in (four_log, one_log)), 1e-5)
    assert_close(mapped.gather(four).params, one.params, 1e-5)
    assert_close(mapped.gather(four).carry.vars, one.carry.vars, 1e-5)


def test_four_parts_of_16_are_a_batch_of_64_where_images_do_not_meet():
    """Networks without BatchNorm, the noise in the batch: one update of each player from the mean of four gradients."""
    played, sgd = noiseless(mlp.generator((16,), (SIZE, SIZE, 3)), mlp.critic((16,))), optax.sgd(0.1)
    whole = {**batch_of(1, 64), "z": jax.random.normal(jax.random.key(3), (1, 64, LATENT))}
    parts = jax.tree.map(lambda x: x.reshape(4, 16, *x.shape[2:]), whole)
    state = core.init(played, Players(sgd, sgd), jax.random.key(0), whole)
    one, _ = jax.jit(core.alternate(played, Players(sgd, sgd)))(state, whole, jax.random.key(1))
    four, _ = jax.jit(core.alternate(played, Players(sgd, sgd), accumulate=4))(state, parts, jax.random.key(1))
    assert not jax.tree.leaves(state.carry.vars)
    assert_close(four.params, one.params, 1e-6)
    assert any(bool((a != b).any()) for a, b in zip(*map(jax.tree.leaves, (one.params, state.params)), strict=True))


def noiseless(generator, critic) -> Gan:
    from ganjax.losses import minimax_disc, non_saturating_gen
    from ganjax.nets.bind import bind, noise_to_image, record

    networks = Players(generator, critic)

    def disc_loss(params, carry, batch, key):
        G, D = bind(networks, params, carry, key)
        real, fake = D(batch["image"]), D(G(batch["z"]))
        return minimax_disc(real, fake), (record(carry, G, D), {})

    def gen_loss(params, carry, batch, key):
        G, D = bind(networks, params, carry, key)
        return non_saturating_gen(D(G(batch["z"]))), (record(carry, G, D), {})

    init, generate = noise_to_image(generator, critic, lambda key, n: {"z": jnp.zeros((n, LATENT))})
    return Gan(init, lambda key, n: {}, disc_loss, gen_loss, generate)


@pytest.mark.parametrize("name", ROWS)
def test_9_save_restore_go_on_is_never_stopped(name, tmp_path):
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(2, after(name, 2))
    with Checkpoints(tmp_path) as checkpoints:
        step, state = checkpoints.restore(fresh(name))
    assert step == 2
    assert jax.tree.structure(state) == jax.tree.structure(fresh(name))
    for _ in range(2):
        state, _ = play(name).compiled(state, play(name).batch, jax.random.key(1))
    assert_equal(state, after(name, 4))


@pytest.mark.parametrize("name", IN_CI)
def test_10_the_first_player_learns_a_fixed_batch(name):
    p, state, losses = play(name), fresh(name), []
    who, key = SYSTEMS[name].players[0], jax.random.key(4)
    with library():
        for _ in range(20):
            state, metrics = move(name, who)(state, p.batch, key)  # one key: the same draws every time
            losses.append(float(metrics[f"{who}/loss"]))
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", ROWS)
def test_11_losses_mix_no_types(name):
    """Shapes and types are checked as annotated in all tests (conftest); here no dtype may be promoted in passing."""
    p = play(name)
    batch = jax.tree.map(lambda x: x[0], p.batch)
    with jax.numpy_dtype_promotion("strict"), library():
        for loss in (p.gan.disc_loss, p.gan.gen_loss):
            value, (carry, _) = jax.eval_shape(loss, p.state.params, after(name, 1).carry, batch, jax.random.key(0))
            assert value.dtype == jnp.float32
            assert jax.tree.structure(carry) == jax.tree.structure(p.state.carry)


@pytest.mark.parametrize("name", ROWS)
def test_samples_have_the_shape_of_the_data(name):
    p = play(name)
    inputs = p.gan.inputs(jax.random.key(0), 3) or jax.tree.map(lambda x: x[0, :3], p.batch)
    with library():
        for params, vars in (p.state.ema.gen, (p.state.params.gen, p.state.carry.vars.gen)):
            images, _ = p.gan.generate(params, vars, inputs, jax.random.key(0))
            seen = {which: each for which, each in images.items() if not which.startswith("heat_")}
            assert set(seen) in ({"image"}, {"a", "b"}, {"b"}, {"a", "b", "image"})
            for which, each in seen.items():
                pair = 1 + (which == "image" and "a" in seen)  # side by side
                assert each.shape == (3, SYSTEMS[name].size, pair * SYSTEMS[name].size, 3)
                assert float(jnp.abs(each).max()) <= 1


@pytest.mark.parametrize("name", IN_CI)
def test_seeds_trained_together_are_the_single_runs(name):
    """vmap over state and key, one batch for all: 5 steps of each seed within 1e-5, and nearer where the rate is tiny."""
    p, tolerance = play(name), min(1e-5, 10 * SYSTEMS[name].rate)
    seeds = [jax.random.key(s) for s in range(3)]

    def start(key):
        return core.init(p.gan, p.tx, key, p.batch, averaged=())

    with library():
        state = jax.jit(jax.vmap(start))(jnp.stack(seeds))
        together = jax.jit(jax.vmap(p.step, in_axes=(0, None, 0)))
        single, first = jax.jit(p.step), jax.jit(start)
        for _ in range(5):
            state, _ = together(state, p.batch, jnp.stack(seeds))
        for i, seed in enumerate(seeds):
            alone = first(seed)
            for _ in range(5):
                alone, _ = single(alone, p.batch, seed)
            assert_close(jax.tree.map(lambda x, i=i: x[i], state.params), alone.params, tolerance)


def test_clipped_critics_stay_in_the_box():
    state = after("wgan", 3)
    assert max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(state.params.disc)) <= 0.01


def test_clipping_before_the_update_leaves_the_last_one_free():
    p = play("wgan")
    tx = wgan.optimizers(SGD, SGD, clip=None)
    with library():
        step = wgan.moves(p.gan, tx, n_critic=2, clip_before=0.01)
        state = core.init(p.gan, tx, jax.random.key(0), p.batch)
        state, _ = jax.jit(step)(state, p.batch, jax.random.key(1))
    largest = max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(state.params.disc))
    assert largest > 0.01


def test_the_critic_warms_up_as_the_official_code_does():
    assert [wgan.warm_up(s) for s in (0, 24, 25, 499, 500, 501, 1000)] == [100, 100, 5, 5, 100, 5, 100]


def test_the_tutorial_answers_on_the_latents_that_d_saw():
    p = play("dcgan:tutorial")
    state = after("dcgan:tutorial", 1)
    z = state.carry.memory["z"]
    assert z.shape == (B, LATENT)
    assert float(z.std()) == pytest.approx(1, abs=0.3)
    with library():
        _, (carry, _) = p.gan.gen_loss(
            state.params, state.carry, jax.tree.map(lambda x: x[0], p.batch), jax.random.key(9)
        )
        _, (other, _) = p.gan.gen_loss(
            state.params, state.carry, jax.tree.map(lambda x: x[0], p.batch), jax.random.key(8)
        )
    assert_equal(carry.vars.gen, state.carry.vars.gen)  # the tutorial's one forward pass is D's
    assert_equal(carry.vars.disc, other.vars.disc)  # and the key is not asked


@pytest.mark.ci
def test_text_gan_pays_for_wrong_captions_and_answers_on_interpolated_ones():
    """Three kinds of pairs, weighted 1, 1 − w and w; G's own extra half batch is worth half as much."""
    p, b = play("text_gan"), {name: x[0] for name, x in play("text_gan").batch.items()}
    games = {w: told_a_sentence(wrong_weight=w, interpolation_weight=w)() for w in (0.0, 0.25, 0.5, 1.0)}
    state, key = p.state, jax.random.key(3)
    with library():
        disc = {w: jax.jit(game.disc_loss)(state.params, state.carry, b, key) for w, game in games.items()}
        gen = {w: jax.jit(game.gen_loss)(state.params, state.carry, b, key)[0] for w, game in games.items() if w}
    assert float(disc[1.0][0] - disc[0.5][0]) == pytest.approx(2 * float(disc[0.5][0] - disc[0.25][0]), rel=1e-4)
    assert float(gen[1.0] - gen[0.5]) == pytest.approx(2 * float(gen[0.5] - gen[0.25]), rel=1e-4)
    assert "disc/wrong_score" in disc[0.5][1][1]
    assert "disc/wrong_score" not in disc[0.0][1][1]
    right = {**b, "text_wrong": b["text"]}  # a wrong caption that is right is a contradiction, and costs more
    with library():
        assert float(games[0.5].disc_loss(state.params, state.carry, right, key)[0]) != float(disc[0.5][0])


@pytest.mark.ci
def test_text_gan_s_penalty_is_the_slope_at_real_images_with_their_captions():
    """γ/2 · E ‖∇ₓ D(x, t)‖², on top of the same loss; neither G's loss nor anybody's statistics know of it."""
    p, b = play("text_gan"), {name: x[0] for name, x in play("text_gan").batch.items()}
    games = {weight: told_a_sentence(penalty_weight=weight)() for weight in (0.0, 1.0, 3.0)}
    state, key = p.state, jax.random.key(3)
    with library():
        disc = {weight: jax.jit(game.disc_loss)(state.params, state.carry, b, key) for weight, game in games.items()}
        gen = [jax.jit(game.gen_loss)(state.params, state.carry, b, key)[0] for game in games.values()]
    slope = float(disc[1.0][1][1]["disc/slope"])
    assert slope > 0
    for weight in (1.0, 3.0):
        assert float(disc[weight][0] - disc[0.0][0]) == pytest.approx(weight / 2 * slope, rel=1e-3)
    assert_equal(disc[1.0][1][0].vars, disc[0.0][1][0].vars)
    assert gen[0] == gen[1] == gen[2]
