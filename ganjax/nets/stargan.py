"""The networks of StarGAN (Choi et al. 2018, arXiv:1711.09020, appendix; layers as in its official code).

Generator:  an image and its wanted domain, as planes of more channels -> conv7, two halvings, residual blocks, two doublings.
Critic:     halvings -> how real each patch is, and which domain the image shows.

Instance norm with scale and bias in G, none in D. Borders are zeros, as in the official code: mirrored borders break
the planes of the labels.
"""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.fader import told
from ganjax.nets.layers import Conv, ConvTranspose, fan_in_uniform, fan_out_uniform, instance_norm, numbered
from ganjax.nets.unit import Block

Images = Float[Array, "b _ _ _"]


class Generator(nn.Module):
    """(images, wanted [b, k]) -> images in [-1, 1]."""

    channels: int
    blocks: int
    image_channels: int
    dtype: Any
    remat: bool

    @nn.compact
    def __call__(self, x: Images, attribute: Float[Array, "b k"], train: bool = True) -> Images:
        def act(h: Images) -> Images:
            out: Images = nn.relu(instance_norm(self.dtype, affine=True)(h))
            return out

        keywords: dict[str, Any] = {"use_bias": False, "kernel_init": fan_in_uniform, "dtype": self.dtype}
        x = act(Conv(self.channels, 7, 1, (3, 3), **keywords)(told(x, attribute)))
        for i in (1, 2):
            x = act(Conv(self.channels * 2**i, 4, 2, (1, 1), **keywords)(x))
        block = numbered(Block, self.remat)
        for _ in range(self.blocks):
            x = block(self.dtype, use_bias=False, affine=True, kernel_init=fan_in_uniform)(x)
        for i in (1, 0):
            width = self.channels * 2**i
            x = act(ConvTranspose(width, use_bias=False, kernel_init=fan_out_uniform, dtype=self.dtype)(x))
        return jnp.tanh(Conv(self.image_channels, 7, 1, (3, 3), **keywords)(x).astype(jnp.float32))


class Critic(nn.Module):
    """Images -> (values of the patches, logits [b, k] of the domain)."""

    outputs: int
    channels: int
    layers: int
    dtype: Any

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> tuple[Float[Array, "b _ _"], Float[Array, "b k"]]:
        for i in range(self.layers):
            x = Conv(self.channels * 2**i, 4, 2, (1, 1), kernel_init=fan_in_uniform, dtype=self.dtype)(x)
            x = nn.leaky_relu(x)
        keywords: dict[str, Any] = {"use_bias": False, "kernel_init": fan_in_uniform, "dtype": self.dtype}
        values = Conv(1, 3, 1, (1, 1), **keywords)(x)[..., 0]
        logits = Conv(self.outputs, x.shape[1], 1, (0, 0), **keywords)(x).reshape(x.shape[0], self.outputs)
        return values.astype(jnp.float32), logits.astype(jnp.float32)


def generator(
    channels: int = 64, blocks: int = 6, image_channels: int = 3, dtype: Any = jnp.float32, remat: bool = False
) -> nn.Module:
    """Any size that 4 divides, and any number of attributes."""
    return Generator(channels, blocks, image_channels, dtype, remat)


def critic(outputs: int = 5, channels: int = 64, layers: int = 6, dtype: Any = jnp.float32) -> nn.Module:
    """``outputs`` attributes, ``layers`` halvings: 2 × 2 patches of 128 px with six."""
    return Critic(outputs, channels, layers, dtype)
