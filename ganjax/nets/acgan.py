"""AC-GAN at any size 4·2^k (Odena et al. 2017, arXiv:1610.09585, appendix A, CIFAR-10): D says real or not, and which class.

Generator:  (z, label) -> 4 × 4 -> 8 × 8 -> … -> size, 5 × 5 kernels, BatchNorm and ReLU between, tanh.
Critic:     3 × 3 convolutions in pairs of stride 2 and 1, LeakyReLU 0.2 and dropout after each, two dense heads.
"""

from __future__ import annotations

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ganjax.nets.dcgan import doublings
from ganjax.nets.joined import join
from ganjax.nets.layers import Conv, ConvTranspose, batch_norm, leaky_relu, normal_init


class Generator(nn.Module):
    """(z [b, n], label [b]) -> images [b, size, size, c] in [-1, 1]."""

    size: int
    image_channels: int
    channels: int
    classes: int
    axis_name: str | None

    @nn.compact
    def __call__(self, z: Float[Array, "b n"], label: Int[Array, " b"], train: bool = True) -> Float[Array, "b h w c"]:
        k = doublings(self.size)
        width = self.channels * 2 ** (k - 1)
        x = nn.relu(nn.Dense(16 * width, kernel_init=normal_init)(join(z, label, self.classes)))
        x = x.reshape(z.shape[0], 4, 4, width)
        for i in range(1, k):
            x = ConvTranspose(width // 2**i, 5, 2, (2, 1), use_bias=False)(x)
            x = nn.relu(batch_norm(train, self.axis_name)(x))
        return jnp.tanh(ConvTranspose(self.image_channels, 5, 2, (2, 1), use_bias=False)(x))


class Critic(nn.Module):
    """Images [b, size, size, c] -> (logits of being real [b], logits of the classes [b, k])."""

    size: int
    channels: int
    classes: int
    dropout: float
    axis_name: str | None

    @nn.compact
    def __call__(
        self, x: Float[Array, "b h w c"], train: bool = True
    ) -> tuple[Float[Array, " b"], Float[Array, "b k"]]:
        for i in range(2 * doublings(self.size)):
            x = Conv(self.channels * 2**i, 3, 1 if i % 2 else 2, (1, 1), use_bias=False)(x)
            x = leaky_relu(batch_norm(train, self.axis_name)(x) if i else x)
            x = nn.Dropout(self.dropout, rng_collection="noise", deterministic=not train)(x)
        x = x.reshape(x.shape[0], -1)
        heads = [nn.Dense(n, kernel_init=normal_init)(x) for n in (1, self.classes)]
        return heads[0][:, 0], heads[1]


def generator(
    size: int = 32, image_channels: int = 3, channels: int = 96, classes: int = 10, axis_name: str | None = None
) -> nn.Module:
    """(z, label) -> ``size`` px images, ``channels`` before the last layer.

    Raises:
        ValueError: size is not 4·2^k.
    """
    doublings(size)
    return Generator(size, image_channels, channels, classes, axis_name)


def critic(
    size: int = 32, channels: int = 16, classes: int = 10, dropout: float = 0.5, axis_name: str | None = None
) -> nn.Module:
    """``size`` px images -> (logit, class logits), ``channels`` after the first layer, twice as many after each.

    Raises:
        ValueError: size is not 4·2^k.
    """
    doublings(size)
    return Critic(size, channels, classes, dropout, axis_name)
