"""The networks of DiscoGAN (Kim et al. 2017, arXiv:1703.05192, section 3.1; layers and 64 px as in its official code).

Generator:  size -> … -> 4 × 4 -> … -> size, channels doubling and halving, BatchNorm; in [0, 1] inside, by a sigmoid.
Critic:     size -> … -> 4 × 4 -> logit, and what its second layer and those after made: their means are matched.
"""

from __future__ import annotations

import flax.linen as nn
from jaxtyping import Array, Float

from ganjax.nets.dcgan import doublings
from ganjax.nets.layers import Conv, ConvTranspose, batch_norm, leaky_relu, sigmoid_image, uniform_init, unit_range

Images = Float[Array, "b h w _"]  # the answer may have other channels


class Generator(nn.Module):
    """Images [b, size, size, c] in [-1, 1] -> as many."""

    widths: tuple[int, ...]
    image_channels: int
    code: int
    axis_name: str | None

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Images:
        def norm(x: Array) -> Array:
            out: Array = batch_norm(train, self.axis_name)(x)
            return out

        x = unit_range(x)
        for i, width in enumerate(self.widths):
            x = _conv(width, x, 2, 1)
            x = leaky_relu(norm(x) if i else x)
        if self.code:
            x = leaky_relu(norm(_conv(self.code, x, 1, 0)))
            x = nn.relu(norm(_transposed(self.widths[-1], x, 1, 0)))
        for width in self.widths[-2::-1]:
            x = nn.relu(norm(_transposed(width, x, 2, 1)))
        return sigmoid_image(_transposed(self.image_channels, x, 2, 1))


class Critic(nn.Module):
    """Images [b, size, size, c] -> logits [b], maps of all layers but the first."""

    widths: tuple[int, ...]
    axis_name: str | None

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> tuple[Float[Array, " b"], list[Float[Array, "b ..."]]]:
        x, maps = unit_range(x), []
        for i, width in enumerate(self.widths):
            x = _conv(width, x, 2, 1)
            x = leaky_relu(batch_norm(train, self.axis_name)(x) if i else x)
            maps.append(x)
        return _conv(1, x, 1, 0).reshape(x.shape[0]), maps[1:]


def _conv(width: int, x: Array, stride: int, pad: int) -> Array:
    init = uniform_init((16 * x.shape[-1]) ** -0.5)
    out: Array = Conv(width, 4, stride, (pad, pad), use_bias=False, kernel_init=init)(x)
    return out


def _transposed(width: int, x: Array, stride: int, pad: int) -> Array:
    init = uniform_init(
        (16 * width) ** -0.5
    )  # PyTorch's default takes the width that comes out for the one that comes in
    out: Array = ConvTranspose(width, 4, stride, (pad, pad), use_bias=False, kernel_init=init)(x)
    return out


def generator(
    size: int = 64, channels: int = 64, image_channels: int = 3, code: int = 0, axis_name: str | None = None
) -> nn.Module:
    """``size`` px images into ``size`` px images, ``channels`` after the first layer; ``code`` numbers in the middle
    where it is not 0 (the official code's 100 for clothes), else 4 × 4 maps.

    Raises:
        ValueError: size is not 4·2^k.
    """
    return Generator(tuple(channels * 2**i for i in range(doublings(size))), image_channels, code, axis_name)


def critic(size: int = 64, channels: int = 64, axis_name: str | None = None) -> nn.Module:
    """``size`` px images -> (logit, maps), ``channels`` after the first layer.

    Raises:
        ValueError: size is not 4·2^k.
    """
    return Critic(tuple(channels * 2**i for i in range(doublings(size))), axis_name)
