"""PatchGAN: a critic that judges overlapping patches (Isola et al. 2017, arXiv:1611.07004, section 3.2.2)."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import Conv, instance_norm, leaky_relu


class Critic(nn.Module):
    """Images -> ``layers`` halving convolutions, two that keep the size but for a pixel -> one value for each patch."""

    channels: int
    layers: int
    dtype: Any

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"], train: bool = True) -> Float[Array, "b rows columns"]:
        x = leaky_relu(Conv(self.channels, 4, 2, (1, 1), dtype=self.dtype)(x))
        for i in range(1, self.layers + 1):
            stride = 2 if i < self.layers else 1
            x = Conv(self.channels * min(2**i, 8), 4, stride, (1, 1), dtype=self.dtype)(x)
            x = leaky_relu(instance_norm(self.dtype)(x))
        return Conv(1, 4, 1, (1, 1), dtype=self.dtype)(x)[..., 0].astype(jnp.float32)


def critic(channels: int = 64, layers: int = 3, dtype: Any = jnp.float32) -> nn.Module:
    """Patches of 70 × 70 pixels with three layers (16, 34, 70, 142 with 1, 2, 3, 4)."""
    return Critic(channels, layers, dtype)
