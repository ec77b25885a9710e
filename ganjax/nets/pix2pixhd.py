"""What pix2pixHD adds to its networks (Wang et al. 2018, arXiv:1711.11585): edges of instances, an encoder of their looks.

G1 and the enhancer around it are in ``nets.cyclegan``, the critics at several scales in ``nets.patchgan``.
"""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ganjax.nets.layers import Conv, ConvTranspose, instance_norm, reflect

Images = Float[Array, "b h w _"]
Instances = Int[Array, "b h w 1"]


class Encoder(nn.Module):
    """Images and their instances -> ``features`` numbers in [-1, 1] for each pixel, the same all over an instance."""

    channels: int
    features: int
    halvings: int
    dtype: Any

    @nn.compact
    def __call__(self, x: Images, instances: Instances, train: bool = True) -> Images:
        def act(x: Array) -> Array:
            return nn.relu(instance_norm(self.dtype)(x))

        widths = [self.channels * 2**i for i in range(self.halvings + 1)]
        x = act(Conv(self.channels, 7, padding=(0, 0), dtype=self.dtype)(reflect(x, 3)))
        for width in widths[1:]:
            x = act(Conv(width, 3, 2, (1, 1), dtype=self.dtype)(x))
        for width in widths[-2::-1]:
            x = act(ConvTranspose(width, 3, 2, (1, 0), dtype=self.dtype)(x))
        x = jnp.tanh(Conv(self.features, 7, padding=(0, 0), dtype=self.dtype)(reflect(x, 3)))
        return instance_means(x.astype(jnp.float32), instances)


def instance_means(x: Images, instances: Instances) -> Images:
    """Each pixel becomes the mean over its instance, image by image; instances are numbers of any size.

    Wang et al. 2018, section 3.4, instance-wise average pooling.
    """

    def of_one(x: Float[Array, "p f"], ids: Int[Array, " p"]) -> Float[Array, "p f"]:
        place = jnp.searchsorted(jnp.sort(ids), ids)  # one place for each number that is there
        sums = jax.ops.segment_sum(jnp.concatenate([x, jnp.ones_like(x[:, :1])], axis=1), place, len(ids))
        means: Array = sums[:, :-1] / jnp.maximum(sums[:, -1:], 1)
        return means[place]

    b, h, w, features = x.shape
    flat: Images = jax.vmap(of_one)(x.reshape(b, h * w, features), instances.reshape(b, h * w))
    return flat.reshape(b, h, w, features)


def boundaries(instances: Instances) -> Images:
    """1 where one of a pixel's four neighbours is of another instance, else 0.  Wang et al. 2018, section 3.3."""

    def differ(axis: int) -> Array:
        ahead = jnp.diff(instances, axis=axis) != 0
        nothing = jnp.zeros_like(ahead.take(jnp.array([0]), axis=axis))
        return jnp.concatenate([ahead, nothing], axis=axis) | jnp.concatenate([nothing, ahead], axis=axis)

    return (differ(1) | differ(2)).astype(jnp.float32)


def encoder(channels: int = 16, features: int = 3, halvings: int = 4, dtype: Any = jnp.float32) -> nn.Module:
    """Any size that 2^``halvings`` divides."""
    return Encoder(channels, features, halvings, dtype)
