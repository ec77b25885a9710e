"""Networks and whole updates of the translation systems against PyTorch, under the same weights."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

torch = pytest.importorskip("torch")

from experiments.pytorch import networks  # noqa: E402
from experiments.pytorch import translation as theirs  # noqa: E402
from experiments.pytorch import translation_iterations as played  # noqa: E402
from experiments.pytorch.iterations import Discriminators, Generators  # noqa: E402
from experiments.pytorch.weights import convert, images  # noqa: E402
from ganjax import memory, transforms  # noqa: E402
from ganjax.core import Carry, Players, State  # noqa: E402
from ganjax.losses import minimax_disc, non_saturating_gen  # noqa: E402
from ganjax.nets import bind, cyclegan, discogan, patchgan, pix2pixhd, unet  # noqa: E402
from ganjax.nets.conv import library  # noqa: E402
from ganjax.systems import cyclegan as cyclegan_system  # noqa: E402
from ganjax.systems import discogan as discogan_system  # noqa: E402
from ganjax.systems import pix2pix as pix2pix_system  # noqa: E402
from ganjax.systems import pix2pixhd as pix2pixhd_system  # noqa: E402

pytestmark = pytest.mark.parity


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


D = partial(theirs.NLayerDiscriminator, ndf=4)
NETWORKS = {  # ours, theirs, pixels, channels
    "resnet 9": (cyclegan.generator(4, 9), lambda: theirs.ResnetGenerator(ngf=4, n_blocks=9), 32, 3),
    "resnet 6": (cyclegan.generator(4, 6), lambda: theirs.ResnetGenerator(ngf=4, n_blocks=6), 48, 3),
    "unet, BatchNorm": (unet.generator(64, 4, dropout=0.0), lambda: theirs.UnetGenerator(num_downs=6, ngf=4), 64, 3),
    "unet, instance": (
        unet.generator(64, 4, batch_norm=False, dropout=0.0),
        lambda: theirs.UnetGenerator(num_downs=6, ngf=4, norm="instance"),
        64,
        3,
    ),
    "the decks' unet": (unet.small(4), lambda: theirs.SmallUnet(4), 48, 3),
    "patches of 16": (patchgan.critic(4, 1), lambda: D(n_layers=1), 32, 3),
    "patches of 34": (patchgan.critic(4, 2, batch_norm=True), lambda: D(6, n_layers=2, norm="batch"), 32, 6),
    "patches of 70": (patchgan.critic(4), D, 64, 3),
    "patches of 94": (patchgan.critic(4, last_stride=2), lambda: D(last_stride=2), 64, 3),
    "patches of 142": (patchgan.critic(4, 4), lambda: D(n_layers=4), 128, 3),
    "patches of 286": (patchgan.critic(4, 5), lambda: D(n_layers=5), 256, 3),
    "pixels": (
        patchgan.critic(4, 0, batch_norm=True),
        lambda: theirs.PixelDiscriminator(6, 4, "batch"),
        16,
        6,
    ),
    "discogan G": (discogan.generator(64, 4), lambda: theirs.DiscoGenerator(4), 64, 3),
    "discogan G, code": (
        discogan.generator(64, 4, code=100),
        lambda: theirs.DiscoGenerator(4, extra_layers=True),
        64,
        3,
    ),
    "discogan D": (discogan.critic(64, 4), lambda: theirs.DiscoDiscriminator(4), 64, 3),
    "pix2pixHD G1": (
        cyclegan.generator(4, 2, halvings=4),
        lambda: theirs.GlobalGenerator(5, ngf=4, n_blocks=2),
        64,
        5,
    ),
    "pix2pixHD G2": (
        cyclegan.enhancer(4, 2, inner_blocks=2, inner_halvings=3),
        lambda: theirs.LocalEnhancer(5, ngf=4, n_downsampling=3, n_blocks=2, n_blocks_local=2),
        64,
        5,
    ),
    "pix2pixHD D": (patchgan.scales(4), lambda: theirs.MultiscaleDiscriminator(5, ndf=4), 64, 5),
}
UNIT = {"discogan G", "discogan G, code", "discogan D"}  # theirs live in [0, 1]


def all_of(out):
    """Everything that a PyTorch network returned, in NHWC."""
    if isinstance(out, (list, tuple)):
        return [x for each in out for x in all_of(each)]
    return [out]


def in_our_order(module):
    """The module, or the layers of several critics from the one of whole images on: the official names count from behind."""
    if not isinstance(module, theirs.MultiscaleDiscriminator):
        return module
    names = sorted((name for name, _ in module.named_children() if name.startswith("scale")), key=lambda n: -int(n[5]))
    return torch.nn.ModuleList([getattr(module, name) for name in names])


def nhwc(x):
    return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_and_its_gradient_in_the_input(name):
    """All outputs, and the gradient of their weighted sum, within 1e-4 of the largest."""
    network, make, size, channels = NETWORKS[name]
    module = networks.randomise(make(), 0)
    few = 4 if name == "discogan G, code" else 2  # BatchNorm at a single pixel: of two images it is a sign
    x = 2 * torch.rand(few, channels, size, size) - 1
    params, vars = convert(network, images(x), in_our_order(module))
    seen = x.clone().requires_grad_()
    made = [nhwc(each) for each in all_of(module((seen + 1) / 2 if name in UNIT else seen))]
    made = [2 * each - 1 if name in UNIT and "G" in name else each for each in made]
    weights = [torch.randn_like(each) for each in made]
    sum((w * each).sum() for w, each in zip(weights, made, strict=True)).backward()

    def ours(x):
        return jax.tree.leaves(bind.Bound(network, params, vars, jax.random.key(0))(x))

    def weighted(x):
        return sum((w.numpy().reshape(y.shape) * y).sum() for w, y in zip(weights, ours(x), strict=True))

    with library():
        outputs, gradient = jax.jit(ours)(images(x)), jax.jit(jax.grad(weighted))(images(x))
    for a, b in zip(outputs, made, strict=True):
        b = b.detach().numpy()
        np.testing.assert_allclose(a, b.reshape(a.shape), atol=1e-4 * max(1, np.abs(b).max()))
    expected = images(seen.grad)
    np.testing.assert_allclose(gradient, expected, atol=1e-4 * np.abs(expected).max())


# ------------------------------------------------------------------------------------------------------------- updates

B, SIZE, EPS = 2, 16, 1e-5  # Adam's eps: where gradients are nothing but rounding it would move by the learning rate
ADAM = optax.adam(2e-4, b1=0.5, eps=EPS)


class Told:
    """A pool whose coins and slots are noted as it is asked: [(coins, slots), …]."""

    def __init__(self, size):
        self.size, self.draws, self.inner = size, [], memory.pool(size)

    def pool(self):
        def apply(held, key, x):
            coin_key, slot_key = jax.random.split(key)
            coins = jax.random.bernoulli(coin_key, 0.5, (len(x),))
            self.draws.append((np.asarray(coins), np.asarray(jax.random.randint(slot_key, (len(x),), 0, self.size))))
            return self.inner.apply(held, key, x)

        return memory.Pool(self.inner.init, apply)


def state_of(game, tx, params, vars, batch):
    held = game.init(jax.random.key(0), jax.tree.map(lambda x: x[0], batch))[2]
    opt = Players(tx.gen.init(params.gen), tx.disc.init(params.disc))
    return State(params, opt, Carry(jnp.zeros((), jnp.int32), vars, held), Players((), ()))


def converted(pairs, example):
    """({name: params}, {name: vars}) of {name: (network, module)}."""
    both = {name: convert(network, example, module) for name, (network, module) in pairs.items()}
    return {name: p for name, (p, _) in both.items()}, {name: v for name, (_, v) in both.items()}


def assert_weights(ours, pairs, example, tolerance=1e-4):
    expected, _ = converted(pairs, example)
    for (path, a), b in zip(jax.tree_util.tree_leaves_with_path(ours), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance, err_msg=jax.tree_util.keystr(path))


def batches(steps, channels=3):
    rng = np.random.default_rng(0)
    return [
        {side: jnp.asarray(rng.uniform(-1, 1, (1, B, SIZE, SIZE, channels)), jnp.float32) for side in "ab"}
        for _ in range(steps)
    ]


def torch_images(x):
    return torch.tensor(np.asarray(x).transpose(0, 3, 1, 2).copy())


@pytest.mark.parametrize("form", ["least squares", "log, maps averaged, no identity"])
def test_cyclegan_updates(form):
    """Whole updates, pools of 3 that fill and then exchange: G, pool, D, both Adams."""
    log = form != "least squares"
    G = {way: networks.randomise(theirs.ResnetGenerator(ngf=4, n_blocks=1), i) for i, way in enumerate(("ab", "ba"))}
    C = {side: networks.randomise(D(n_layers=1), 5 + i) for i, side in enumerate("ab")}
    ours_g, ours_d = cyclegan.generator(4, 1), patchgan.critic(4, 1)
    told = Told(3)
    objectives = {"disc_objective": minimax_disc, "gen_objective": non_saturating_gen} if log else {}
    weight = 0.0 if log else 0.5
    game = cyclegan_system.build(ours_g, ours_d, pool=told.pool(), pooled=log, identity_weight=weight, **objectives)
    tx, steps = Players(ADAM, ADAM), batches(2 if log else 3)
    example = np.asarray(steps[0]["a"][0])
    pairs_g = {way: (ours_g, G[way]) for way in G}
    pairs_d = {side: (ours_d, C[side]) for side in C}
    (gen, gen_vars), (disc, disc_vars) = converted(pairs_g, example), converted(pairs_d, example)
    state = state_of(game, tx, Players(gen, disc), Players(gen_vars, disc_vars), steps[0])
    pools = played.Pools(played.ImagePool(3), played.ImagePool(3))
    optimizers = played.make_adams("cyclegan", list(G.values()), list(C.values()), eps=EPS)
    for batch in steps:
        told.draws.clear()
        with jax.disable_jit(), library():
            state, metrics = cyclegan_system.moves(game, tx)(state, batch, jax.random.key(3))
        draws = played.Draws(*[(torch.tensor(c), torch.tensor(s)) for c, s in told.draws])
        losses = played.cyclegan_iteration(
            Generators(**G),
            Discriminators(**C),
            optimizers,
            torch_images(batch["a"][0]),
            torch_images(batch["b"][0]),
            pools,
            draws,
            identity=weight,
            pooled=log,
            log=log,
        )
        disc_loss, gen_loss = losses.numbers()
        assert float(metrics["gen/loss"]) == pytest.approx(gen_loss, rel=1e-3)
        assert float(metrics["disc/loss"]) == pytest.approx(sum(disc_loss), rel=1e-3)
    assert_weights(state.params.gen, pairs_g, example)
    assert_weights(state.params.disc, pairs_d, example)


def test_pix2pix_updates():
    """Two whole updates, D first, one fake for both; BatchNorm's running statistics too."""
    ours_g, ours_d = unet.generator(32, 4, dropout=0.0), patchgan.critic(4, 1, batch_norm=True)
    G = networks.randomise(theirs.UnetGenerator(num_downs=5, ngf=4), 0)
    C = networks.randomise(D(6, n_layers=1, norm="batch"), 1)
    game, tx = pix2pix_system.build(ours_g, ours_d), Players(ADAM, ADAM)
    rng = np.random.default_rng(0)
    steps = [{side: jnp.asarray(rng.uniform(-1, 1, (1, B, 32, 32, 3)), jnp.float32) for side in "ab"} for _ in range(2)]
    a, pair = np.asarray(steps[0]["a"][0]), np.zeros((B, 32, 32, 6), np.float32)
    (gen, gen_vars), (disc, disc_vars) = convert(ours_g, a, G), convert(ours_d, pair, C)
    state = state_of(game, tx, Players({"ab": gen}, disc), Players({"ab": gen_vars}, disc_vars), steps[0])
    optimizers = played.make_adams("pix2pix", G, C, eps=EPS)
    step = jax.jit(pix2pix_system.moves(game, tx))
    for batch in steps:
        with library():
            state, metrics = step(state, batch, jax.random.key(3))
        losses = played.pix2pix_iteration(G, C, optimizers, *(torch_images(batch[side][0]) for side in "ab"))
        disc_loss, gen_loss = losses.numbers()
        assert float(metrics["gen/loss"]) == pytest.approx(gen_loss, rel=1e-4)
        assert float(metrics["disc/loss"]) == pytest.approx(sum(disc_loss), rel=1e-4)
    assert_weights({"ab": state.params.gen["ab"]}, {"ab": (ours_g, G)}, a)
    assert_weights({"d": state.params.disc}, {"d": (ours_d, C)}, pair)
    theirs_vars = convert(ours_g, a, G)[1]
    for x, y in zip(jax.tree.leaves(state.carry.vars.gen["ab"]), jax.tree.leaves(theirs_vars), strict=True):
        np.testing.assert_allclose(x, y, rtol=0.2, atol=0.05)  # PyTorch's running variance divides by n − 1


def test_discogan_updates():
    """Four iterations of the official turns, D, G, G, D, r changing after the second."""
    G = {way: networks.randomise(theirs.DiscoGenerator(4), i) for i, way in enumerate(("ab", "ba"))}
    C = {side: networks.randomise(theirs.DiscoDiscriminator(4), 5 + i) for i, side in enumerate("ab")}
    ours_g, ours_d = discogan.generator(64, 4), discogan.critic(64, 4)
    game = discogan_system.build(ours_g, ours_d, rate=discogan_system.two_phases(until=2))
    adam = transforms.decayed_adam(2e-4, b1=0.5, eps=EPS, weight_decay=1e-5)
    tx, rng = Players(adam, adam), np.random.default_rng(0)
    steps = [{side: jnp.asarray(rng.uniform(-1, 1, (1, B, 64, 64, 3)), jnp.float32) for side in "ab"} for _ in range(4)]
    example = np.asarray(steps[0]["a"][0])
    pairs_g = {way: (ours_g, G[way]) for way in G}
    pairs_d = {side: (ours_d, C[side]) for side in C}
    (gen, gen_vars), (disc, disc_vars) = converted(pairs_g, example), converted(pairs_d, example)
    state = state_of(game, tx, Players(gen, disc), Players(gen_vars, disc_vars), steps[0])
    optimizers = played.make_adams("discogan", list(G.values()), list(C.values()), eps=EPS)
    step = jax.jit(discogan_system.moves(game, tx))
    for i, batch in enumerate(steps):
        with library():
            state, metrics = step(state, batch, jax.random.key(3))
        unit = [torch_images((batch[side][0] + 1) / 2) for side in "ab"]
        rate = 0.01 if i < 2 else 0.5
        losses = played.discogan_iteration(Generators(**G), Discriminators(**C), optimizers, *unit, i, rate)
        disc_loss, gen_loss = losses.numbers()
        for name, value in (("gen/loss", gen_loss), ("disc/loss", sum(disc_loss) if disc_loss else None)):
            assert np.isnan(metrics[name]) if value is None else float(metrics[name]) == pytest.approx(value, rel=1e-3)
    assert_weights(state.params.gen, pairs_g, example)
    assert_weights(state.params.disc, pairs_d, example)


def test_the_encoder_of_instances():
    module = networks.randomise(theirs.Encoder(3, 3, ngf=4, n_downsampling=2), 0)
    x, ids = 2 * torch.rand(2, 3, 16, 16) - 1, torch.randint(0, 3, (2, 1, 16, 16)) * 1000 + 7
    network, seen = pix2pixhd.encoder(4, halvings=2), ids.permute(0, 2, 3, 1).numpy().astype(np.int32)
    params = encoder_params(network, module, images(x), seen)
    made = network.apply({"params": params}, jnp.asarray(images(x)), jnp.asarray(seen))
    np.testing.assert_allclose(made, images(module(x, ids)), atol=1e-4)


def encoder_params(network, module, x, instances):
    """Its layers in their order of call: ``convert`` calls networks with images alone."""
    params = bind.initialise(network, jax.random.key(0), jnp.asarray(x), jnp.asarray(instances))[0]
    layers = [m for m in module.modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.ConvTranspose2d))]
    names = ["Conv_0", "Conv_1", "Conv_2", "ConvTranspose_0", "ConvTranspose_1", "Conv_3"]
    assert set(names) == set(params)
    order = {"Conv2d": (2, 3, 1, 0), "ConvTranspose2d": (2, 3, 0, 1)}
    return {
        name: {
            "kernel": jnp.asarray(layer.weight.detach().numpy().transpose(order[type(layer).__name__])),
            "bias": jnp.asarray(layer.bias.detach().numpy()),
        }
        for name, layer in zip(names, layers, strict=True)
    }


def test_pix2pixhd_updates():
    """A whole update, and the losses of the next: G first, one fake for both; classes with edges, two scales, all terms."""
    classes = 3
    ours_g = cyclegan.enhancer(4, 1, inner_blocks=1, inner_halvings=1)
    ours_d = patchgan.scales(4, layers=1)
    G = networks.randomise(theirs.LocalEnhancer(classes + 1, ngf=4, n_downsampling=1, n_blocks=1, n_blocks_local=1), 0)
    C = networks.randomise(theirs.MultiscaleDiscriminator(classes + 4, ndf=4, n_layers=1), 1)
    weights = pix2pixhd_system.VGG_WEIGHTS
    game = pix2pixhd_system.build(ours_g, ours_d, classes=classes, perceptual=lambda x: [x * i for i in range(1, 6)])
    tx = pix2pixhd_system.optimizers(ADAM, ADAM)
    rng = np.random.default_rng(1)  # of 0 a feature is as large in both images, to 1e-6: a kink
    steps = [
        {
            "a": jnp.asarray(rng.integers(0, classes, (1, B, SIZE, SIZE, 1)), jnp.int32),
            "instance": jnp.asarray(rng.integers(0, 2, (1, B, SIZE, SIZE, 1)), jnp.int32),
            "b": jnp.asarray(rng.uniform(-1, 1, (1, B, SIZE, SIZE, 3)), jnp.float32),
        }
        for _ in range(2)
    ]

    def labels(batch):
        one_hot = jax.nn.one_hot(batch["a"][0, ..., 0], classes)
        return np.concatenate([one_hot, pix2pixhd.boundaries(batch["instance"][0])], axis=-1)

    s = labels(steps[0])
    pair = np.concatenate([s, steps[0]["b"][0]], axis=-1)
    gen, disc = convert(ours_g, s, G)[0], convert(ours_d, pair, in_our_order(C))[0]
    state = state_of(game, tx, Players({"ab": gen}, disc), Players({"ab": {}}, {}), steps[0])
    optimizers = played.make_adams("pix2pixhd", G, C, eps=EPS)
    step = jax.jit(pix2pixhd_system.moves(game, tx))

    def perceptual(fake, real):
        return sum(w * i * (fake - real).abs().mean() for i, w in enumerate(weights, start=1))

    for batch in steps:
        with library():
            state, metrics = step(state, batch, jax.random.key(3))
        shown = torch_images(labels(batch))
        losses = played.pix2pixhd_iteration(G, C, optimizers, shown, torch_images(batch["b"][0]), perceptual=perceptual)
        disc_loss, gen_loss = losses.numbers()
        assert float(metrics["gen/loss"]) == pytest.approx(gen_loss, rel=1e-4)
        assert float(metrics["disc/loss"]) == pytest.approx(sum(disc_loss), rel=1e-4)
        if batch is steps[0]:
            assert_weights({"ab": state.params.gen["ab"]}, {"ab": (ours_g, G)}, s)
            expected = convert(ours_d, pair, in_our_order(C))[0]
            for a, b in zip(jax.tree.leaves(state.params.disc), jax.tree.leaves(expected), strict=True):
                np.testing.assert_allclose(a, b, atol=1e-4)
