"""Self-attention of an image's pixels (Zhang et al. 2019, arXiv:1805.08318, section 3; sizes as in the official code).

    β = softmax(θ(x) φ(x)ᵀ) over the keys,  o = o(β g(x)),  y = γ o + x,  γ = 0 at first                      (eqs. 1 to 3)

θ and φ have an eighth of the channels, g a half; φ and g are the largest of 2 × 2 pixels. None has a bias.
"""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import Conv, Init, Weight, largest


class SelfAttention(nn.Module):
    """x + γ · what each pixel reads of all others; ``weight`` makes the kernels that are used."""

    kernel_init: Init
    weight: Weight | None = None
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h w c"]:
        b, h, w, c = x.shape
        query = self._map("theta", c // 8, x).reshape(b, h * w, -1)
        keys = largest(self._map("phi", c // 8, x)).reshape(b, h * w // 4, -1)
        values = largest(self._map("g", c // 2, x)).reshape(b, h * w // 4, -1)
        scores = jnp.einsum("bqc,bkc->bqk", query, keys).astype(jnp.float32)
        read = jnp.einsum("bqk,bkc->bqc", nn.softmax(scores).astype(self.dtype), values).reshape(b, h, w, -1)
        gamma = self.param("gamma", nn.initializers.zeros, ())
        return x + gamma.astype(self.dtype) * self._map("o", c, read)

    def _map(self, name: str, width: int, x: Float[Array, "b h w _"]) -> Float[Array, "b _ _ _"]:
        layer = Conv(width, 1, 1, None, False, self.kernel_init, self.dtype, self.weight, name=name)
        out: Array = layer(x)
        return out
