"""The residual generator of CycleGAN (Zhu et al. 2017, arXiv:1703.10593, appendix 7.2; Johnson et al. 2016)."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import Conv, ConvTranspose, instance_norm, numbered, reflect

Images = Float[Array, "b h w c"]


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
    """Images -> conv7, two halvings, residual blocks, two doublings, conv7, tanh -> images in [-1, 1]."""

    channels: int
    blocks: int
    image_channels: int
    dtype: Any
    remat: bool

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Images:
        def act(x: Array) -> Array:
            return nn.relu(instance_norm(self.dtype)(x))

        x = act(Conv(self.channels, 7, padding=(0, 0), dtype=self.dtype)(reflect(x, 3)))
        for factor in (2, 4):
            x = act(Conv(factor * self.channels, 3, 2, (1, 1), dtype=self.dtype)(x))
        block = numbered(Block, self.remat)
        for _ in range(self.blocks):
            x = block(self.dtype)(x)
        for factor in (2, 1):
            x = act(ConvTranspose(factor * self.channels, 3, 2, (1, 0), dtype=self.dtype)(x))
        x = Conv(self.image_channels, 7, padding=(0, 0), dtype=self.dtype)(reflect(x, 3))
        return jnp.tanh(x.astype(jnp.float32))


def generator(
    channels: int = 64, blocks: int = 6, image_channels: int = 3, dtype: Any = jnp.float32, remat: bool = False
) -> nn.Module:
    """Any size that 4 divides; the paper takes 6 blocks at 128 px and 9 from 256 px on.

    ``remat`` computes blocks again where a gradient needs them, which saves memory.
    """
    return Generator(channels, blocks, image_channels, dtype, remat)
