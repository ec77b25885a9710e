"""The residual networks of WGAN-GP: CIFAR-10 (32 px) and the "good" generator and critic (64 px).

Gulrajani et al. 2017, arXiv:1704.00028, appendix F and official code. A block is [norm] ReLU conv [norm] ReLU conv,
added to its input; up = nearest-neighbour doubling before a convolution, down = mean pooling after one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import Conv, Doubling, Halving, Init, Weight, batch_norm, layer_norm, numbered, pool, upsample
from ganjax.nets.wgan_gp import fan_average, glorot

Images = Float[Array, "b _ _ _"]  # height, width and channels change


class Block(nn.Module):
    """A residual block; ``between`` are the channels between its convolutions, ``told`` what its norms are told.

    ``weight`` makes the kernels that are used out of the parameters, such as ``spectral.iterating(train)``.
    """

    features: int
    between: int
    up: bool = False
    down: bool = False
    norm: Callable[[], nn.Module] | None = None
    first_bias: bool = True
    first_block: bool = False
    dtype: Any = jnp.float32
    kernel_init: Init = fan_average()
    shortcut_init: Init = fan_average(2.0)
    weight: Weight | None = None

    @nn.compact
    def __call__(self, x: Images, *told: Array) -> Images:
        h = x if self.first_block else self._act(x, *told)  # the critic's first block meets raw pixels
        h = self._conv(0, Doubling if self.up else Conv, self.between, h, self.first_bias)
        h = self._conv(1, Halving if self.down else Conv, self.features, self._act(h, *told))
        return self._shortcut(x) + h

    def _act(self, x: Images, *told: Array) -> Images:
        return nn.relu(self.norm()(x, *told) if self.norm else x)

    def _conv(self, i: int, kind: type[Conv], width: int, x: Images, use_bias: bool = True) -> Images:
        layer = kind(width, 3, 1, None, use_bias, self.kernel_init, self.dtype, self.weight, name=f"Conv_{i}")
        out: Images = layer(x)
        return out

    def _shortcut(self, x: Images) -> Images:
        if not (self.up or self.down) and x.shape[-1] == self.features:
            return x
        layer = Conv(self.features, 1, 1, None, True, self.shortcut_init, self.dtype, self.weight, name="Conv_2")
        out: Images = layer(pool(x) if self.down else x)
        return upsample(out) if self.up else out  # one pixel's convolution is the same before it is doubled


class Generator(nn.Module):
    """z -> dense 4 × 4 -> blocks that double -> BatchNorm ReLU conv tanh -> images in [-1, 1]."""

    widths: tuple[int, ...]
    image_channels: int
    first_bias: bool
    axis_name: str | None
    dtype: Any
    remat: bool

    @nn.compact
    def __call__(self, z: Float[Array, "b n"], train: bool = True) -> Images:
        def norm() -> nn.Module:
            return batch_norm(train, self.axis_name, dtype=self.dtype)

        first, *rest = self.widths
        x = nn.Dense(16 * first, kernel_init=glorot, dtype=self.dtype)(z).reshape(z.shape[0], 4, 4, first)
        block = numbered(Block, self.remat)
        for width in rest:
            x = block(width, width, up=True, norm=norm, first_bias=self.first_bias, dtype=self.dtype)(x)
        x = Conv(self.image_channels, kernel_init=fan_average(2.0), dtype=self.dtype)(nn.relu(norm()(x)))
        return jnp.tanh(x.astype(jnp.float32))


class CifarCritic(nn.Module):
    """32 px -> two blocks that halve, two that do not -> ReLU, mean over pixels, dense; no norm at all."""

    channels: int
    dtype: Any
    remat: bool

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Float[Array, " b"]:
        block = numbered(Block, self.remat)
        x = block(self.channels, self.channels, down=True, first_block=True, dtype=self.dtype)(x)
        for down in (True, False, False):
            x = block(self.channels, self.channels, down=down, dtype=self.dtype)(x)
        x = nn.relu(x).mean(axis=(1, 2))
        return nn.Dense(1, kernel_init=glorot, dtype=self.dtype)(x)[:, 0].astype(jnp.float32)


class GoodCritic(nn.Module):
    """64 px -> conv -> four blocks that halve, with LayerNorm -> dense."""

    channels: int
    dtype: Any
    remat: bool

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Float[Array, " b"]:
        x = Conv(self.channels, kernel_init=fan_average(2.0), dtype=self.dtype)(x)
        block = numbered(Block, self.remat)
        for factor in (2, 4, 8, 8):
            x = block(
                factor * self.channels,
                x.shape[-1],
                down=True,
                norm=lambda: layer_norm(self.dtype),
                first_bias=False,
                dtype=self.dtype,
            )(x)
        x = x.reshape(x.shape[0], -1)
        return nn.Dense(1, kernel_init=glorot, dtype=self.dtype)(x)[:, 0].astype(jnp.float32)


def cifar_generator(
    channels: int = 128, axis_name: str | None = None, dtype: Any = jnp.float32, remat: bool = False
) -> nn.Module:
    """z -> 32 × 32 × 3, three blocks of equal width; ``remat`` computes blocks again where a gradient needs them."""
    return Generator((channels,) * 4, 3, True, axis_name, dtype, remat)


def cifar_critic(channels: int = 128, dtype: Any = jnp.float32, remat: bool = False) -> nn.Module:
    """32 × 32 × c -> critic values."""
    return CifarCritic(channels, dtype, remat)


def good_generator(
    channels: int = 64, axis_name: str | None = None, dtype: Any = jnp.float32, remat: bool = False
) -> nn.Module:
    """z -> 64 × 64 × 3, widths 8, 8, 4, 2, 1 times ``channels``."""
    return Generator(tuple(channels * i for i in (8, 8, 4, 2, 1)), 3, False, axis_name, dtype, remat)


def good_critic(channels: int = 64, dtype: Any = jnp.float32, remat: bool = False) -> nn.Module:
    """64 × 64 × c -> critic values."""
    return GoodCritic(channels, dtype, remat)
