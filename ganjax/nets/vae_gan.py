"""The three networks of VAE/GAN (Larsen et al. 2016, arXiv:1512.09300, table 1; 32 and 64 px in the official code).

Encoder:    size -> size/2 -> size/4 -> size/8 -> 16c -> mean and log variance of z     c, 2c, 4c channels
Generator:  z -> size/8 -> size/4 -> size/2 -> size, the paper's decoder                4c, 4c, 2c, c/2 channels
Critic:     size -> size -> size/2 -> size/4 -> size/8 -> 8c -> logit                   c/2, 2c, 4c, 4c channels

c = 64 in the paper; 5 × 5 kernels, BatchNorm and ReLU after each layer but the critic's first. Dis_l is one of the critic's
last three convolutions before its BatchNorm, in the official code the third: 8 × 8 × 256 of 64 px, more numbers than pixels
have. At 32 px that is the second.
"""

from __future__ import annotations

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import Conv, ConvTranspose, batch_norm, normal_init


class Encoder(nn.Module):
    """Images [b, size, size, c] -> mean [b, d] and log variance [b, d] of q(z | x)."""

    channels: int
    latent_dim: int
    axis_name: str | None

    @nn.compact
    def __call__(
        self, x: Float[Array, "b h w c"], train: bool = True
    ) -> tuple[Float[Array, "b d"], Float[Array, "b d"]]:
        for i in range(3):
            x = Conv(self.channels * 2**i, 5, 2, (2, 2), use_bias=False)(x)
            x = nn.relu(batch_norm(train, self.axis_name)(x))
        x = nn.Dense(16 * self.channels, use_bias=False, kernel_init=normal_init)(x.reshape(x.shape[0], -1))
        x = nn.relu(batch_norm(train, self.axis_name)(x))
        mean, log_variance = (nn.Dense(self.latent_dim, kernel_init=normal_init)(x) for _ in range(2))
        return mean, log_variance


class Generator(nn.Module):
    """z [b, d] -> images [b, size, size, c] in [-1, 1]."""

    size: int
    image_channels: int
    channels: int
    axis_name: str | None

    @nn.compact
    def __call__(self, z: Float[Array, "b d"], train: bool = True) -> Float[Array, "b h w c"]:
        side, width = self.size // 8, 4 * self.channels
        x = nn.Dense(side * side * width, use_bias=False, kernel_init=normal_init)(z)
        x = nn.relu(batch_norm(train, self.axis_name)(x)).reshape(z.shape[0], side, side, width)
        for wide in (4 * self.channels, 2 * self.channels, self.channels // 2):
            x = ConvTranspose(wide, 5, 2, (2, 1), use_bias=False)(x)
            x = nn.relu(batch_norm(train, self.axis_name)(x))
        return jnp.tanh(Conv(self.image_channels, 5, 1, (2, 2))(x))


class Critic(nn.Module):
    """Images [b, size, size, c] -> logits [b] and Dis_l [b, size/2^l, size/2^l, 2c or 4c]."""

    channels: int
    layer: int
    norm: bool
    axis_name: str | None

    @nn.compact
    def __call__(
        self, x: Float[Array, "b h w c"], train: bool = True
    ) -> tuple[Float[Array, " b"], Float[Array, "b i j k"]]:
        def act(x: Array) -> Array:
            return nn.relu(batch_norm(train, self.axis_name)(x) if self.norm else x)

        init = normal_init if self.norm else nn.initializers.he_normal()
        x = nn.relu(Conv(self.channels // 2, 5, 1, (2, 2), kernel_init=init)(x))
        layers = []
        for wide in (2 * self.channels, 4 * self.channels, 4 * self.channels):
            layers.append(Conv(wide, 5, 2, (2, 2), use_bias=not self.norm, kernel_init=init)(x))
            x = act(layers[-1])
        x = nn.Dense(8 * self.channels, use_bias=not self.norm, kernel_init=init)(x.reshape(x.shape[0], -1))
        return nn.Dense(1, kernel_init=normal_init)(act(x))[:, 0], layers[self.layer - 1]


def encoder(size: int = 64, channels: int = 64, latent_dim: int = 128, axis_name: str | None = None) -> nn.Module:
    """``size`` px images -> (mean, log variance) of ``latent_dim`` numbers, ``channels`` after the first layer.

    Raises:
        ValueError: size is no multiple of 8.
    """
    _fits(size, channels)
    return Encoder(channels, latent_dim, axis_name)


def generator(size: int = 64, channels: int = 64, image_channels: int = 3, axis_name: str | None = None) -> nn.Module:
    """z -> ``size`` px images, ``channels`` // 2 before the last layer.

    Raises:
        ValueError: size is no multiple of 8; fewer than 2 channels.
    """
    _fits(size, channels)
    return Generator(size, image_channels, channels, axis_name)


def critic(
    size: int = 64, channels: int = 64, layer: int = 3, norm: bool = True, axis_name: str | None = None
) -> nn.Module:
    """``size`` px images -> (logit, Dis_l), ``channels`` // 2 after the first layer; ``layer`` is l, 1 to 3.

    Without BatchNorm (``norm`` False) each image is judged alone, not by what batch it comes in.

    Raises:
        ValueError: size is no multiple of 8; fewer than 2 channels; no such layer.
    """
    _fits(size, channels)
    if not 1 <= layer <= 3:
        raise ValueError(f"layer={layer}: Dis_l is convolution 1, 2 or 3")
    return Critic(channels, layer, norm, axis_name)


def _fits(size: int, channels: int) -> None:
    if size < 8 or size % 8 or channels < 2:
        raise ValueError(
            f"size={size}, channels={channels}: three halvings need a multiple of 8, and 2 channels or more"
        )
