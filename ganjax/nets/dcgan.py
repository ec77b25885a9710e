"""DCGAN at any size 4·2^k (Radford et al. 2016, arXiv:1511.06434, figure 1), 4 × 4 kernels as its PyTorch tutorial has.

Generator:  z -> 4 × 4 -> 8 × 8 -> … -> size, channels halving, BatchNorm and ReLU after each, tanh at the end.
Critic:     size -> … -> 8 × 8 -> 4 × 4 -> 1, channels doubling, LeakyReLU 0.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import (
    Conv,
    ConvTranspose,
    batch_norm,
    identity,
    leaky_relu,
    normal_scale_init,
)


class Generator(nn.Module):
    """z [b, n] -> images [b, size, size, c] in [-1, 1]."""

    widths: Sequence[int]
    image_channels: int
    last_bias: bool
    norm: bool
    axis_name: str | None
    dtype: Any

    @nn.compact
    def __call__(self, z: Float[Array, "b n"], train: bool = True) -> Float[Array, "b h w c"]:
        x = z[:, None, None, :]
        for i, width in enumerate(self.widths):
            stride, padding = (2, (1, 1)) if i else (1, (0, 0))
            x = ConvTranspose(width, 4, stride, padding, use_bias=not self.norm, dtype=self.dtype)(x)
            if self.norm:
                x = batch_norm(train, self.axis_name, normal_scale_init, self.dtype)(x)
            x = nn.relu(x)
        x = ConvTranspose(self.image_channels, use_bias=self.last_bias, dtype=self.dtype)(x)
        return jnp.tanh(x.astype(jnp.float32))


class Critic(nn.Module):
    """Images [b, size, size, c] -> logits [b]."""

    widths: Sequence[int]
    norms: Sequence[bool]
    output: Callable[[Float[Array, " b"]], Float[Array, " b"]]
    axis_name: str | None
    dtype: Any

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"], train: bool = True) -> Float[Array, " b"]:
        for width, norm in zip(self.widths, self.norms, strict=True):
            x = Conv(width, 4, 2, (1, 1), use_bias=not any(self.norms), dtype=self.dtype)(x)
            if norm:
                x = batch_norm(train, self.axis_name, normal_scale_init, self.dtype)(x)
            x = leaky_relu(x)
        x = Conv(1, 4, 1, (0, 0), use_bias=not any(self.norms), dtype=self.dtype)(x)
        return self.output(x.reshape(x.shape[0]).astype(jnp.float32))


def generator(
    size: int = 64,
    channels: int = 64,
    image_channels: int = 3,
    last_bias: bool = False,
    norm: bool = True,
    axis_name: str | None = None,
    dtype: Any = jnp.float32,
) -> nn.Module:
    """z -> ``size`` px images, ``channels`` before the last layer; convolutions have biases where there is no norm.

    Raises:
        ValueError: size is not 4·2^k.
    """
    widths = [channels * 2**i for i in reversed(range(doublings(size)))]
    return Generator(widths, image_channels, last_bias, norm, axis_name, dtype)


def critic(
    size: int = 64,
    channels: int = 64,
    norm: bool = True,
    norm_first: bool = False,
    output: Callable[[Float[Array, " b"]], Float[Array, " b"]] = identity,
    axis_name: str | None = None,
    dtype: Any = jnp.float32,
) -> nn.Module:
    """``size`` px images -> one logit each, ``channels`` after the first layer.

    ``norm=False`` is the critic of a gradient penalty; ``norm_first`` puts a BatchNorm after the first convolution
    too, as the decks' 128-px critic has it; ``output=jax.nn.sigmoid`` makes it a probability (losses take the logit).

    Raises:
        ValueError: size is not 4·2^k.
    """
    k = doublings(size)
    norms = [norm and (i > 0 or norm_first) for i in range(k)]
    return Critic([channels * 2**i for i in range(k)], norms, output, axis_name, dtype)


def doublings(size: int) -> int:
    """k of size = 4·2^k.

    Raises:
        ValueError: there is no such k ≥ 1.
    """
    k = round(math.log2(max(size, 1) / 4))
    if k < 1 or size != 4 * 2**k:
        raise ValueError(f"size={size} does not fit: DCGAN makes 8, 16, 32, 64, 128, … pixels")
    return k
