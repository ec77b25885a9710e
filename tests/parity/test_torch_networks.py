"""Every network against its PyTorch reference with the same weights, in training and in evaluation mode."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from experiments.pytorch import networks  # noqa: E402
from experiments.pytorch.weights import convert, images  # noqa: E402
from ganjax.nets import bind, cyclegan, dcgan, lsgan, mlp, patchgan, resnet, wgan_gp  # noqa: E402
from ganjax.nets.conv import library  # noqa: E402

pytestmark = pytest.mark.parity

GENERATORS = [  # ours, theirs, side of the first map, [0, 1] outside
    (mlp.generator(), lambda: networks.mlp_generator(latent_dim=5), None, True),
    (mlp.generator((32, 16)), lambda: networks.paper_generator(hidden=(32, 16), latent_dim=5), None, True),
    (dcgan.generator(32, 4), lambda: networks.dcgan_generator(32, 4, 5), None, False),
    (dcgan.generator(16, 4, last_bias=True), lambda: networks.dcgan_generator(16, 4, 5, last_bias=True), None, False),
    (resnet.cifar_generator(4), lambda: networks.cifar_generator(4, 5), 4, False),
    (resnet.good_generator(2), lambda: networks.good_generator(2, 5), 4, False),
    (wgan_gp.mnist_generator(2), lambda: networks.mnist_generator(2, 5), 4, True),
    (lsgan.generator(2), lambda: networks.lsgan_generator(2, 5), 7, False),
]
CRITICS = [  # ours, theirs, image, side of the last map, [0, 1] inside
    (mlp.critic(), networks.mlp_discriminator, (1, 28, 28), None, True),
    (mlp.critic((8, 6), pieces=3), None, (1, 28, 28), None, True),
    (dcgan.critic(32, 4), lambda: networks.dcgan_discriminator(32, 4), (3, 32, 32), None, False),
    (dcgan.critic(128, 2, norm_first=True), lambda: networks.critic_128(2), (3, 128, 128), None, False),
    (
        dcgan.critic(128, 2, norm_first=True, output=jax.nn.sigmoid),
        lambda: networks.critic_128(2, sigmoid=True),
        (3, 128, 128),
        None,
        False,
    ),
    (resnet.cifar_critic(4), lambda: networks.cifar_discriminator(4), (3, 32, 32), None, False),
    (resnet.good_critic(2), lambda: networks.good_discriminator(2), (3, 64, 64), 4, False),
    (wgan_gp.mnist_critic(2), lambda: networks.mnist_discriminator(2), (1, 28, 28), 4, True),
    (lsgan.critic(2), lambda: networks.lsgan_discriminator(2), (3, 112, 112), 7, False),
]


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def ours(network, params, vars, x, train):
    with library():
        return np.asarray(
            jax.jit(lambda x: bind.Bound(network, params, vars, jax.random.key(0), train)(x))(
                jnp.asarray(np.asarray(x))
            )
        )


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("row", GENERATORS, ids=lambda row: type(row[0]).__module__ + str(row[2]))
def test_generators(row, train):
    network, theirs, grid, unit = row
    module, z = networks.randomise(theirs(), 0).train(train), torch.randn(6, 5)
    params, vars = convert(network, z.numpy(), module, grid)
    made, expected = ours(network, params, vars, z, train), images(module(z))
    made = (made + 1) / 2 if unit else made
    np.testing.assert_allclose(made, expected.reshape(made.shape), atol=2e-5)


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("row", CRITICS, ids=lambda row: type(row[0]).__module__ + str(row[2]))
def test_critics(row, train):
    network, theirs, shape, grid, unit = row
    theirs = theirs or (lambda: networks.PaperDiscriminator(units=8, pieces=3))
    if row[1] is None:
        network = mlp.critic((8, 8), pieces=3)
    module, x = networks.randomise(theirs(), 0).train(train), torch.rand(6, *shape)
    x = x if unit else 2 * x - 1
    seen = images(2 * x - 1 if unit else x)
    params, vars = convert(network, seen, module, grid, "disc")
    expected = module(x).detach().numpy()
    np.testing.assert_allclose(
        ours(network, params, vars, seen, train), expected, atol=5e-5 * max(1, float(np.abs(expected).max()))
    )


TRANSLATORS = [  # ours, theirs, size
    (cyclegan.generator(4, 2), lambda: networks.cyclegan_generator(4, 2), 32),
    (patchgan.critic(4), lambda: networks.patch_discriminator(4), 64),
    (patchgan.critic(4, layers=2), lambda: networks.patch_discriminator(4, 2), 32),
]


@pytest.mark.parametrize("row", TRANSLATORS, ids=["cyclegan", "patchgan", "patchgan of two layers"])
def test_networks_from_images(row):
    network, theirs, size = row
    module, x = networks.randomise(theirs(), 0), 2 * torch.rand(2, 3, size, size) - 1
    params, vars = convert(network, images(x), module)
    made, expected = ours(network, params, vars, images(x), True), images(module(x))
    np.testing.assert_allclose(made, expected.reshape(made.shape), atol=5e-5)
