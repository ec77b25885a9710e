"""Networks that are told a class: by its one-hot vector beside the latents or beside the channels of an image.

``joined_generator`` and ``joined_critic`` tell any network at its door, as the decks' homework has it; ``generator`` and
``critic`` are told at every layer (Radford et al. 2016, the official code's conditional MNIST); ``mlp_generator`` and
``mlp_critic`` are those of Mirza and Osindero 2014, section 4.1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ganjax.nets.layers import (
    Conv,
    ConvTranspose,
    batch_norm,
    leaky_relu,
    normal_init,
    normal_scale_init,
    sigmoid_image,
    unit_range,
)

Labels = Int[Array, " b"]


def join(x: Float[Array, "b ..."], label: Labels, classes: int) -> Float[Array, "b ..."]:
    """x with the one-hot label behind its last axis: once for a vector, at each pixel for an image."""
    told = jax.nn.one_hot(label, classes, dtype=x.dtype).reshape(x.shape[0], *[1] * (x.ndim - 2), classes)
    return jnp.concatenate([x, jnp.broadcast_to(told, (*x.shape[:-1], classes))], axis=-1)


class JoinedGenerator(nn.Module):
    """``network`` of z [b, n] joined with label [b]."""

    network: nn.Module
    classes: int

    @nn.compact
    def __call__(self, z: Float[Array, "b n"], label: Labels, train: bool = True) -> Float[Array, "b ..."]:
        out: Array = self.network(join(z, label, self.classes), train=train)
        return out


class JoinedCritic(nn.Module):
    """``network`` of images [b, h, w, c] joined with label [b]."""

    network: nn.Module
    classes: int

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"], label: Labels, train: bool = True) -> Float[Array, "b ..."]:
        out: Array = self.network(join(x, label, self.classes), train=train)
        return out


def joined_generator(network: nn.Module, classes: int = 10) -> nn.Module:
    """A generator of ``nets`` that is told the class beside its latents."""
    return JoinedGenerator(network, classes)


def joined_critic(network: nn.Module, classes: int = 10) -> nn.Module:
    """A critic of ``nets`` that is told the class as maps beside the image."""
    return JoinedCritic(network, classes)


class Generator(nn.Module):
    """(z [b, n], label [b]) -> images [b, size, size, c], told at every layer."""

    size: int
    image_channels: int
    channels: int
    hidden: int
    classes: int
    axis_name: str | None

    @nn.compact
    def __call__(self, z: Float[Array, "b n"], label: Labels, train: bool = True) -> Float[Array, "b h w c"]:
        def tell(x: Array) -> Array:
            return join(x, label, self.classes)

        def norm(x: Array) -> Array:
            out: Array = nn.relu(batch_norm(train, self.axis_name, normal_scale_init)(x))
            return out

        quarter, wide = self.size // 4, 2 * self.channels
        x = norm(nn.Dense(self.hidden, use_bias=False, kernel_init=normal_init)(tell(z)))
        x = norm(nn.Dense(quarter**2 * wide, use_bias=False, kernel_init=normal_init)(tell(x)))
        x = x.reshape(z.shape[0], quarter, quarter, wide)
        x = norm(ConvTranspose(self.channels, 5, 2, (2, 1), use_bias=False)(tell(x)))
        x = ConvTranspose(self.image_channels, 5, 2, (2, 1), use_bias=False)(tell(x))
        return sigmoid_image(x)


class Critic(nn.Module):
    """(images [b, h, w, c], label [b]) -> logits [b], told at every layer."""

    channels: int
    hidden: int
    classes: int
    axis_name: str | None

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"], label: Labels, train: bool = True) -> Float[Array, " b"]:
        def tell(x: Array) -> Array:
            return join(x, label, self.classes)

        def norm(x: Array) -> Array:
            return leaky_relu(batch_norm(train, self.axis_name, normal_scale_init)(x))

        x = leaky_relu(Conv(self.channels, 5, 2, (2, 2), use_bias=False)(tell(unit_range(x))))
        x = norm(Conv(2 * self.channels, 5, 2, (2, 2), use_bias=False)(tell(x)))
        x = nn.Dense(self.hidden, use_bias=False, kernel_init=normal_init)(tell(x.reshape(x.shape[0], -1)))
        return nn.Dense(1, use_bias=False, kernel_init=normal_init)(tell(norm(x)))[:, 0]


def generator(
    size: int = 28,
    image_channels: int = 1,
    channels: int = 64,
    hidden: int = 1024,
    classes: int = 10,
    axis_name: str | None = None,
) -> nn.Module:
    """(z, label) -> ``size`` px images: two dense layers, two transposed 5 × 5 convolutions, sigmoid.

    Raises:
        ValueError: size is no multiple of 4.
    """
    if size % 4:
        raise ValueError(f"size={size} is no multiple of 4")
    return Generator(size, image_channels, channels, hidden, classes, axis_name)


def critic(channels: int = 64, hidden: int = 1024, classes: int = 10, axis_name: str | None = None) -> nn.Module:
    """(images, label) -> logits: two 5 × 5 convolutions, two dense layers."""
    return Critic(channels, hidden, classes, axis_name)


class MlpGenerator(nn.Module):
    """(z, label) -> images: hidden layers of their own for z and label, one for both."""

    shape: Sequence[int]
    of_z: int
    of_label: int
    classes: int

    @nn.compact
    def __call__(self, z: Float[Array, "b n"], label: Labels, train: bool = True) -> Float[Array, "b h w c"]:
        told = jax.nn.one_hot(label, self.classes)
        both = [nn.relu(nn.Dense(self.of_z)(z)), nn.relu(nn.Dense(self.of_label)(told))]
        x = nn.relu(nn.Dense(self.of_z + self.of_label)(jnp.concatenate(both, axis=-1)))
        return sigmoid_image(nn.Dense(math.prod(self.shape))(x)).reshape(z.shape[0], *self.shape)


class MlpCritic(nn.Module):
    """(images, label) -> logits: maxout layers of their own for both, one for both together, dropout before each."""

    of_image: tuple[int, int]
    of_label: tuple[int, int]
    of_both: tuple[int, int]
    classes: int
    dropout: float

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"], label: Labels, train: bool = True) -> Float[Array, " b"]:
        def drop(x: Array) -> Array:
            out: Array = nn.Dropout(self.dropout, rng_collection="noise", deterministic=not train)(x)
            return out

        def maxout(x: Array, units: tuple[int, int]) -> Array:
            return nn.Dense(units[0] * units[1])(x).reshape(x.shape[0], *units).max(axis=-1)

        told = jax.nn.one_hot(label, self.classes)
        image = maxout(unit_range(x).reshape(x.shape[0], -1), self.of_image)
        both = jnp.concatenate([image, maxout(told, self.of_label)], axis=-1)
        return nn.Dense(1)(drop(maxout(drop(both), self.of_both)))[:, 0]


def mlp_generator(
    shape: Sequence[int] = (28, 28, 1), of_z: int = 200, of_label: int = 1000, classes: int = 10
) -> nn.Module:
    """Mirza and Osindero 2014: z -> 200, label -> 1000, both -> 1200, ReLU; sigmoid."""
    return MlpGenerator(tuple(shape), of_z, of_label, classes)


def mlp_critic(
    of_image: Sequence[int] = (240, 5),
    of_label: Sequence[int] = (50, 5),
    of_both: Sequence[int] = (240, 4),
    classes: int = 10,
    dropout: float = 0.5,
) -> nn.Module:
    """Mirza and Osindero 2014: maxout layers (units, pieces) of image, label and both."""
    return MlpCritic(_pair(of_image), _pair(of_label), _pair(of_both), classes, dropout)


def _pair(units: Sequence[int]) -> tuple[int, int]:
    return units[0], units[1]
