"""Layer by layer: padding of convolutions, transposed convolutions, mirrored borders and norms are PyTorch's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from ganjax.nets import layers  # noqa: E402
from ganjax.nets.conv import library  # noqa: E402

pytestmark = pytest.mark.parity

CONVS = [  # kernel, stride, torch's padding, ours, size -> size
    (4, 2, 1, (1, 1), 16, 8),  # halving: also None, which is SAME
    (3, 2, 1, (1, 1), 16, 8),  # CycleGAN's halving: not SAME, which pads (0, 1)
    (7, 1, 3, (3, 3), 16, 16),
    (4, 1, 1, (1, 1), 32, 31),  # PatchGAN's last two
    (4, 1, 2, (2, 2), 32, 33),  # pix2pixHD's critics
    (1, 1, 0, (0, 0), 8, 8),
]
TRANSPOSED = [  # kernel, stride, torch's padding and output padding, ours, size -> size
    (4, 1, 0, 0, (0, 0), 1, 4),
    (4, 2, 1, 0, (1, 1), 8, 16),
    (3, 2, 1, 1, (1, 0), 8, 16),  # CycleGAN's doubling
    (3, 2, 1, 0, (1, 1), 8, 15),
    (6, 1, 1, 0, (1, 1), 25, 28),
]


def parameters(theirs, order):
    return {
        "kernel": jnp.asarray(theirs.weight.detach().numpy().transpose(order)),
        "bias": jnp.asarray(theirs.bias.detach().numpy()),
    }


def agrees(ours, theirs, x):
    """Values and gradients in the input of a random sum of them."""
    seen = x.clone().requires_grad_()
    out = theirs(seen)
    weights = torch.randn_like(out)
    (out * weights).sum().backward()
    nhwc = jnp.asarray(x.numpy().transpose(0, 2, 3, 1))
    w = jnp.asarray(weights.numpy().transpose(0, 2, 3, 1))
    for library_only in (True, False):  # the library's form, and the CPU's own
        if library_only:
            with library():
                made, slope = jax.jit(lambda x: (ours(x), jax.grad(lambda x: (w * ours(x)).sum())(x)))(nhwc)
        else:
            made, slope = jax.jit(lambda x: (ours(x), jax.grad(lambda x: (w * ours(x)).sum())(x)))(nhwc)
        for found, expected in ((made, out.detach()), (slope, seen.grad)):
            expected = expected.numpy().transpose(0, 2, 3, 1)
            np.testing.assert_allclose(found, expected, atol=1e-4 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize(("kernel", "stride", "pad", "ours", "size", "made"), CONVS)
def test_convolutions(kernel, stride, pad, ours, size, made):
    torch.manual_seed(0)
    theirs, layer = torch.nn.Conv2d(3, 5, kernel, stride, pad), layers.Conv(5, kernel, stride, ours)
    params = parameters(theirs, (2, 3, 1, 0))
    x = torch.randn(2, 3, size, size)
    assert theirs(x).shape[-1] == made
    agrees(lambda x: layer.apply({"params": params}, x), theirs, x)


@pytest.mark.parametrize(("kernel", "stride", "pad", "extra", "ours", "size", "made"), TRANSPOSED)
def test_transposed_convolutions(kernel, stride, pad, extra, ours, size, made):
    torch.manual_seed(0)
    theirs = torch.nn.ConvTranspose2d(3, 5, kernel, stride, pad, output_padding=extra)
    layer = layers.ConvTranspose(5, kernel, stride, ours)
    params = parameters(theirs, (2, 3, 0, 1))
    x = torch.randn(2, 3, size, size)
    assert theirs(x).shape[-1] == made
    agrees(lambda x: layer.apply({"params": params}, x), theirs, x)


def test_a_mirrored_border_does_not_repeat_the_edge():
    torch.manual_seed(0)
    for border in (1, 3):
        agrees(lambda x, n=border: layers.reflect(x, n), torch.nn.ReflectionPad2d(border), torch.randn(2, 3, 8, 8))


def test_norms():
    """Instance norm and BatchNorm, ε = 10⁻⁵, biased variance; and the mean at every second pixel, borders not counted."""
    torch.manual_seed(0)
    x = 0.01 * torch.randn(2, 3, 6, 6) + torch.randn(2, 3, 1, 1)  # small beside its mean: ε matters, and two passes
    agrees(lambda x: layers.instance_norm().apply({}, x), torch.nn.InstanceNorm2d(3), x)
    params = {"scale": jnp.ones(3), "bias": jnp.zeros(3)}
    stats = {"mean": jnp.zeros(3), "var": jnp.ones(3)}

    def batch_norm(x):
        return layers.batch_norm(True).apply({"params": params, "batch_stats": stats}, x, mutable=["batch_stats"])[0]

    agrees(batch_norm, torch.nn.BatchNorm2d(3), torch.randn(2, 3, 6, 6))
    half = torch.nn.AvgPool2d(3, 2, 1, count_include_pad=False)
    agrees(layers.mean_pool, half, torch.randn(2, 3, 7, 8))
