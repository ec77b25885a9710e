"""The networks of Fader Networks (Lample et al. 2017, arXiv:1706.00409, section 4.1; layers as in its official code).

Encoder:  images -> halvings -> 4 × 4 maps, c, 2c, … at most ``max_channels`` wide.
Decoder:  those and the attributes, which every layer is told again -> doublings -> images.
Critic:   the maps -> halvings to one pixel -> logits of the attributes, dropout.
"""

from __future__ import annotations

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import Conv, ConvTranspose, batch_norm, fan_in_uniform, fan_out_uniform, leaky_relu

Images = Float[Array, "b _ _ _"]


class Encoder(nn.Module):
    """Images -> maps; the last layer is normalised and leaky as the others are."""

    widths: tuple[int, ...]
    axis_name: str | None

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Images:
        for i, width in enumerate(self.widths):
            x = Conv(width, 4, 2, (1, 1), kernel_init=fan_in_uniform)(x)
            x = leaky_relu(batch_norm(train, self.axis_name)(x) if i else x)
        return x


class Decoder(nn.Module):
    """Maps and attributes [b, k] -> images in [-1, 1]."""

    widths: tuple[int, ...]
    image_channels: int
    axis_name: str | None

    @nn.compact
    def __call__(self, code: Images, attribute: Float[Array, "b k"], train: bool = True) -> Images:
        x = code
        for width in self.widths[-2::-1]:
            x = ConvTranspose(width, use_bias=False, kernel_init=fan_out_uniform)(told(x, attribute))
            x = nn.relu(batch_norm(train, self.axis_name)(x))
        last = ConvTranspose(self.image_channels, use_bias=False, kernel_init=fan_out_uniform)
        return jnp.tanh(last(told(x, attribute)))


class Critic(nn.Module):
    """Maps -> logits [b, k] of what the image shows."""

    width: int
    halvings: int
    outputs: int
    dropout: float
    axis_name: str | None

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Float[Array, "b k"]:
        for _ in range(self.halvings):
            x = Conv(self.width, 4, 2, (1, 1), kernel_init=fan_in_uniform)(x)
            x = leaky_relu(batch_norm(train, self.axis_name)(x))
            x = nn.Dropout(self.dropout, deterministic=not train, rng_collection="noise")(x)
        h = leaky_relu(nn.Dense(self.width, kernel_init=fan_in_uniform)(x.reshape(x.shape[0], -1)))
        logits: Array = nn.Dense(self.outputs, kernel_init=fan_in_uniform)(h)
        return logits


def told(x: Images, attribute: Float[Array, "b k"]) -> Images:
    """The maps, and the attributes at each of their pixels as more channels."""
    planes = jnp.broadcast_to(attribute[:, None, None].astype(x.dtype), (*x.shape[:3], attribute.shape[1]))
    return jnp.concatenate([x, planes], axis=-1)


def _widths(layers: int, channels: int, max_channels: int) -> tuple[int, ...]:
    return tuple(min(channels * 2**i, max_channels) for i in range(layers))


def encoder(layers: int = 6, channels: int = 32, max_channels: int = 512, axis_name: str | None = None) -> nn.Module:
    """``layers`` halvings: 4 × 4 maps of 256 px with six."""
    return Encoder(_widths(layers, channels, max_channels), axis_name)


def decoder(
    layers: int = 6, channels: int = 32, max_channels: int = 512, image_channels: int = 3, axis_name: str | None = None
) -> nn.Module:
    """As many doublings, the widths of ``encoder`` in turn."""
    return Decoder(_widths(layers, channels, max_channels), image_channels, axis_name)


def critic(
    outputs: int, width: int = 512, halvings: int = 2, dropout: float = 0.3, axis_name: str | None = None
) -> nn.Module:
    """``outputs`` logits, one for each value of each attribute, of maps that ``halvings`` bring to a pixel or a few."""
    return Critic(width, halvings, outputs, dropout, axis_name)
