"""Networks and losses of the systems of several domains against PyTorch, under the same weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from experiments.pytorch import domains as theirs  # noqa: E402
from experiments.pytorch import networks  # noqa: E402
from ganjax.nets import bind, cogan, fader, munit, stargan, ugatit, unit  # noqa: E402
from ganjax.nets.conv import library  # noqa: E402
from ganjax.weights import official  # noqa: E402
from ganjax.weights.layouts import from_official, to_official  # noqa: E402

pytestmark = pytest.mark.parity


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


class Called(torch.nn.Module):
    """One of a module's ways to be called, with the state dict of the module."""

    def __init__(self, module, call, prefix=""):
        super().__init__()
        self.module, self.call, self.prefix = module, call, prefix

    def forward(self, *args):
        return self.call(self.module, *args)

    def arrays(self):
        """Those below the prefix, or all."""
        state = self.module.state_dict()
        return {key: x.numpy() for key, x in state.items() if key.startswith(self.prefix)}


def unit_names(kind, blocks, root):
    """Of the paper's code: nn.Sequential of layers that are each a Sequential, ``model``."""
    names = {}
    if kind == "encode":
        names = {(f"Conv_{i}",): f"{i}.model.0" for i in range(3)}
    elif kind == "decode":
        names = {(f"ConvTranspose_{i}",): f"{blocks + i}.model.0" for i in range(2)}
        names[("Conv_0",)] = (f"{blocks + 2}", "ConvTranspose")
    for i in range(blocks):
        place = i + 3 * (kind == "encode")
        below = () if kind == "shared" else ("Blocks_0",)
        names |= {(*below, f"Block_{i}", f"Conv_{j}"): f"{place}.model.{3 * j}" for j in range(2)}
    there = {path: (said if isinstance(said, tuple) else (said, None)) for path, said in names.items()}
    return {p: (root + place, kind) if kind else root + place for p, (place, kind) in there.items()}


CO_G = {("PReLU_" + str(i),): (f"prelu{i}", "PReLU") for i in range(4)}
CO_G |= {(f"ConvTranspose_{i}",): f"dconv{i}" for i in range(4)}
CO_G |= {("ConvTranspose_4",): "dconv4_a", ("ConvTranspose_5",): "dconv4_b"}
CO_D = {("Conv_0",): "conv0_a", ("Conv_1",): "conv0_b", ("PReLU_0",): ("prelu2", "PReLU")}
CO_D |= {(f"Conv_{i + 1}",): f"conv{i}" for i in range(1, 4)}
FADER_E = {(f"Conv_{i}",): f"enc_layers.{i}.0" for i in range(3)}
FADER_E |= {(f"BatchNorm_{i}",): f"enc_layers.{i + 1}.1" for i in range(2)}
FADER_G = {(f"ConvTranspose_{i}",): f"dec_layers.{i}.0" for i in range(3)}
FADER_G |= {(f"BatchNorm_{i}",): f"dec_layers.{i}.1" for i in range(2)}
FADER_D = {(f"Conv_{i}",): f"conv_layers.{i}.0" for i in range(2)}
FADER_D |= {(f"BatchNorm_{i}",): f"conv_layers.{i}.1" for i in range(2)}
FADER_D |= {("Dense_0",): "proj_layers.0", ("Dense_1",): "proj_layers.2"}


def in_unit(f):
    """A network of [0, 1] as one of [-1, 1]."""
    return lambda *xs: tuple(2 * y - 1 for y in f(*xs))


def nchw(*shape):
    return 2 * torch.rand(*shape) - 1


NETWORKS = {  # ours, theirs, names, inputs
    "cogan G": (
        cogan.generator(28, 16, 2),
        lambda: Called(theirs.CoGenerator(6, 16, 2), in_unit(lambda m, z: m(z))),
        CO_G,
        lambda: [torch.randn(3, 6)],
    ),
    "cogan D": (
        cogan.critic(4, 8),
        lambda: Called(
            theirs.CoDiscriminator((4, 10, 8), 2),
            lambda m, a, b: tuple(y[:, 1] - y[:, 0] for y in m((a + 1) / 2, (b + 1) / 2)),
        ),
        CO_D,
        lambda: [nchw(3, 2, 28, 28), nchw(3, 2, 28, 28)],
    ),
    "unit E": (
        unit.encoder(4, 2),
        lambda: Called(theirs.UnitGenerator(4, n_res=2), lambda m, x: m.encode_A(x), "encode_A."),
        unit_names("encode", 2, "encode_A."),
        lambda: [nchw(2, 3, 32, 32)],
    ),
    "unit G": (
        unit.decoder(4, 2),
        lambda: Called(theirs.UnitGenerator(4, n_res=2), lambda m, h: m.decode_B(h), "decode_B."),
        unit_names("decode", 2, "decode_B."),
        lambda: [nchw(2, 16, 8, 8)],
    ),
    "unit shared": (
        unit.shared(2),
        lambda: Called(theirs.UnitGenerator(4, n_shared=2), lambda m, h: m.enc_shared(h), "enc_shared."),
        unit_names("shared", 2, "enc_shared."),
        lambda: [nchw(2, 16, 8, 8)],
    ),
    "unit D": (
        unit.critic(4, 4),
        lambda: Called(theirs.UnitDiscriminator(4, 4), lambda m, x: m(x)),
        {**{(f"Conv_{i}",): f"model.{i}.model.0" for i in range(4)}, ("Conv_4",): "model.4"},
        lambda: [nchw(2, 3, 64, 64)],
    ),
    "unit of munit E": (
        munit.content(4, 2, 2),
        lambda: Called(theirs.VAEGen(4, 2), lambda m, x: m.encode(x), "enc."),
        official.munit_content(2, 2, "enc"),
        lambda: [nchw(2, 3, 32, 32)],
    ),
    "unit of munit G": (
        munit.decoder(2, 2),
        lambda: Called(theirs.VAEGen(4, 2), lambda m, h: m.decode(h), "dec."),
        official.munit_decoder(2, 2, styled=False),
        lambda: [nchw(2, 16, 8, 8)],
    ),
    "munit content": (
        munit.content(4, 2, 2),
        lambda: Called(theirs.AdaINGen(4, 3, 5, 2), lambda m, x: m.enc_content(x), "enc_content."),
        official.munit_content(2, 2, "enc_content"),
        lambda: [nchw(2, 3, 32, 32)],
    ),
    "munit style": (
        munit.style(4, 4, 3),
        lambda: Called(theirs.AdaINGen(4, 3, 5, 2), lambda m, x: m.enc_style(x).flatten(1), "enc_style."),
        official.munit_style(4),
        lambda: [nchw(2, 3, 64, 64)],
    ),
    "munit G": (
        munit.decoder(2, 2, 5),
        lambda: Called(theirs.AdaINGen(4, 3, 5, 2), lambda m, c, s: m.decode(c, s[:, :, None, None]), ("dec.", "mlp.")),
        official.munit_decoder(2, 2),
        lambda: [nchw(2, 16, 8, 8), torch.randn(2, 3)],
    ),
    "munit D": (
        munit.critic(4, 3, 2),
        lambda: Called(theirs.MsImageDis(4, 3, 2), lambda m, x: m(x)),
        official.munit_critic(3, 2),
        lambda: [nchw(2, 3, 64, 64)],
    ),
    "fader E": (
        fader.encoder(3, 4, 8),
        lambda: Called(theirs.FaderAutoEncoder(32, 4, 8, 2, 3), lambda m, x: m.encode(x), "enc_"),
        FADER_E,
        lambda: [nchw(3, 3, 32, 32)],
    ),
    "fader G": (
        fader.decoder(3, 4, 8),
        lambda: Called(theirs.FaderAutoEncoder(32, 4, 8, 2, 3), lambda m, z, y: m.decode(z, y), "dec_"),
        FADER_G,
        lambda: [nchw(3, 8, 4, 4), torch.rand(3, 4)],
    ),
    "fader D": (
        fader.critic(4, 8, 2, 0.0),
        lambda: Called(theirs.LatentDiscriminator(32, 4, 8, 2, 3, 8, 0.0), lambda m, z: m(z)),
        FADER_D,
        lambda: [nchw(3, 8, 4, 4)],
    ),
    "stargan G": (
        stargan.generator(4, 2),
        lambda: Called(theirs.StarGenerator(4, 5, 2), lambda m, x, c: m(x, c)),
        official.star_generator(2),
        lambda: [nchw(2, 3, 32, 32), torch.rand(2, 5)],
    ),
    "stargan D": (
        stargan.critic(5, 4, 4),
        lambda: Called(theirs.StarDiscriminator(64, 4, 5, 4), lambda m, x: m(x)),
        official.star_critic(4),
        lambda: [nchw(2, 3, 64, 64)],
    ),
    "ugatit G": (
        ugatit.generator(4, 2, light=False),
        lambda: Called(theirs.UgatitGenerator(3, 4, 2, 32), lambda m, x: m(x)),
        official.ugatit_generator(2, False),
        lambda: [nchw(2, 3, 32, 32)],
    ),
    "ugatit G, light": (
        ugatit.generator(4, 2),
        lambda: Called(theirs.UgatitGenerator(3, 4, 2, 32, light=True), lambda m, x: m(x)),
        official.ugatit_generator(2, True),
        lambda: [nchw(2, 3, 48, 48)],
    ),
    "ugatit D, local": (
        ugatit.critic(4, 5),
        lambda: Called(theirs.UgatitDiscriminator(5, 4), lambda m, x: m(x)),
        official.ugatit_critic(5),
        lambda: [nchw(2, 3, 64, 64)],
    ),
    "ugatit D, global": (
        ugatit.critic(2, 7),
        lambda: Called(theirs.UgatitDiscriminator(7, 2), lambda m, x: m(x)),
        official.ugatit_critic(7),
        lambda: [nchw(2, 3, 256, 256)],
    ),
}


def ours(x):
    """NCHW torch -> NHWC, maps of one channel and heat maps without it, numbers as they are."""
    x = x.detach().numpy()
    return x.transpose(0, 2, 3, 1) if x.ndim == 4 else x


def made_by(module, inputs):
    out = module(*inputs)
    return [out] if isinstance(out, torch.Tensor) else list(out)


def weights_of(network, module, names, inputs):
    """(params, vars) of the network out of the module, and the module's arrays."""
    given = [jnp.asarray(ours(x)) for x in inputs]
    params, vars = jax.tree.map(np.asarray, bind.initialise(network, jax.random.key(0), *given))
    arrays = module.arrays()
    new = from_official(arrays, names, params, vars, "theirs")
    return jax.tree.map(jnp.asarray, (new[0], {**vars, **new[1]})), arrays


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_and_its_gradients_in_the_inputs(name):
    """All outputs, and the gradients of their weighted sum, within 1e-4 of the largest; weights back as they were."""
    network, make, names, given = NETWORKS[name]
    module, inputs = make(), given()
    networks.randomise(module.module, 0)
    (params, vars), arrays = weights_of(network, module, names, inputs)
    back = to_official(names, params, vars)
    for key in back.keys() & arrays.keys():
        np.testing.assert_array_equal(back[key], arrays[key], err_msg=key)
    assert {key for key in arrays if not key.endswith(("running_mean", "running_var", "num_batches_tracked"))} <= set(
        back
    )
    seen = [x.clone().requires_grad_() for x in inputs]
    expected = made_by(module, seen)
    weights = [torch.randn_like(each) for each in expected]
    sum((w * each).sum() for w, each in zip(weights, expected, strict=True)).backward()

    def outputs(*xs):
        return jax.tree.leaves(bind.Bound(network, params, vars, jax.random.key(0))(*xs))

    def weighted(*xs):
        pairs = zip(weights, outputs(*xs), strict=True)
        return sum((ours(w).reshape(y.shape) * y).sum() for w, y in pairs)

    with library():
        xs = [jnp.asarray(ours(x)) for x in inputs]
        found = jax.jit(outputs)(*xs)
        gradients = jax.jit(jax.grad(weighted, argnums=tuple(range(len(xs)))))(*xs)
    for a, b in zip(found, expected, strict=True):
        b = ours(b)
        np.testing.assert_allclose(a, b.reshape(a.shape), atol=1e-4 * max(1, np.abs(b).max()))
    for gradient, x in zip(gradients, seen, strict=True):
        wanted = ours(x.grad)
        np.testing.assert_allclose(gradient, wanted, atol=1e-4 * np.abs(wanted).max())
