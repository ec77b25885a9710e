"""Networks of Reed et al. 2016 (arXiv:1605.05396, figure 2; layers as in the official code) at any size 4·2^k.

Generator:  z beside the text's features -> 4 × 4 -> residual block -> 8 × 8 -> residual block -> … -> size, tanh.
Critic:     size -> … -> 4 × 4 -> residual block; the text's features at each of 4 × 4 places -> 1 × 1 -> 4 × 4 -> 1.
"""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.dcgan import doublings
from ganjax.nets.layers import Conv, ConvTranspose, Init, batch_norm, leaky_relu, normal_init, normal_scale_init


class Residual(nn.Module):
    """x + (1 × 1, 3 × 3, 3 × 3 convolutions, a quarter of the channels between), each with BatchNorm where ``norm``."""

    slope: float
    axis_name: str | None
    norm: bool = True
    kernel_init: Init = normal_init

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"], train: bool = True) -> Float[Array, "b h w c"]:
        channels, y = x.shape[-1], x
        for width, kernel in ((channels // 4, 1), (channels // 4, 3), (channels, 3)):
            y = Conv(width, kernel, 1, use_bias=not self.norm, kernel_init=self.kernel_init)(
                nn.leaky_relu(y, self.slope) if kernel == 3 else y
            )
            y = batch_norm(train, self.axis_name, normal_scale_init)(y) if self.norm else y
        return nn.leaky_relu(x + y, self.slope)


class Generator(nn.Module):
    """(z [b, n], text [b, d]) -> images [b, size, size, c] in [-1, 1]."""

    size: int
    channels: int
    text_features: int
    image_channels: int
    axis_name: str | None

    @nn.compact
    def __call__(
        self, z: Float[Array, "b n"], text: Float[Array, "b d"], train: bool = True
    ) -> Float[Array, "b h w c"]:
        features = leaky_relu(nn.Dense(self.text_features, kernel_init=normal_init)(text))
        x = jnp.concatenate([z, features], axis=-1)[:, None, None, :]
        k = doublings(self.size)
        for i in range(k):
            stride, padding = (2, (1, 1)) if i else (1, (0, 0))
            x = ConvTranspose(self.channels * 2 ** (k - 1 - i), 4, stride, padding, use_bias=False)(x)
            x = batch_norm(train, self.axis_name, normal_scale_init)(x)
            x = Residual(0.0, self.axis_name)(x, train) if i < 2 else nn.relu(x)
        return jnp.tanh(ConvTranspose(self.image_channels, use_bias=False)(x))


class Critic(nn.Module):
    """(images [b, size, size, c], text [b, d]) -> logits [b]."""

    size: int
    channels: int
    text_features: int
    noise: float
    norm: bool
    axis_name: str | None

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"], text: Float[Array, "b d"], train: bool = True) -> Float[Array, " b"]:
        def norm(x: Array) -> Array:
            out: Array = batch_norm(train, self.axis_name, normal_scale_init)(x) if self.norm else x
            return out

        if train and self.noise:
            x += self.noise * jax.random.normal(self.make_rng("noise"), x.shape)
        init = normal_init if self.norm else nn.initializers.he_normal()
        k = doublings(self.size)
        for i in range(k):
            x = Conv(self.channels * 2**i, 4, 2, (1, 1), use_bias=not self.norm, kernel_init=init)(
                leaky_relu(x) if i else x
            )
            x = norm(x) if i else x
        x = Residual(0.2, self.axis_name, self.norm, init)(x, train)
        features = leaky_relu(norm(nn.Dense(self.text_features, kernel_init=init)(text)))
        tiled = jnp.broadcast_to(features[:, None, None, :], (*x.shape[:3], self.text_features))
        x = Conv(x.shape[-1], 1, 1, use_bias=not self.norm, kernel_init=init)(jnp.concatenate([x, tiled], axis=-1))
        return Conv(1, 4, 1, (0, 0), use_bias=False)(leaky_relu(norm(x))).reshape(x.shape[0])


def generator(
    size: int = 64,
    channels: int = 128,
    text_features: int = 128,
    image_channels: int = 3,
    axis_name: str | None = None,
) -> nn.Module:
    """(z, text) -> ``size`` px images, ``channels`` before the last layer.

    Raises:
        ValueError: size is not 4·2^k, or the channels do not divide by 4 where blocks need it.
    """
    doublings(size)
    return Generator(size, channels, text_features, image_channels, axis_name)


def critic(
    size: int = 64,
    channels: int = 64,
    text_features: int = 128,
    noise: float = 0.0,
    norm: bool = True,
    axis_name: str | None = None,
) -> nn.Module:
    """(``size`` px images, text) -> logits, ``channels`` after the first layer.

    ``noise`` N(0, noise²) on what it sees keeps it from knowing drawn images by pixels alone that are not quite flat.
    Without BatchNorm (``norm`` False) it judges each pair alone; with it, a batch of wrong captions gives itself away by its
    mean, and nobody has to look at each.

    Raises:
        ValueError: size is not 4·2^k.
    """
    doublings(size)
    return Critic(size, channels, text_features, noise, norm, axis_name)
