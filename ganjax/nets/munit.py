"""The networks of MUNIT (Huang et al. 2018, arXiv:1804.04732, appendix B.2; layers as in its official PyTorch code).

Content:  images -> maps of a quarter of their size, instance norm.       Style:  images -> a few numbers, no norm.
Decoder:  maps -> residual blocks, whose AdaIN an MLP of the style drives -> doublings with layer norm -> images.
Critic:   images, their halves, their quarters -> patches each.

``plain_decoder``: the same with instance norm and no style, UNIT's in the same code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import (
    Conv,
    he_normal,
    instance_norm,
    leaky_relu,
    mean_pool,
    normal_init,
    numbered,
    reflect,
    upsample,
)

Images = Float[Array, "b _ _ _"]
Norm = Callable[[Images], Images]


class Block(nn.Module):
    """x + [conv3 norm ReLU conv3 norm](x), mirrored borders; ``adain`` are (mean, scale) for both norms, else instance norm."""

    dtype: Any

    @nn.compact
    def __call__(self, x: Images, adain: Float[Array, "b four c"] | None = None) -> Images:
        def norm(h: Images, i: int) -> Images:
            h = instance_norm(self.dtype)(h)
            return h if adain is None else modulated(h, adain[:, 2 * i], adain[:, 2 * i + 1])

        h = nn.relu(norm(_conv(x.shape[-1], 3, 1, x, self.dtype), 0))
        out: Images = x + norm(_conv(x.shape[-1], 3, 1, h, self.dtype), 1)
        return out


def modulated(x: Images, mean: Float[Array, "b c"], scale: Float[Array, "b c"]) -> Images:
    """AdaIN of what is normalised already: scale · x + mean.  Huang & Belongie 2017, eq. 8."""
    out: Images = x * scale[:, None, None].astype(x.dtype) + mean[:, None, None].astype(x.dtype)
    return out


class LayerNorm(nn.Module):
    """γ (x − mean) / (std + 10⁻⁵) + β over an image's maps, the unbiased std; γ ~ U(0, 1) at first, as in the official code."""

    @nn.compact
    def __call__(self, x: Images) -> Images:
        scale = self.param("scale", nn.initializers.uniform(1.0), (x.shape[-1],))
        bias = self.param("bias", nn.initializers.zeros, (x.shape[-1],))
        centred = x.astype(jnp.float32) - x.astype(jnp.float32).mean(axis=(1, 2, 3), keepdims=True)
        variance = (centred**2).sum(axis=(1, 2, 3), keepdims=True) / (x[0].size - 1)
        std = jnp.where(
            variance > 0, jnp.sqrt(jnp.where(variance > 0, variance, 1)), 0
        )  # of flat images: no NaN gradient
        out: Images = (centred / (std + 1e-5) * scale + bias).astype(x.dtype)
        return out


class Content(nn.Module):
    """Images -> conv7, halvings, residual blocks -> maps."""

    channels: int
    halvings: int
    blocks: int
    dtype: Any
    remat: bool

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Images:
        x = nn.relu(instance_norm(self.dtype)(_conv(self.channels, 7, 1, x, self.dtype)))
        for i in range(self.halvings):
            x = nn.relu(instance_norm(self.dtype)(_conv(self.channels * 2 ** (i + 1), 4, 2, x, self.dtype)))
        block = numbered(Block, self.remat)
        for _ in range(self.blocks):
            x = block(self.dtype)(x)
        return x


class Style(nn.Module):
    """Images -> conv7, halvings, the mean over pixels -> ``style_dim`` numbers."""

    channels: int
    halvings: int
    style_dim: int
    dtype: Any

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Float[Array, "b s"]:
        x = nn.relu(_conv(self.channels, 7, 1, x, self.dtype))
        for i in range(self.halvings):
            x = nn.relu(_conv(self.channels * 2 ** min(i + 1, 2), 4, 2, x, self.dtype))
        style: Array = nn.Dense(self.style_dim, kernel_init=he_normal)(x.astype(jnp.float32).mean(axis=(1, 2)))
        return style


class Decoder(nn.Module):
    """Maps and a style, or maps alone -> images in [-1, 1]."""

    halvings: int
    blocks: int
    hidden: int
    image_channels: int
    dtype: Any
    remat: bool

    @nn.compact
    def __call__(self, content: Images, style: Float[Array, "b s"] | None = None, train: bool = True) -> Images:
        x, width = content, content.shape[-1]
        adain = [None] * self.blocks if style is None else self._adain(style, width)
        block = numbered(Block, self.remat)
        for each in adain:
            x = block(self.dtype)(x, each)
        for i in range(self.halvings):
            x = _conv(width // 2 ** (i + 1), 5, 1, upsample(x), self.dtype)
            x = nn.relu(LayerNorm()(x))
        return jnp.tanh(_conv(self.image_channels, 7, 1, x, self.dtype).astype(jnp.float32))

    def _adain(self, style: Array, width: int) -> list[Array]:
        """For each block [b, 4, width]: (mean, scale) of its first norm and of its second."""
        for _ in range(2):
            style = nn.relu(nn.Dense(self.hidden, kernel_init=he_normal)(style))
        numbers = nn.Dense(self.blocks * 4 * width, kernel_init=he_normal)(style)
        return list(jnp.moveaxis(numbers.reshape(numbers.shape[0], self.blocks, 4, width), 1, 0))


class Critic(nn.Module):
    """Images, their halves, …  -> a map of values each."""

    channels: int
    layers: int
    scales: int
    dtype: Any

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> list[Float[Array, "b _ _"]]:
        maps = []
        for scale in range(self.scales):
            h = mean_pool(x) if scale else x
            x = h
            for i in range(self.layers):
                h = leaky_relu(_conv(self.channels * 2**i, 4, 2, h, self.dtype, normal_init))
            h = Conv(1, 1, padding=(0, 0), dtype=self.dtype)(h)
            maps.append(h[..., 0].astype(jnp.float32))
        return maps


def _conv(width: int, kernel: int, stride: int, x: Images, dtype: Any, init: Any = he_normal) -> Images:
    """A convolution that keeps the size, or halves it; borders are mirrored."""
    border = (kernel - stride + 1) // 2
    out: Images = Conv(width, kernel, stride, (0, 0), kernel_init=init, dtype=dtype)(reflect(x, border))
    return out


def content(
    channels: int = 64, halvings: int = 2, blocks: int = 4, dtype: Any = jnp.float32, remat: bool = False
) -> nn.Module:
    """Sizes that 2^``halvings`` divides; 4 · ``channels`` maps with two."""
    return Content(channels, halvings, blocks, dtype, remat)


def style(channels: int = 64, halvings: int = 4, style_dim: int = 8, dtype: Any = jnp.float32) -> nn.Module:
    """Sizes of at least 2^``halvings``; the width stays from the third halving on."""
    return Style(channels, halvings, style_dim, dtype)


def decoder(
    halvings: int = 2,
    blocks: int = 4,
    hidden: int = 256,
    image_channels: int = 3,
    dtype: Any = jnp.float32,
    remat: bool = False,
) -> nn.Module:
    """From ``content``'s maps and a style; from maps alone where it is given no style."""
    return Decoder(halvings, blocks, hidden, image_channels, dtype, remat)


def critic(channels: int = 64, layers: int = 4, scales: int = 3, dtype: Any = jnp.float32) -> nn.Module:
    """Three critics of four halvings each: at least 64 px; fewer of both for smaller images."""
    return Critic(channels, layers, scales, dtype)
