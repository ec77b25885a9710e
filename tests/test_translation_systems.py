"""What the translation systems promise of their moves and terms."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax import augment, core, memory
from ganjax.core import Players
from ganjax.losses import accuracy, feature_matching, minimax_disc, non_saturating_gen
from ganjax.nets import cyclegan, discogan, patchgan, pix2pixhd, unet
from ganjax.nets.conv import library
from ganjax.systems import cyclegan as cyclegan_system
from ganjax.systems import discogan as discogan_system
from ganjax.systems import pix2pix as pix2pix_system
from ganjax.systems import pix2pixhd as pix2pixhd_system

SGD = Players(optax.sgd(1e-3), optax.sgd(1e-3))
KEY = jax.random.key(1)


@pytest.fixture(autouse=True)
def library_convolutions():
    with library():
        yield


def pair(size=16, n=2, m=1, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return {s: jnp.asarray(rng.uniform(-1, 1, (m, n, size, size, channels)), jnp.float32) for s in "ab"}


def two_ways(**keywords):
    return cyclegan_system.build(cyclegan.generator(2, 1), patchgan.critic(2, 1), **keywords)


def started(game, batch):
    return jax.jit(lambda key: core.init(game, SGD, key, batch, averaged=()))(jax.random.key(0))


def one(batch):
    return jax.tree.map(lambda x: x[0], batch)


def test_cyclegans_loss_is_the_sum_of_its_terms():
    """Weights as said: λ on both cycles, half of it on both identities; without the latter the loss lacks just those."""
    batch = pair()
    game = two_ways(cycle_weight=7.0, identity_weight=0.5)
    state = started(game, batch)
    args = state.params, state.carry, one(batch), KEY
    value, (_, terms) = jax.jit(game.gen_loss)(*args)
    expected = terms["gen/adversarial"] + 7 * (2 * terms["gen/cycle"] + 0.5 * 2 * terms["gen/identity"])
    assert float(value) == pytest.approx(float(expected), rel=1e-5)
    without, (_, left) = jax.jit(two_ways(cycle_weight=7.0, identity_weight=0.0).gen_loss)(*args)
    assert float(value - without) == pytest.approx(7 * float(terms["gen/identity"]), rel=1e-4)
    assert float(left["gen/identity"]) == 0


@pytest.mark.ci
def test_d_is_shown_the_fakes_of_gs_own_pass_before_gs_update():
    """No second pass: what is in the carry is G(a) of the old parameters, although G has moved since."""
    game, batch = two_ways(pool=memory.pool(4)), pair()
    state = started(game, batch)
    after, _ = jax.jit(cyclegan_system.moves(game, SGD))(state, batch, KEY)
    made, _ = jax.jit(game.generate)(state.params.gen, state.carry.vars.gen, one(batch), KEY)
    moved, _ = jax.jit(game.generate)(after.params.gen, after.carry.vars.gen, one(batch), KEY)
    for side in "ab":
        np.testing.assert_allclose(after.carry.memory["fakes"][side], made[side], atol=1e-5)
        np.testing.assert_allclose(after.carry.memory[f"pool_{side}"]["images"][:2], made[side], atol=1e-5)
        assert float(jnp.abs(moved[side] - made[side]).max()) > 1e-4


@pytest.mark.ci
def test_d_first_answers_todays_g_and_g_todays_d():
    """The decks' order: at the first step D sees G's fakes, not an empty memory; G is judged by the D that has moved."""
    game, batch = two_ways(), pair()
    state = started(game, batch)
    first, log = jax.jit(cyclegan_system.moves(game, SGD, order=cyclegan_system.disc_first))(state, batch, KEY)
    made, _ = jax.jit(game.generate)(state.params.gen, state.carry.vars.gen, one(batch), KEY)
    carry = state.carry._replace(memory={**state.carry.memory, "fakes": made})
    value, _ = jax.jit(game.disc_loss)(state.params, carry, one(batch), KEY)
    assert float(log["disc/loss"]) == pytest.approx(float(value), rel=1e-5)
    judged = state.params._replace(disc=first.params.disc)
    value, _ = jax.jit(game.gen_loss)(judged, state.carry, one(batch), KEY)
    assert float(log["gen/loss"]) == pytest.approx(float(value), rel=1e-5)


@pytest.mark.ci
def test_a_full_pool_shows_d_its_history_half_of_the_time():
    """Through whole compiled steps, no host between: of 200 fakes after the pool is full about half are old ones."""
    seen = []
    inner = memory.pool(10)

    def apply(held, key, x):
        held, shown = inner.apply(held, key, x)
        old = (shown != x).any(axis=(1, 2, 3))
        jax.debug.callback(lambda old: seen.append(np.asarray(old)), old)
        return held, shown

    game = two_ways(pool=memory.Pool(inner.init, apply))
    batch = pair(size=8, n=5)
    state, step = started(game, batch), jax.jit(cyclegan_system.moves(game, SGD))
    for i in range(22):
        state, _ = step(state, pair(size=8, n=5, seed=i), KEY)
    jax.effects_barrier()
    full = np.concatenate(seen[4:])  # two steps of two domains fill it
    assert len(full) == 200
    assert 0.38 < full.mean() < 0.62
    assert not np.concatenate(seen[:4]).any()


def test_a_step_with_its_pool_never_leaves_the_device():
    """One program, no callback in it; what it keeps has one shape for ever."""
    game, batch = two_ways(pool=memory.pool(5)), pair(size=8)
    state = jax.eval_shape(lambda key: core.init(game, SGD, key, batch, averaged=()), jax.random.key(0))
    step = cyclegan_system.moves(game, SGD)
    program = str(jax.make_jaxpr(step)(state, batch, KEY))
    assert "callback" not in program
    assert jax.tree.map(jnp.shape, jax.eval_shape(step, state, batch, KEY)[0]) == jax.tree.map(jnp.shape, state)


def test_an_averaged_map_is_one_answer_for_each_image():
    """(mean D − 1)² is not the mean of (D − 1)², but for a map that is all of one value."""
    batch = pair()
    plain, pooled = two_ways(), two_ways(pooled=True)
    state = started(plain, batch)
    a, b = (jax.jit(game.gen_loss)(state.params, state.carry, one(batch), KEY)[1][1] for game in (plain, pooled))
    assert float(a["gen/adversarial"]) > float(b["gen/adversarial"])  # by the variance over the map
    assert float(a["gen/cycle"]) == pytest.approx(float(b["gen/cycle"]), rel=1e-6)


def test_a_channel_lies_on_the_way_back_alone():
    """What D sees is clear; sent through a channel that lets nothing pass, a face comes back as the one of an empty picture."""
    batch = pair()
    empty = augment.Augment("empty", lambda: (), lambda held, step, key, x: 0 * x, lambda held, real: held)
    clear, noisy, closed = (
        two_ways(identity_weight=0.0, **given)
        for given in ({}, {"channel": augment.instance_noise(0.5)}, {"channel": empty})
    )
    state = started(clear, batch)
    of, blank = one(batch), jax.tree.map(jnp.zeros_like, one(batch))
    terms = [jax.jit(game.gen_loss)(state.params, state.carry, of, KEY)[1][1] for game in (clear, noisy, closed)]
    assert len({float(each["gen/adversarial"]) for each in terms}) == 1
    assert len({float(each["gen/cycle"]) for each in terms}) == 3
    back, _ = jax.jit(clear.generate)(state.params.gen, state.carry.vars.gen, blank, KEY)
    expected = (jnp.abs(back["a"] - of["a"]).mean() + jnp.abs(back["b"] - of["b"]).mean()) / 2
    assert float(terms[2]["gen/cycle"]) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.ci
def test_domains_of_different_channels():
    """Grey into colour and back: another generator for the way back, no identity term."""
    generators = cyclegan.generator(2, 1, image_channels=3), cyclegan.generator(2, 1, image_channels=1)
    game = cyclegan_system.build(
        generators[0], patchgan.critic(2, 1), generator_ba=generators[1], identity_weight=0.0, pool=memory.pool(3)
    )
    batch = {**pair(), "a": pair(channels=1)["a"]}
    state, log = jax.jit(cyclegan_system.moves(game, SGD))(started(game, batch), batch, KEY)
    assert np.isfinite(float(log["gen/loss"]))
    assert state.carry.memory["fakes"]["a"].shape[-1] == 1


def test_both_players_of_pix2pix_see_one_fake():
    """The dropout masks of D's move are G's; the running statistics are counted once."""
    game = pix2pix_system.build(unet.generator(32, 2, innermost_dropout=True), patchgan.critic(2, 1, batch_norm=True))
    batch = pair(size=32)
    state = started(game, batch)
    _, (carry, _) = jax.jit(game.disc_loss)(state.params, state.carry, one(batch), KEY)
    losses = [jax.jit(game.gen_loss)(state.params, carry, one(batch), jax.random.key(k)) for k in (5, 6)]
    assert float(losses[0][1][1]["gen/l1"]) == float(
        losses[1][1][1]["gen/l1"]
    )  # the move's own key draws no other fake
    other = jax.jit(game.disc_loss)(state.params, state.carry, one(batch), jax.random.key(9))[1][0]
    again = jax.jit(game.gen_loss)(state.params, other, one(batch), KEY)
    assert float(again[1][1]["gen/l1"]) != float(losses[0][1][1]["gen/l1"])
    jax.tree.map(np.testing.assert_array_equal, losses[0][1][0].vars.gen, carry.vars.gen)


def test_discogans_turns_and_phases():
    """D at steps 0, 3, 6; at step 2 the reconstruction begins to weigh a half."""
    critic, rate = discogan.critic(8, 2), discogan_system.two_phases(0.01, 0.5, until=2)
    game = discogan_system.build(discogan.generator(8, 2), critic, rate=rate)
    batch = pair(size=8)
    state, step = started(game, batch), jax.jit(discogan_system.moves(game, SGD))
    for i in range(5):
        before = state
        state, log = step(state, batch, KEY)
        assert bool(np.isnan(log["disc/loss"])) == (i % 3 != 0)
        assert bool(np.isnan(log["gen/loss"])) == (i % 3 == 0)
        if i % 3:
            r = 0.01 if i < 2 else 0.5
            total = (1 - r) * (0.1 * log["gen/adversarial"] + 0.9 * log["gen/features"]) + r * log["gen/reconstruction"]
            assert float(log["gen/loss"]) == pytest.approx(float(total), rel=1e-5)
            jax.tree.map(np.testing.assert_array_equal, state.params.disc, before.params.disc)


def test_the_decks_discogan_is_reconstruction_plus_log_d():
    game = discogan_system.build(
        discogan.generator(8, 2), discogan.critic(8, 2), rate=0.5, adversarial_weight=1.0, feature_weight=0.0
    )
    batch = pair(size=8)
    _, log = jax.jit(discogan_system.moves(game, SGD, interval=1))(started(game, batch), batch, KEY)
    total = (log["gen/adversarial"] + log["gen/reconstruction"]) / 2
    assert float(log["gen/loss"]) == pytest.approx(float(total), rel=1e-5)
    assert np.isfinite(float(log["disc/loss"]))


def test_classes_are_one_hot_with_the_edges_of_instances():
    """What pix2pixHD's G reads: a channel for each class and one for edges; D the same with the picture."""
    rng = np.random.default_rng(0)
    maps = {"a": jnp.asarray(rng.integers(0, 3, (1, 2, 16, 16, 1)), jnp.int32)}
    maps["instance"] = maps["a"]
    batch = {**maps, "b": pair()["b"]}
    game = pix2pixhd_system.build(cyclegan.generator(2, 1), patchgan.scales(2, 1), classes=3)
    state = started(game, batch)
    assert state.params.gen["ab"]["Conv_0"]["kernel"].shape[2] == 3 + 1
    assert state.params.disc["Critic_0"]["Conv_0"]["kernel"].shape[2] == 3 + 1 + 3
    images, _ = game.generate(state.params.gen, state.carry.vars.gen, one(maps), KEY)
    assert images["b"].shape == (2, 16, 16, 3)


@pytest.mark.ci
def test_looks_come_from_a_picture_or_are_nothing():
    rng = np.random.default_rng(0)
    maps = {name: jnp.asarray(rng.integers(0, 3, (1, 2, 16, 16, 1)), jnp.int32) for name in ("a", "instance")}
    batch = {**maps, "b": pair()["b"]}
    networks = cyclegan.generator(2, 1), patchgan.scales(2, 1)
    game = pix2pixhd_system.build(*networks, classes=3, encoder=pix2pixhd.encoder(2, halvings=1))
    state = started(game, batch)
    own = state.params.gen, state.carry.vars.gen
    plain, _ = game.generate(*own, one(maps), KEY)
    looking, _ = game.generate(*own, one(batch), KEY)
    assert float(jnp.abs(plain["b"] - looking["b"]).max()) > 0
    gradient = jax.jit(
        jax.grad(lambda gen: game.gen_loss(state.params._replace(gen=gen), state.carry, one(batch), KEY)[0])
    )
    assert any(float(jnp.abs(x).max()) > 0 for x in jax.tree.leaves(gradient(state.params.gen)["encoder"]))


def test_feature_matching_by_hand():
    """Two critics of three maps, the last of each left out: 4 / 2 layers / 2 critics times the four mean distances."""
    real = [
        [np.full((2, 3, 3, 1), v, np.float32) for v in (1, 2, 9)],
        [np.full((2, 3), v, np.float32) for v in (3, 4, 9)],
    ]
    fake = [[x + d for x, d in zip(maps, (1, 2, 5), strict=True)] for maps in real]
    real, fake = jax.tree.map(jnp.asarray, (real, fake))
    assert float(feature_matching(real, fake)) == pytest.approx(4 / 2 / 2 * (1 + 2 + 1 + 2))


@pytest.mark.parametrize("ties", [False, True])
def test_accuracy_of_maps_is_that_of_all_pairs(ties):
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.3, 1, (2, 7, 7)), rng.normal(0, 1, (2, 5))
    a, b = (np.round(x) if ties else x for x in (a.astype(np.float32), b.astype(np.float32)))
    pairs = a.reshape(-1, 1), b.reshape(1, -1)
    expected = ((pairs[0] > pairs[1]).mean() + (pairs[0] >= pairs[1]).mean()) / 2
    assert float(accuracy(jnp.asarray(a), jnp.asarray(b))) == pytest.approx(expected, abs=1e-6)
    large = jnp.zeros((1, 256, 256))  # a critic of pixels: 4·10⁹ pairs
    assert float(jax.jit(accuracy)(large + 1, large)) == 1


@pytest.mark.ci
def test_perceptual_maps_are_those_of_the_state_dict(tmp_path):
    """torchvision's names, the first map of each stage; another file is told."""
    from safetensors.numpy import save_file

    from ganjax.errors import UserError
    from ganjax.nets.vgg import VGG16
    from ganjax.weights.perceptual import vgg16

    rng, arrays, place, inputs = np.random.default_rng(0), {}, 0, 3
    for widths in VGG16:
        for width in widths:
            arrays[f"features.{place}.weight"] = rng.normal(0, 0.05, (width, inputs, 3, 3)).astype(np.float32)
            arrays[f"features.{place}.bias"] = rng.normal(0, 0.05, width).astype(np.float32)
            place, inputs = place + 2, width
        place += 1
    save_file(arrays, tmp_path / "vgg16.safetensors")
    x = jnp.asarray(rng.uniform(-1, 1, (1, 16, 16, 3)), jnp.float32)
    network = vgg16(str(tmp_path / "vgg16.safetensors"))
    maps = jax.jit(network)(x)
    jax.tree.map(np.testing.assert_array_equal, maps, jax.jit(lambda x: network(x))(x))  # nothing of a trace is kept
    assert [y.shape for y in maps] == [(1, 16 // 2**i, 16 // 2**i, w) for i, w in enumerate((64, 128, 256, 512, 512))]
    w = jnp.asarray(arrays["features.0.weight"].transpose(2, 3, 1, 0))
    first = jax.lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    np.testing.assert_allclose(maps[0], jax.nn.relu(first + arrays["features.0.bias"]), atol=1e-4)
    deep = vgg16(str(tmp_path / "vgg16.safetensors"), at=-1)
    moved = ((np.asarray(x) + 1) / 2 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]  # ImageNet's, of [0, 1]
    shifted = vgg16(str(tmp_path / "vgg16.safetensors"), at=-1, shifted=True)(x)
    for a, b in zip(shifted, deep(jnp.asarray(moved, jnp.float32)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert float(jnp.abs(deep(x)[-1] - maps[-1]).max()) > 0  # relu5_3 is not relu5_1
    del arrays["features.28.weight"], arrays["features.28.bias"]
    save_file(arrays, tmp_path / "short.safetensors")
    with pytest.raises(UserError, match="has 12 convolutions"):
        vgg16(str(tmp_path / "short.safetensors"))(x)
    vgg16(str(tmp_path / "nowhere.pth"))  # a config can be counted without them


def test_log_loss_is_a_choice():
    batch = pair()
    log = two_ways(disc_objective=minimax_disc, gen_objective=non_saturating_gen)
    state = started(log, batch)
    value, _ = jax.jit(log.disc_loss)(state.params, state.carry, one(batch), KEY)
    squares, _ = jax.jit(two_ways().disc_loss)(state.params, state.carry, one(batch), KEY)
    assert float(value) > float(squares)  # two log 2 of a D that knows nothing, beside one
    assert float(value) == pytest.approx(2 * np.log(2), abs=0.2)


def test_what_a_fader_does_not_know_costs_nothing():
    """Of a batch with one unknown attribute D's loss is the known ones' share, and G is asked to hide those alone."""
    from ganjax.nets import fader as nets
    from ganjax.systems import fader

    game = fader.build(nets.encoder(2, 4), nets.decoder(2, 4), nets.critic(3, 4, 1, 0.0), values=(3,))
    x = jax.random.uniform(jax.random.key(0), (4, 8, 8, 3), minval=-1)
    batch = {"image": x[None], "attribute": jnp.array([[[0], [2], [1], [2]]])}
    state = started(game, batch)
    disc, gen = jax.jit(game.disc_loss), jax.jit(game.gen_loss)

    def losses(attribute):
        one_batch = {"image": x, "attribute": jnp.array(attribute)[:, None]}
        args = state.params, state.carry, one_batch, KEY
        return float(disc(*args)[0]), float(gen(*args)[1][1]["gen/hidden"])

    alone = [losses([-1] * i + [y] + [-1] * (3 - i)) for i, y in enumerate((0, 2, 1, 2))]
    known = losses([0, 2, 1, 2])
    assert np.sum(alone, axis=0)[0] == pytest.approx(known[0], rel=1e-4)
    assert losses([-1] * 4) == (0.0, 0.0)
