"""The networks of UNIT (Liu et al. 2017, arXiv:1703.00848, appendix; layers as in the official code of the paper).

Encoder:  images -> conv7, two halvings, residual blocks -> maps; its last blocks (``shared``) belong to both domains.
Decoder:  maps -> residual blocks (the first ``shared``), two doublings -> images.    Critic: halvings -> patches.

Instance norm, borders of zeros, leaky ReLU of slope 0.01. c = 64.
"""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import Conv, ConvTranspose, instance_norm, normal_init, numbered

Images = Float[Array, "b _ _ _"]


class Block(nn.Module):
    """x + [conv3 IN ReLU conv3 IN](x), borders of zeros."""

    dtype: Any
    use_bias: bool = True
    affine: bool = False
    kernel_init: Any = normal_init

    @nn.compact
    def __call__(self, x: Images) -> Images:
        keywords: dict[str, Any] = {"use_bias": self.use_bias, "kernel_init": self.kernel_init, "dtype": self.dtype}
        h = Conv(x.shape[-1], 3, 1, (1, 1), **keywords)(x)
        h = nn.relu(instance_norm(self.dtype, self.affine)(h))
        h = Conv(x.shape[-1], 3, 1, (1, 1), **keywords)(h)
        out: Images = x + instance_norm(self.dtype, self.affine)(h)
        return out


class Blocks(nn.Module):
    """Residual blocks, nothing else: what both domains share."""

    blocks: int
    dtype: Any
    remat: bool

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Images:
        block = numbered(Block, self.remat)
        for _ in range(self.blocks):
            x = block(self.dtype)(x)
        return x


class Encoder(nn.Module):
    """Images -> maps of a quarter of their size."""

    channels: int
    blocks: int
    dtype: Any
    remat: bool

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Images:
        x = nn.leaky_relu(Conv(self.channels, 7, 1, (3, 3), dtype=self.dtype)(x))
        for i in (1, 2):
            x = nn.relu(instance_norm(self.dtype)(Conv(self.channels * 2**i, 3, 2, (1, 1), dtype=self.dtype)(x)))
        return Blocks(self.blocks, self.dtype, self.remat)(x)


class Decoder(nn.Module):
    """Maps -> images in [-1, 1] of four times their size."""

    channels: int
    blocks: int
    image_channels: int
    dtype: Any
    remat: bool

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Images:
        x = Blocks(self.blocks, self.dtype, self.remat)(x)
        for i in (1, 0):
            x = ConvTranspose(self.channels * 2**i, 3, 2, (1, 0), dtype=self.dtype)(x)
            x = nn.relu(instance_norm(self.dtype)(x))
        return jnp.tanh(Conv(self.image_channels, 1, dtype=self.dtype)(x).astype(jnp.float32))


class Critic(nn.Module):
    """Images -> halvings -> a logit for each patch."""

    channels: int
    layers: int
    dtype: Any

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Float[Array, "b _ _"]:
        for i in range(self.layers):
            x = nn.leaky_relu(Conv(self.channels * 2**i, 3, 2, (1, 1), dtype=self.dtype)(x))
        logits: Array = Conv(1, 1, dtype=self.dtype)(x)[..., 0].astype(jnp.float32)
        return logits


def encoder(channels: int = 64, blocks: int = 3, dtype: Any = jnp.float32, remat: bool = False) -> nn.Module:
    """Any size that 4 divides; 4 · ``channels`` maps."""
    return Encoder(channels, blocks, dtype, remat)


def shared(blocks: int = 1, dtype: Any = jnp.float32, remat: bool = False) -> nn.Module:
    """Residual blocks of as many channels as they are given."""
    return Blocks(blocks, dtype, remat)


def decoder(
    channels: int = 64, blocks: int = 3, image_channels: int = 3, dtype: Any = jnp.float32, remat: bool = False
) -> nn.Module:
    """The mirror image of ``encoder``."""
    return Decoder(channels, blocks, image_channels, dtype, remat)


def critic(channels: int = 64, layers: int = 6, dtype: Any = jnp.float32) -> nn.Module:
    """``layers`` halvings, the last of channels · 2^(layers − 1)."""
    return Critic(channels, layers, dtype)
