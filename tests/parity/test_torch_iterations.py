"""One whole iteration of every system against PyTorch: same weights, same batches, same noise, same new weights."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

torch = pytest.importorskip("torch")

from experiments.pytorch import iterations, losses, networks  # noqa: E402
from experiments.pytorch.weights import convert  # noqa: E402
from ganjax.core import Carry, Players, State, alternate  # noqa: E402
from ganjax.losses import minimax_gen  # noqa: E402
from ganjax.nets import dcgan, mlp  # noqa: E402
from ganjax.nets.conv import library  # noqa: E402
from ganjax.systems import dcgan as dcgan_system  # noqa: E402
from ganjax.systems import gan, lsgan, wgan, wgan_gp  # noqa: E402

pytestmark = pytest.mark.parity

B, LATENT = 4, 5
SEEN: list = []


class Spy(nn.Module):
    """The generator, noting the latents that it is given."""

    inner: nn.Module

    def __call__(self, z, train=True):
        SEEN.append(np.asarray(z))
        return self.inner(z, train=train)


EPS = 1e-5  # of Adam on both sides: gradients that are nothing but rounding would else move by the learning rate


def adam(rate, b1, b2):
    return optax.adam(rate, b1, b2, eps=EPS)


RMSPROP = optax.rmsprop(5e-5, decay=0.99, eps=1e-8, eps_in_sqrt=False)
CLIPPED = wgan.optimizers(RMSPROP, RMSPROP, clip=0.01)
MLP = (
    mlp.generator(),
    mlp.critic(),
    lambda: networks.mlp_generator(latent_dim=LATENT),
    networks.mlp_discriminator,
    (1, 28, 28),
)
CONV = (
    dcgan.generator(16, 4),
    dcgan.critic(16, 4),
    lambda: networks.dcgan_generator(16, 4, LATENT),
    lambda: networks.dcgan_discriminator(16, 4),
    (3, 16, 16),
)
PLAIN = (dcgan.generator(16, 4), dcgan.critic(16, 4, norm=False), CONV[2], lambda: plain_critic(4), (3, 16, 16))
IN_UNIT = {"gan", "minimax"}

ROWS = {  # system, networks, our optimisers, our moves, their iteration with its options
    "gan": (gan.build, MLP, adam(1e-3, 0.9, 0.999), alternate, 1, "gan", {}),
    "minimax": (
        lambda g, d, **k: gan.build(g, d, objective=minimax_gen, **k),
        MLP,
        adam(1e-3, 0.9, 0.999),
        alternate,
        1,
        "gan",
        {"gen_loss": losses.minimax_gen},
    ),
    "dcgan": (dcgan_system.build, CONV, adam(2e-4, 0.5, 0.999), alternate, 1, "dcgan", {}),
    "tutorial": (
        lambda g, d, **k: dcgan_system.build(g, d, shared_latents=True, **k),
        CONV,
        adam(2e-4, 0.5, 0.999),
        alternate,
        1,
        "dcgan",
        {},
    ),
    "lsgan": (lsgan.build, CONV, adam(1e-3, 0.5, 0.999), alternate, 1, "lsgan", {}),
    "wgan": (wgan.build, CONV, CLIPPED, wgan.moves, 2, "wgan", {}),
    "wgan_before": (
        wgan.build,
        CONV,
        RMSPROP,
        lambda gan, tx, n_critic: wgan.moves(gan, tx, n_critic=n_critic, clip_before=0.01),
        2,
        "wgan",
        {"clip_when": "before"},
    ),
    "wgan_gp": (wgan_gp.build, PLAIN, adam(1e-4, 0.0, 0.9), alternate, 2, "wgan_gp", {"tiny": 1e-12}),
}


def plain_critic(channels):
    """16 px, no norm: what a gradient penalty asks for."""
    layers = torch.nn
    return layers.Sequential(
        layers.Conv2d(3, channels, 4, 2, 1),
        layers.LeakyReLU(0.2),
        layers.Conv2d(channels, 2 * channels, 4, 2, 1),
        layers.LeakyReLU(0.2),
        layers.Conv2d(2 * channels, 1, 4, 1, 0),
        layers.Flatten(0),
    )


@pytest.mark.parametrize("name", ROWS)
def test_an_iteration(name, monkeypatch):
    build, (generator, critic, make_g, make_d, shape), tx, moves, n_critic, system, options = ROWS[name]
    torch.set_num_threads(1)
    G, D = networks.randomise(make_g(), 1), networks.randomise(make_d(), 2)
    eps = spy_on_epsilon(monkeypatch)
    x = np.random.default_rng(0).uniform(-1, 1, (n_critic, B, shape[1], shape[2], shape[0])).astype(np.float32)
    state, theirs_in = start(build, generator, critic, tx, G, D, x)
    SEEN.clear()
    with jax.disable_jit(), library():
        new, metrics = moves(theirs_in[0], theirs_in[1], n_critic=n_critic)(
            state, {"image": jnp.asarray(x)}, jax.random.key(3)
        )

    unit = name in IN_UNIT
    reals = [torch.tensor(((each + 1) / 2 if unit else each).transpose(0, 3, 1, 2).copy()) for each in x]
    latents = [torch.tensor(z) for z in SEEN]
    extra = [[torch.tensor(e) for e in eps]] if system == "wgan_gp" else []
    played = getattr(iterations, f"{system}_iteration")(
        G,
        D,
        iterations.make_optimizers(system, G, D, **({} if system == "wgan" else {"eps": EPS})),
        reals,
        latents[:-1],
        latents[-1],
        *extra,
        **options,
    )
    disc, gen = played.numbers()
    assert float(metrics["disc/loss"]) == pytest.approx(np.mean(disc), rel=1e-4, abs=1e-5)
    assert float(metrics["gen/loss"]) == pytest.approx(gen, rel=1e-4, abs=1e-5)
    compare(new.params.gen["inner"], convert(generator, SEEN[0], G)[0])
    compare(new.params.disc, convert(critic, x[0], D, None, "disc")[0])


def spy_on_epsilon(monkeypatch):
    seen: list = []
    interpolate = wgan_gp.interpolate

    def spy(key, x, x_fake):
        seen.append(np.asarray(interpolate(key, jnp.zeros((B, 1)), jnp.ones((B, 1))))[:, 0])
        return interpolate(key, x, x_fake)

    monkeypatch.setattr(wgan_gp, "interpolate", spy)
    return seen


def start(build, generator, critic, tx, G, D, x):
    game = build(Spy(generator), critic, latent_dim=LATENT)
    players = tx if isinstance(tx, Players) else Players(tx, tx)
    gen_params, gen_vars = convert(generator, np.zeros((B, LATENT), np.float32), G)
    disc_params, disc_vars = convert(critic, x[0], D, None, "disc")
    params = Players({"inner": gen_params}, disc_params)
    vars = Players({name: {"inner": tree} for name, tree in gen_vars.items()}, disc_vars)
    memory = game.init(jax.random.key(0), {"image": jnp.asarray(x[0])})[2]
    opt = Players(players.gen.init(params.gen), players.disc.init(params.disc))
    return State(params, opt, Carry(jnp.zeros((), jnp.int32), vars, memory), Players((), ())), (game, players)


def compare(ours, theirs):
    """New weights agree."""
    for (path, a), b in zip(jax.tree_util.tree_leaves_with_path(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, atol=3e-6, rtol=1e-4, err_msg=jax.tree_util.keystr(path))
