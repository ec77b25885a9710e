"""Losses of StarGAN, MUNIT and U-GAT-IT, and their gradients, as the official trainers compute them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from experiments.pytorch import domains as theirs  # noqa: E402
from experiments.pytorch import domains_losses as losses  # noqa: E402
from experiments.pytorch import networks  # noqa: E402
from ganjax.core import Carry, Players  # noqa: E402
from ganjax.nets import bind, munit, stargan, ugatit  # noqa: E402
from ganjax.nets.attributes import planes  # noqa: E402
from ganjax.nets.conv import library  # noqa: E402
from ganjax.systems import munit as munit_system  # noqa: E402
from ganjax.systems import stargan as stargan_system  # noqa: E402
from ganjax.systems import ugatit as ugatit_system  # noqa: E402
from ganjax.weights import official  # noqa: E402
from ganjax.weights.layouts import from_official, to_official  # noqa: E402

pytestmark = pytest.mark.parity
KEY = jax.random.key(3)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def weights(network, names, module, *inputs, start=""):
    """(params, vars) of the network out of the module's arrays whose names the names speak of."""
    params, vars = jax.tree.map(np.asarray, bind.initialise(network, jax.random.key(0), *inputs))
    wanted = to_official(names, params, vars)
    arrays = {key: x.numpy() for key, x in module.state_dict().items() if key in wanted}
    new = from_official(arrays, names, params, vars, "theirs")
    return jax.tree.map(jnp.asarray, (new[0], {**vars, **new[1]}))


def compared(who, gan, params, vars, batch, loss, modules):
    """Our loss and its gradient in one player's parameters beside theirs: {network: (names, module)}."""
    carry = Carry(jnp.zeros((), jnp.int32), vars, {})

    def ours(own):
        return getattr(gan, f"{who}_loss")(params._replace(**{who: own}), carry, batch, KEY)[0]

    with library():
        value, gradient = jax.jit(jax.value_and_grad(ours))(getattr(params, who))
    expected = loss()
    expected.backward()
    np.testing.assert_allclose(value, expected.item(), rtol=1e-4)
    for path, (names, module) in modules.items():
        found = gradient
        for name in path:
            found = found[name]
        own = {key.removesuffix("_orig"): x.grad for key, x in module.named_parameters() if x.grad is not None}
        largest = max(float(x.abs().max()) for x in own.values())  # biases before a norm have rounding for a gradient
        for key, x in to_official(names, found, {}).items():
            wanted = own[key].numpy() if key in own else np.zeros(x.shape)
            np.testing.assert_allclose(x, wanted, atol=1e-4 * largest, err_msg=f"{path} {key}")


def nchw(x):
    return torch.tensor(np.asarray(x)).permute(0, 3, 1, 2) if x.ndim == 4 else torch.tensor(np.asarray(x))


def images(seed, n=3, size=16):
    return jax.random.uniform(jax.random.key(seed), (n, size, size, 3), minval=-1.0)


@pytest.mark.parametrize("who", ["disc", "gen"])
def test_stargan(who):
    values, x = (2, 2, 2), images(0)
    attribute = jnp.array([[0, 1, 1], [1, 0, 1], [0, 0, 0]])
    G, D = stargan.generator(4, 1), stargan.critic(3, 4, 2)
    g, d = (
        networks.randomise(theirs.StarGenerator(4, 3, 1), 0),
        networks.randomise(theirs.StarDiscriminator(16, 4, 3, 2), 1),
    )
    names = official.star_generator(1), official.star_critic(2)
    (pg, vg), (pd, vd) = weights(G, names[0], g, x, planes(attribute, values)), weights(D, names[1], d, x)
    target_key, *rest = jax.random.split(KEY, 3 if who == "disc" else 2)
    wanted = jax.random.permutation(target_key, attribute)
    own, other = (torch.tensor(np.asarray(planes(c, values))) for c in (attribute, wanted))
    if who == "disc":
        eps = jax.random.uniform(rest[0], (3, 1, 1, 1))  # of the fake; theirs is of the real
        loss = lambda: losses.star_disc_loss(g, d, nchw(x), own, other, 1 - torch.tensor(np.asarray(eps)).flatten())  # noqa: E731
    else:
        loss = lambda: losses.star_gen_loss(g, d, nchw(x), own, other, other)  # noqa: E731
    gan = stargan_system.build(G, D, values=values)
    modules = {(): (names[1], d)} if who == "disc" else {(): (names[0], g)}
    compared(who, gan, Players(pg, pd), Players(vg, vd), {"image": x, "attribute": attribute}, loss, modules)


@pytest.mark.parametrize("who", ["disc", "gen"])
def test_ugatit(who):
    batch = {"a": images(0, 2), "b": images(1, 2)}
    G, D = ugatit.generator(4, 1), ugatit.critic(4, 3)
    g_names, d_names = official.ugatit_generator(1, True), official.ugatit_critic(3)
    g = {
        way: networks.randomise(theirs.UgatitGenerator(3, 4, 1, 16, light=True), i)
        for i, way in enumerate(("ab", "ba"))
    }
    d = {
        f"{s}_{side}": networks.randomise(theirs.UgatitDiscriminator(3, 4), i)
        for i, side in enumerate("ab")
        for s in ("global", "local")
    }
    made = {way: weights(G, g_names, module, batch["a"]) for way, module in g.items()}
    judges = {name: weights(D, d_names, module, batch["a"]) for name, module in d.items()}
    params, vars = (
        Players(*({name: each[i] for name, each in slot.items()} for slot in (made, judges))) for i in range(2)
    )
    critics = [[d[f"global_{side}"], d[f"local_{side}"]] for side in "ab"]
    told = (g["ab"], g["ba"], *critics, nchw(batch["a"]), nchw(batch["b"]))
    loss = (lambda: losses.ugatit_disc_loss(*told)) if who == "disc" else (lambda: losses.ugatit_gen_loss(*told))
    slot, names = (d, d_names) if who == "disc" else (g, g_names)
    modules = {(name,): (names, module) for name, module in slot.items()}
    compared(who, ugatit_system.build(G, D, D), params, vars, batch, loss, modules)


@pytest.mark.parametrize("who", ["disc", "gen"])
def test_munit(who):
    batch = {"a": images(0, 2), "b": images(1, 2)}
    nets = {"content": munit.content(4, 1, 1), "style": munit.style(4, 2, 3), "generator": munit.decoder(1, 1, 5)}
    D, d_names = munit.critic(4, 2, 2), official.munit_critic(2, 2)
    g = {side: networks.randomise(small_munit(), i) for i, side in enumerate("ab")}
    d = {side: networks.randomise(theirs.MsImageDis(4, 2, 2), i) for i, side in enumerate("ab")}
    names = {"content": official.munit_content(1, 1, "enc_content"), "style": official.munit_style(2)}
    names["generator"] = official.munit_decoder(1, 1)
    inputs = {
        "content": (batch["a"],),
        "style": (batch["a"],),
        "generator": (jnp.zeros((2, 8, 8, 8)), jnp.zeros((2, 3))),
    }
    made = {f"{k}_{side}": weights(nets[k], names[k], g[side], *inputs[k]) for side in "ab" for k in nets}
    judges = {side: weights(D, d_names, d[side], batch["a"]) for side in "ab"}
    params, vars = (
        Players(*({name: each[i] for name, each in slot.items()} for slot in (made, judges))) for i in range(2)
    )
    keys = jax.random.split(KEY, 3)
    s_b, s_a = (torch.tensor(np.asarray(jax.random.normal(k, (2, 3))))[:, :, None, None] for k in keys[:2])
    told = (g["a"], g["b"], d["a"], d["b"], nchw(batch["a"]), nchw(batch["b"]), s_a, s_b)
    loss = (
        (lambda: losses.munit_dis_loss(*told))
        if who == "disc"
        else (lambda: losses.munit_gen_loss(*told, recon_x_cyc_w=10.0))
    )
    modules = {(side,): (d_names, d[side]) for side in "ab"}
    if who == "gen":
        modules = {(f"{k}_{side}",): (names[k], g[side]) for side in "ab" for k in nets}
    gan = munit_system.build(*nets.values(), D, style_dim=3, cycle_weight=10.0)
    compared(who, gan, params, vars, batch, loss, modules)


def small_munit():
    """Theirs with one halving of content, two of style."""
    module = theirs.AdaINGen(4, 3, 5, 1, 1)
    layers = list(module.enc_style.model)
    module.enc_style.model = torch.nn.Sequential(*layers[:3], *layers[-2:])
    last = layers[-1]
    module.enc_style.model[-1] = torch.nn.Conv2d(16, last.out_channels, 1)
    return module
