"""Multilayer perceptrons for flat data and small images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import Init, he_normal, identity, sigmoid_image, unit_range

Function = Callable[[Float[Array, "..."]], Float[Array, "..."]]


class Generator(nn.Module):
    """z [b, n] -> hidden ReLU layers -> samples [b, *shape]."""

    hidden: Sequence[int]
    shape: Sequence[int]
    output: Function
    kernel_init: Init
    dtype: Any

    @nn.compact
    def __call__(self, z: Float[Array, "b n"], train: bool = True) -> Float[Array, "b ..."]:
        for features in self.hidden:
            z = nn.relu(nn.Dense(features, kernel_init=self.kernel_init, dtype=self.dtype)(z))
        x = nn.Dense(math.prod(self.shape), kernel_init=self.kernel_init, dtype=self.dtype)(z)
        return self.output(x.astype(jnp.float32)).reshape(z.shape[0], *self.shape)


class Critic(nn.Module):
    """Samples [b, …] -> hidden ReLU or maxout layers, dropout before each layer where given -> logits [b]."""

    hidden: Sequence[int]
    pieces: int
    dropout: Sequence[float]
    input: Function
    kernel_init: Init
    dtype: Any

    @nn.compact
    def __call__(self, x: Float[Array, "b ..."], train: bool = True) -> Float[Array, " b"]:
        x = self.input(x).reshape(x.shape[0], -1)
        dropout = iter([*self.dropout, *[0.0] * (len(self.hidden) + 1 - len(self.dropout))])
        for features in self.hidden:
            x = nn.Dropout(next(dropout), rng_collection="noise", deterministic=not train)(x)
            x = nn.Dense(features * self.pieces, kernel_init=self.kernel_init, dtype=self.dtype)(x)
            x = nn.relu(x) if self.pieces == 1 else x.reshape(x.shape[0], features, self.pieces).max(axis=-1)
        x = nn.Dropout(next(dropout), rng_collection="noise", deterministic=not train)(x)
        return nn.Dense(1, kernel_init=self.kernel_init, dtype=self.dtype)(x)[:, 0].astype(jnp.float32)


def generator(
    hidden: Sequence[int] = (128,),
    shape: Sequence[int] = (28, 28, 1),
    output: Function = sigmoid_image,
    kernel_init: Init = he_normal,
    dtype: Any = jnp.float32,
) -> nn.Module:
    """z -> samples of ``shape``; ``output`` is the last activation (``identity`` for points of the plane)."""
    return Generator(tuple(hidden), tuple(shape), output, kernel_init, dtype)


def critic(
    hidden: Sequence[int] = (128,),
    pieces: int = 1,
    dropout: Sequence[float] = (),
    input: Function = unit_range,
    kernel_init: Init = he_normal,
    dtype: Any = jnp.float32,
) -> nn.Module:
    """Samples -> one logit each; ``pieces`` > 1 makes maxout units (Goodfellow et al. 2013) of as many pieces."""
    return Critic(tuple(hidden), pieces, tuple(dropout), input, kernel_init, dtype)


def point_generator(hidden: Sequence[int] = (128, 128, 128), dim: int = 2) -> nn.Module:
    """``generator`` of points of R^dim: linear at its end."""
    return generator(hidden, (dim,), identity)


def point_critic(hidden: Sequence[int] = (128, 128, 128)) -> nn.Module:
    """``critic`` of points of R^dim, read as they are."""
    return critic(hidden, input=identity)
