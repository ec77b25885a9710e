"""InfoGAN's networks for digits (Chen et al. 2016, arXiv:1606.03657, appendix C.1): D and Q share all but their heads.

Generator:  (z, category, code) -> two dense layers, two transposed 4 × 4 convolutions, sigmoid.
Critic:     two 4 × 4 convolutions of stride 2 and a dense layer, LeakyReLU 0.01; D's head, and Q's of one layer more.
"""

from __future__ import annotations

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ganjax.nets.joined import join
from ganjax.nets.layers import Conv, ConvTranspose, batch_norm, normal_init, sigmoid_image, unit_range


class Generator(nn.Module):
    """(z [b, n], category [b], code [b, m]) -> images [b, size, size, c]."""

    size: int
    image_channels: int
    channels: int
    hidden: int
    categories: int
    axis_name: str | None

    @nn.compact
    def __call__(
        self, z: Float[Array, "b n"], category: Int[Array, " b"], code: Float[Array, "b m"], train: bool = True
    ) -> Float[Array, "b h w c"]:
        def norm(x: Array) -> Array:
            out: Array = nn.relu(batch_norm(train, self.axis_name)(x))
            return out

        quarter, wide = self.size // 4, 2 * self.channels
        x = join(jnp.concatenate([z, code], axis=-1), category, self.categories)
        x = norm(nn.Dense(self.hidden, kernel_init=normal_init)(x))
        x = norm(nn.Dense(quarter**2 * wide, kernel_init=normal_init)(x)).reshape(z.shape[0], quarter, quarter, wide)
        x = norm(ConvTranspose(self.channels, 4, 2)(x))
        return sigmoid_image(ConvTranspose(self.image_channels, 4, 2)(x))


class Critic(nn.Module):
    """Images [b, h, w, c] -> (logit [b], Q's logits of the category [b, k], Q's means of the codes [b, m])."""

    channels: int
    hidden: int
    categories: int
    codes: int
    axis_name: str | None

    @nn.compact
    def __call__(
        self, x: Float[Array, "b h w c"], train: bool = True
    ) -> tuple[Float[Array, " b"], Float[Array, "b k"], Float[Array, "b m"]]:
        def norm(x: Array) -> Array:
            out: Array = nn.leaky_relu(batch_norm(train, self.axis_name)(x), 0.01)
            return out

        x = nn.leaky_relu(Conv(self.channels, 4, 2, (1, 1))(unit_range(x)), 0.01)
        x = norm(Conv(2 * self.channels, 4, 2, (1, 1))(x)).reshape(x.shape[0], -1)
        shared = norm(nn.Dense(self.hidden, kernel_init=normal_init)(x))
        logit = nn.Dense(1, kernel_init=normal_init, name="d_head")(shared)[:, 0]
        q = norm(nn.Dense(self.hidden // 8, kernel_init=normal_init)(shared))
        q = nn.Dense(self.categories + self.codes, kernel_init=normal_init, name="q_head")(q)
        category, code = jnp.split(q, [self.categories], axis=-1)
        return logit, category, code


def generator(
    size: int = 28,
    image_channels: int = 1,
    channels: int = 64,
    hidden: int = 1024,
    categories: int = 10,
    axis_name: str | None = None,
) -> nn.Module:
    """(z, category, code) -> ``size`` px images.

    Raises:
        ValueError: size is no multiple of 4.
    """
    if size % 4:
        raise ValueError(f"size={size} is no multiple of 4")
    return Generator(size, image_channels, channels, hidden, categories, axis_name)


def critic(
    channels: int = 64, hidden: int = 1024, categories: int = 10, codes: int = 2, axis_name: str | None = None
) -> nn.Module:
    """Images -> (logit, category logits, code means)."""
    return Critic(channels, hidden, categories, codes, axis_name)
