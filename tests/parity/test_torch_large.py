"""SNGAN, SNDCGAN, SAGAN, BigGAN and BigGAN-deep against PyTorch, under the same weights, pass after pass."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ml_collections import ConfigDict

torch = pytest.importorskip("torch")

from experiments.pytorch import large as theirs  # noqa: E402
from experiments.pytorch import networks  # noqa: E402
from ganjax.nets import biggan, biggan_deep, bind, sagan, sndcgan, sngan  # noqa: E402
from ganjax.nets.conv import library  # noqa: E402
from ganjax.weights import biggan as names_of  # noqa: E402
from ganjax.weights.layouts import from_official, to_official  # noqa: E402

pytestmark = pytest.mark.parity
B, CLASSES = 4, 5
PASSES = 3


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def sngan_generator_names(blocks, told):
    names = {("Dense_0",): ("linear", "Maps"), ("BatchNorm_0",): ("bn", "Stored"), ("Conv_0",): "conv"}
    for i in range(blocks):
        names |= {(f"Block_{i}", f"Conv_{j}"): f"blocks.{i}.{name}" for j, name in enumerate(names_of.PLAIN)}
        for j in range(2):
            norm, there = (f"Block_{i}", f"ConditionalBatchNorm_{j}"), f"blocks.{i}.bn{j + 1}"
            if told:
                names |= {(*norm, "gain"): f"{there}.gamma", (*norm, "shift"): f"{there}.beta"}
                names[(*norm, "BatchNorm_0")] = (there, "Stored")
            else:
                names[f"Block_{i}", f"BatchNorm_{j}"] = (there, "Stored")
    return names


def sngan_critic_names(convs, told):
    names = {("Projection_0", "Dense_0"): "linear"} | ({("Projection_0", "told"): "embed"} if told else {})
    for i, count in enumerate(convs):
        names |= {(f"Block_{i}", f"Conv_{j}"): f"blocks.{i}.{name}" for j, name in enumerate(names_of.PLAIN[:count])}
    return names


SNDCGAN_G = {("Dense_0",): ("linear", "Maps"), ("Conv_0",): "last"}
SNDCGAN_G |= {(f"BatchNorm_{i}",): f"norm{i}" for i in range(4)}
SNDCGAN_G |= {(f"ConvTranspose_{i}",): f"conv{i + 1}" for i in range(3)}
SNDCGAN_D = {("Dense_0",): "last", **{(f"Conv_{i}",): f"conv{i}" for i in range(7)}}

BIG = {"size": 32, "channels": 4, "classes": CLASSES, "shared": 6, "attention": (16,)}
TABLES = {**BIG, "size": 64, "channels": 8, "shared": None, "attention": (32,)}
BIG_D = {"size": 64, "channels": 8, "classes": CLASSES, "attention": (32, 8)}
DEEP = {"size": 32, "channels": 8, "classes": CLASSES, "shared": 6, "attention": (16,)}
DEEP_D = {"size": 64, "channels": 8, "classes": CLASSES, "attention": (32,)}


def at(part, **keys):
    return ConfigDict({part: keys})


NETWORKS = {  # ours, theirs, names, size of z or of images
    "sngan G": (
        sngan.generator(32, 2, CLASSES),
        lambda: theirs.SnganGenerator(32, 8, 6, CLASSES, bn_eps=1e-5),
        sngan_generator_names(3, True),
        6,
    ),
    "sngan G, told nothing": (
        sngan.generator(32, 2),
        lambda: theirs.SnganGenerator(32, 8, 6, bn_eps=1e-5),
        sngan_generator_names(3, False),
        6,
    ),
    "sngan D": (
        sngan.critic(32, 2, CLASSES),
        lambda: theirs.SnganDiscriminator(32, 8, CLASSES),
        sngan_critic_names((3, 3, 2, 2), True),
        (32,),
    ),
    "sngan D, told nothing": (
        sngan.critic(32, 2),
        lambda: theirs.SnganDiscriminator(32, 8),
        sngan_critic_names((3, 3, 2, 2), False),
        (32,),
    ),
    "sngan D, 128 px": (
        sngan.critic(128, 2, CLASSES, last_bias=True),
        lambda: theirs.SnganDiscriminator(128, 2, CLASSES),
        sngan_critic_names((3, 3, 3, 3, 3, 2), True),
        (128,),
    ),
    "sndcgan G": (
        sndcgan.generator(32, 4),
        lambda: theirs.sndcgan_generator(32, 6, (32, 16, 8, 4)),
        SNDCGAN_G,
        6,
    ),
    "sndcgan D": (
        sndcgan.critic(32, 4),
        lambda: theirs.sndcgan_discriminator(32, (4, 4, 8, 8, 16, 16, 32)),
        SNDCGAN_D,
        (32,),
    ),
    "sagan G": (
        sagan.generator(64, 8, CLASSES, (32,)),
        lambda: theirs.BigGenerator(64, 8, 6, CLASSES, None, False, (32,)),
        names_of.generator(at("generator", **TABLES)),
        6,
    ),
    "sagan D": (
        sagan.critic(64, 8, CLASSES, (32, 8)),
        lambda: theirs.BigDiscriminator(64, 8, CLASSES, (32, 8)),
        names_of.critic(at("critic", **BIG_D)),
        (64,),
    ),
    "biggan G": (
        biggan.generator(**BIG),
        lambda: theirs.BigGenerator(32, 4, 12, CLASSES, 6, True, (16,)),
        names_of.generator(at("generator", **BIG)),
        12,
    ),
    "biggan G, whole z": (
        biggan.generator(**BIG, skip=False),
        lambda: theirs.BigGenerator(32, 4, 12, CLASSES, 6, False, (16,)),
        names_of.generator(at("generator", **BIG)),
        12,
    ),
    "biggan D": (
        biggan.critic(**BIG_D),
        lambda: theirs.BigDiscriminator(64, 8, CLASSES, (32, 8)),
        names_of.critic(at("critic", **BIG_D)),
        (64,),
    ),
    "biggan_deep G": (
        biggan_deep.generator(**DEEP),
        lambda: theirs.DeepGenerator(32, 8, 5, CLASSES, 6, (16,)),
        names_of.deep_generator(at("generator", **DEEP)),
        5,
    ),
    "biggan_deep D": (
        biggan_deep.critic(**DEEP_D),
        lambda: theirs.DeepDiscriminator(64, 8, CLASSES, (32,)),
        names_of.deep_critic(at("critic", **DEEP_D)),
        (64,),
    ),
}
PLAIN = ("told nothing", "sndcgan")


def given(name, read):
    """(inputs of theirs, of ours): z or images, and labels unless nothing is told."""
    x = torch.randn(B, read) if isinstance(read, int) else 2 * torch.rand(B, 3, read[0], read[0]) - 1
    told = [] if any(part in name for part in PLAIN) else [torch.arange(B) % CLASSES]
    return [x, *told], [ours(x), *(jnp.asarray(y.numpy()) for y in told)]


def ours(x):
    x = x.detach().numpy()
    return jnp.asarray(x.transpose(0, 2, 3, 1) if x.ndim == 4 else x)


def arrays_of(module):
    """Their state dict with our conventions where a repository has none of its own: γ − 1, flat maps as (h, w, c)."""
    found = {}
    for key, x in module.state_dict().items():
        x = x.numpy()
        if key.endswith("gamma.weight"):
            x = x - 1
        if key == "last.weight" and x.ndim == 2:
            x = x.reshape(-1, 16).T.reshape(1, -1)
        found[key] = x
    return found


def loaded(name):
    network, make, names, read = NETWORKS[name]
    module = networks.randomise(make(), 0)
    for key, x in module.state_dict().items():
        if key.endswith(("stored_var", "running_var")):
            x.copy_(x.abs() + 0.5)
        if key.endswith(".gamma") and not x.ndim:
            x.fill_(0.7)  # of attention, which is silent at first
    theirs_in, ours_in = given(name, read)
    params, vars = jax.tree.map(np.asarray, bind.initialise(network, jax.random.key(0), *ours_in))
    new = from_official(arrays_of(module), names, params, vars, "theirs")
    return module, jax.tree.map(jnp.asarray, (new[0], {**vars, **new[1]})), theirs_in, ours_in


@pytest.mark.parametrize("name", NETWORKS)
def test_three_passes_their_statistics_and_gradients(name):
    """Outputs within 1e-4 of the largest in each of three training passes, u and σ and the running means after them, and
    the third's gradient in the input; evaluation before them, which iterates and keeps nothing."""
    network, _, names, _ = NETWORKS[name]
    module, (params, vars), theirs_in, ours_in = loaded(name)

    def at_rest(*xs):
        return bind.Bound(network, params, vars, jax.random.key(0), train=False)(*xs)

    def one_pass(weight, vars, *xs):
        def weighted(x, *told):
            bound = bind.Bound(network, params, vars, jax.random.key(0))
            out = bound(x, *told)
            return (weight * out).sum(), (out, bound.vars)

        gradient, (out, after) = jax.grad(weighted, has_aux=True)(*xs)
        return out, after, gradient

    with torch.no_grad():
        close(jax_call(at_rest, ours_in), module.eval()(*theirs_in))
    module.train()
    x = theirs_in[0].requires_grad_()
    expected = [module(*theirs_in) for _ in range(PASSES)]
    weight = torch.randn_like(expected[-1])
    (weight * expected[-1]).sum().backward()
    with library():
        step = jax.jit(one_pass)
        for each in expected:
            out, vars, gradient = step(ours(weight), vars, *ours_in)
            close(out, each)
    back, there = to_official(names, params, vars), arrays_of(module)
    for key, value in back.items():
        if key.endswith(("u0", "sv0", "_mean")):
            np.testing.assert_allclose(value, there[key], atol=1e-4, err_msg=key)
    close(gradient, x.grad)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name.startswith("big")])
def test_weights_go_back_as_they_came(name):
    module, (params, vars), *_ = loaded(name)
    arrays = arrays_of(module)
    back = to_official(NETWORKS[name][2], params, vars)
    assert set(back) == set(arrays)
    for key, value in back.items():
        np.testing.assert_array_equal(value, arrays[key], err_msg=key)
        assert value.shape == arrays[key].shape


def jax_call(f, xs):
    with library():
        return jax.jit(f)(*xs)


def close(a, b):
    b = np.asarray(ours(b))
    np.testing.assert_allclose(a, b, atol=1e-4 * max(1, np.abs(b).max()))
