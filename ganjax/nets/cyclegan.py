"""The residual generator of CycleGAN (Zhu et al. 2017, arXiv:1703.10593, appendix 7.2; Johnson et al. 2016).

With four halvings it is pix2pixHD's global generator G1 (Wang et al. 2018, arXiv:1711.11585, section 3.1); ``enhancer`` puts a
local one around that, for images of twice the size.
"""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import Conv, ConvTranspose, instance_norm, mean_pool, numbered, reflect

Images = Float[Array, "b _ _ _"]


class Block(nn.Module):
    """x + [reflect conv3 IN ReLU reflect conv3 IN](x); no ReLU after the sum."""

    dtype: Any

    @nn.compact
    def __call__(self, x: Images) -> Images:
        channels = x.shape[-1]
        h = Conv(channels, padding=(0, 0), dtype=self.dtype)(reflect(x, 1))
        h = nn.relu(instance_norm(self.dtype)(h))
        h = Conv(channels, padding=(0, 0), dtype=self.dtype)(reflect(h, 1))
        out: Images = x + instance_norm(self.dtype)(h)
        return out


class Generator(nn.Module):
    """Images -> conv7, halvings, residual blocks, as many doublings, conv7, tanh -> images in [-1, 1].

    ``maps``: what comes before the last convolution instead.
    """

    channels: int
    blocks: int
    halvings: int
    image_channels: int
    dtype: Any
    remat: bool

    @nn.compact
    def __call__(self, x: Images, train: bool = True, maps: bool = False) -> Images:
        widths = [self.channels * 2**i for i in range(self.halvings + 1)]
        x = _entered(self.channels, x, self.dtype)
        for width in widths[1:]:
            x = _act(Conv(width, 3, 2, (1, 1), dtype=self.dtype)(x), self.dtype)
        block = numbered(Block, self.remat)
        for _ in range(self.blocks):
            x = block(self.dtype)(x)
        for width in widths[-2::-1]:
            x = _act(ConvTranspose(width, 3, 2, (1, 0), dtype=self.dtype)(x), self.dtype)
        return x if maps else _painted(self.image_channels, x, self.dtype)


class Enhancer(nn.Module):
    """Images -> a halving, whose maps those of G1 on halved images are added to, residual blocks, a doubling -> images."""

    inner: Generator
    blocks: int

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Images:
        channels, dtype = self.inner.channels // 2, self.inner.dtype
        coarse = self.inner(mean_pool(x), train, maps=True)
        h = _entered(channels, x, dtype)
        h = coarse + _act(Conv(2 * channels, 3, 2, (1, 1), dtype=dtype)(h), dtype)
        for _ in range(self.blocks):
            h = Block(dtype)(h)
        h = _act(ConvTranspose(channels, 3, 2, (1, 0), dtype=dtype)(h), dtype)
        return _painted(self.inner.image_channels, h, dtype)


def _entered(channels: int, x: Images, dtype: Any) -> Images:
    return _act(Conv(channels, 7, padding=(0, 0), dtype=dtype)(reflect(x, 3)), dtype)


def _act(x: Images, dtype: Any) -> Images:
    out: Images = nn.relu(instance_norm(dtype)(x))
    return out


def _painted(channels: int, x: Images, dtype: Any) -> Images:
    x = Conv(channels, 7, padding=(0, 0), dtype=dtype)(reflect(x, 3))
    return jnp.tanh(x.astype(jnp.float32))


def generator(
    channels: int = 64,
    blocks: int = 6,
    image_channels: int = 3,
    halvings: int = 2,
    dtype: Any = jnp.float32,
    remat: bool = False,
) -> nn.Module:
    """Any size that 2^``halvings`` divides; CycleGAN takes 6 blocks at 128 px and 9 from 256 px on, pix2pixHD's G1 9 blocks
    and four halvings.

    ``remat`` computes blocks again where a gradient needs them, which saves memory.
    """
    return Generator(channels, blocks, halvings, image_channels, dtype, remat)


def enhancer(
    channels: int = 32,
    blocks: int = 3,
    image_channels: int = 3,
    inner_blocks: int = 9,
    inner_halvings: int = 4,
    dtype: Any = jnp.float32,
    remat: bool = False,
) -> nn.Module:
    """pix2pixHD's G1 (2 · ``channels`` wide, ``inner_…``) within a local enhancer; sizes that 2^(inner_halvings + 1) divides.

    G1's parameters are those of ``inner``; its last convolution, and its tanh, are not there.
    """
    inner = Generator(2 * channels, inner_blocks, inner_halvings, image_channels, dtype, remat)
    return Enhancer(inner, blocks)
