"""PatchGAN: a critic that judges overlapping patches (Isola et al. 2017, arXiv:1611.07004, section 3.2.2).

pix2pix shows it the input beside the answer, as more channels, and takes BatchNorm; CycleGAN the answer alone, with
instance norm (Zhu et al. 2017); pix2pixHD asks several, on smaller and smaller images, for all that their layers see (Wang
et al. 2018, section 3.2). Layers as in the official PyTorch code of the three.
"""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import Conv, batch_norm, instance_norm, leaky_relu, mean_pool, normal_scale_init

Images = Float[Array, "b h w c"]
Patches = Float[Array, "b rows columns"]
Maps = list[Float[Array, "b ..."]]


class Critic(nn.Module):
    """Images -> ``layers`` halving convolutions, two that keep the size but for a pixel -> one value for each patch.

    No layers: 1 × 1 convolutions, so that a patch is a pixel. ``layer_maps`` returns what each layer made, the values last.
    """

    channels: int
    layers: int
    batch_norm: bool = False
    last_stride: int = 1
    padding: int = 1
    layer_maps: bool = False
    axis_name: str | None = None
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Patches | Maps:
        bias, kernel = not self.batch_norm, 4 if self.layers else 1
        pad = (self.padding, self.padding) if self.layers else (0, 0)
        first = Conv(self.channels, kernel, 2 if self.layers else 1, pad, dtype=self.dtype)
        maps = [leaky_relu(first(x))]
        for i in range(1, max(self.layers, 1) + 1):
            stride = 2 if i < self.layers else self.last_stride
            x = Conv(self.channels * min(2**i, 8), kernel, stride, pad, use_bias=bias, dtype=self.dtype)(maps[-1])
            maps.append(leaky_relu(self._norm(x, train)))
        pad = (1, 2) if self.last_stride == 2 else pad  # Keras' SAME, which the decks' code takes with those strides
        x = Conv(1, kernel, 1, pad, use_bias=bias or self.layers > 0, dtype=self.dtype)(maps[-1])
        maps.append(x[..., 0].astype(jnp.float32))
        return maps if self.layer_maps else maps[-1]

    def _norm(self, x: Array, train: bool) -> Array:
        layer: Any = instance_norm(self.dtype)
        if self.batch_norm:
            layer = batch_norm(train, self.axis_name, normal_scale_init, self.dtype)
        normed: Array = layer(x)
        return normed


class Scales(nn.Module):
    """A critic for the images, one for their halves, …: a list of their layers' maps, the values of the patches last."""

    channels: int
    layers: int
    scales: int
    dtype: Any

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> list[Maps]:
        seen: list[Any] = []
        for i in range(self.scales):
            seen.append(Critic(self.channels, self.layers, padding=2, layer_maps=True, dtype=self.dtype)(x, train))
            x = mean_pool(x) if i < self.scales - 1 else x
        return seen


def critic(
    channels: int = 64,
    layers: int = 3,
    batch_norm: bool = False,
    last_stride: int = 1,
    axis_name: str | None = None,
    dtype: Any = jnp.float32,
) -> nn.Module:
    """Patches of 70 × 70 pixels with three layers (1, 16, 34, 70, 142, 286, 574 with 0 to 6), instance norm or ``batch_norm``.

    ``last_stride=2`` halves once more before the last convolution, as the decks' text and Keras code have it: patches of
    94 × 94 pixels with three layers, as many parameters.
    """
    return Critic(channels, layers, batch_norm, last_stride, axis_name=axis_name, dtype=dtype)


def scales(channels: int = 64, layers: int = 3, scales: int = 2, dtype: Any = jnp.float32) -> nn.Module:
    """pix2pixHD's ``scales`` critics, instance norm; the paper has 2 at 1024 × 512 pixels, 3 at 2048 × 1024."""
    return Scales(channels, layers, scales, dtype)
