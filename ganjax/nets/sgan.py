"""Semi-supervised MLPs for 28 × 28 digits (Salimans et al. 2016, arXiv:1606.03498, official code for MNIST).

Generator:  z -> 500 -> 500 softplus, BatchNorm without scale -> sigmoid, weight-normalised.
Critic:     1000, 500, 250, 250, 250 ReLU, weight-normalised, Gaussian noise before each -> one logit for each class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import flax.linen as nn
import jax
from jaxtyping import Array, Float

from ganjax.nets.layers import sigmoid_image, unit_range

SECOND_MOMENT = 0.1  # of a pixel of MNIST in [0, 1]


def weight_norm(features: int, scale: float = 1.0) -> nn.Module:
    """A dense layer whose weights have unit length for each output, times a learned scale (Salimans and Kingma 2016)."""
    dense = nn.Dense(features, kernel_init=nn.initializers.normal(0.1))
    return nn.WeightNorm(dense, scale_init=nn.initializers.constant(scale))


class Generator(nn.Module):
    """z [b, n] -> images [b, *shape]."""

    shape: Sequence[int]
    hidden: Sequence[int]
    axis_name: str | None

    @nn.compact
    def __call__(self, z: Float[Array, "b n"], train: bool = True) -> Float[Array, "b h w c"]:
        x = z
        for width in self.hidden:
            x = nn.Dense(width, use_bias=False, kernel_init=nn.initializers.glorot_uniform())(x)
            x = nn.softplus(nn.BatchNorm(not train, momentum=0.9, axis_name=self.axis_name, use_scale=False)(x))
        return sigmoid_image(weight_norm(math.prod(self.shape))(x)).reshape(z.shape[0], *self.shape)


class Critic(nn.Module):
    """Images [b, h, w, c] -> (logits [b, k], the last hidden layer [b, n], whose mean G matches).

    Scales start where units of digits have variance 1: in the place of the code's first pass over 500 images.
    """

    hidden: Sequence[int]
    classes: int
    noise: Sequence[float]

    @nn.compact
    def __call__(
        self, x: Float[Array, "b h w c"], train: bool = True
    ) -> tuple[Float[Array, "b k"], Float[Array, "b n"]]:
        def noisy(x: Array, std: float) -> Array:
            return x + std * jax.random.normal(self.make_rng("noise"), x.shape) if train and std else x

        first, later = self.noise
        x, scale = noisy(unit_range(x).reshape(x.shape[0], -1), first), (SECOND_MOMENT + first**2) ** -0.5
        features = x
        for width in self.hidden:
            features = nn.relu(weight_norm(width, scale)(x))
            x, scale = noisy(features, later), (0.5 + later**2) ** -0.5
        return weight_norm(self.classes, scale)(x), features


def generator(
    shape: Sequence[int] = (28, 28, 1), hidden: Sequence[int] = (500, 500), axis_name: str | None = None
) -> nn.Module:
    """z -> images of ``shape``."""
    return Generator(tuple(shape), tuple(hidden), axis_name)


def critic(
    hidden: Sequence[int] = (1000, 500, 250, 250, 250), classes: int = 10, noise: Sequence[float] = (0.3, 0.5)
) -> nn.Module:
    """Images -> (class logits, features); ``noise`` is the deviation before the first layer and before the others."""
    return Critic(tuple(hidden), classes, tuple(noise))
