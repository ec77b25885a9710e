"""U-Nets that draw one image from another.

``generator``: pix2pix (Isola et al. 2017, arXiv:1611.07004, appendix 6.1.1), down to one pixel and up again, skips between.
``small``: the U-Net of a CycleGAN of the lectures: four halvings, nearest-neighbour doublings.
"""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import (
    Conv,
    ConvTranspose,
    batch_norm,
    instance_norm,
    leaky_relu,
    normal_scale_init,
    upsample,
)

Images = Float[Array, "b h w _"]  # the answer may have other channels


class Generator(nn.Module):
    """Images -> images in [-1, 1], of as many rows and columns, multiples of 2^depth."""

    depth: int
    channels: int
    image_channels: int
    batch_norm: bool
    dropout: float
    innermost_dropout: bool
    axis_name: str | None
    dtype: Any

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Images:
        def norm(x: Array) -> Array:
            layer: Any = instance_norm(self.dtype)
            if self.batch_norm:
                layer = batch_norm(train, self.axis_name, normal_scale_init, self.dtype)
            out: Array = layer(x)
            return out

        common: dict[str, Any] = {"use_bias": not self.batch_norm, "dtype": self.dtype}
        widths = [self.channels * min(2**i, 8) for i in range(self.depth)]
        innermost, skips = self.depth - 1, []
        for i, width in enumerate(widths):
            x = Conv(width, 4, 2, (1, 1), **common)(leaky_relu(x) if i else x)
            x = norm(x) if 0 < i < innermost else x  # one pixel's variance is zero
            skips.append(x)
        for i in range(innermost, 0, -1):
            x = norm(ConvTranspose(widths[i - 1], **common)(nn.relu(x)))
            if widths[i] == widths[i - 1] and (i < innermost or self.innermost_dropout):
                x = nn.Dropout(self.dropout, deterministic=not train, rng_collection="noise")(x)
            x = jnp.concatenate([skips[i - 1], x], axis=-1)
        x = ConvTranspose(self.image_channels, dtype=self.dtype)(nn.relu(x))
        return jnp.tanh(x.astype(jnp.float32))


class Small(nn.Module):
    """Images -> images in [-1, 1], of as many rows and columns, multiples of 16."""

    channels: int
    image_channels: int
    dtype: Any

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Images:
        skips, widths = [], [self.channels * 2**i for i in range(4)]
        for width in widths:
            x = instance_norm(self.dtype)(leaky_relu(Conv(width, 4, 2, (1, 1), dtype=self.dtype)(x)))
            skips.append(x)
        for i in (2, 1, 0):
            x = nn.relu(Conv(widths[i], 4, padding=(1, 2), dtype=self.dtype)(upsample(x)))
            x = jnp.concatenate([instance_norm(self.dtype)(x), skips[i]], axis=-1)
        x = Conv(self.image_channels, 4, padding=(1, 2), dtype=self.dtype)(upsample(x))
        return jnp.tanh(x.astype(jnp.float32))


def generator(
    size: int = 256,
    channels: int = 64,
    image_channels: int = 3,
    batch_norm: bool = True,
    dropout: float = 0.5,
    innermost_dropout: bool = False,
    axis_name: str | None = None,
    dtype: Any = jnp.float32,
) -> nn.Module:
    """``size`` px images go down to one pixel; multiples of that size fit too.

    Instance norm in the place of ``batch_norm`` brings biases. ``dropout`` is the game's only noise, in the inner layers of
    8 · ``channels``, but for the innermost, which the Lua code drops from as well (``innermost_dropout``).

    Raises:
        ValueError: size is no power of two, or below 8.
    """
    if size < 8 or size & (size - 1):
        raise ValueError(f"size={size}: a U-Net halves down to one pixel, take 8, 16, 32, …")
    depth = size.bit_length() - 1
    return Generator(depth, channels, image_channels, batch_norm, dropout, innermost_dropout, axis_name, dtype)


def small(channels: int = 32, image_channels: int = 3, dtype: Any = jnp.float32) -> nn.Module:
    """The lectures' U-Net, ``channels`` after the first layer."""
    return Small(channels, image_channels, dtype)
