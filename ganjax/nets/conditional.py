"""Parts that are told a class, for critics and generators of many classes: projection and conditional BatchNorm.

Either is told labels, a row of a table for each class, or vectors (an embedding that layers share, a text, an attribute
vector), through a dense layer.
"""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ganjax.nets.layers import Init, batch_norm

Told = Int[Array, " b"] | Float[Array, "b d"]


class Lookup(nn.Module):
    """Labels [b] or vectors [b, d] -> [b, features]: a row of a table, or a dense layer without bias."""

    features: int
    classes: int | None = None
    kernel_init: Init = nn.initializers.normal(1.0)

    @nn.compact
    def __call__(self, told: Told) -> Float[Array, "b n"]:
        if jnp.issubdtype(told.dtype, jnp.integer):
            if self.classes is None:
                raise ValueError("labels need the number of classes: classes=…")
            rows: Array = nn.Embed(self.classes, self.features, embedding_init=self.kernel_init)(told)
            return rows
        out: Array = nn.Dense(self.features, use_bias=False, kernel_init=self.kernel_init)(told)
        return out


class ConditionalBatchNorm(nn.Module):
    """γ(y) (x − mean) / √(var + 10⁻⁵) + β(y), γ and β per channel and class.  de Vries et al. 2017, arXiv:1707.00683.

    γ = 1 + what is looked up, and both lookups start near zero (``scale`` is their deviation), so that at the start it is
    BatchNorm.  Brock et al. 2019, appendix B, tell it vectors.
    """

    classes: int | None = None
    scale: float = 0.02
    axis_name: str | None = None
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Float[Array, "b ..."], told: Told, train: bool = True) -> Float[Array, "b ..."]:
        norm = batch_norm(train, self.axis_name, dtype=self.dtype, affine=False)
        init = nn.initializers.normal(self.scale)
        gain = Lookup(x.shape[-1], self.classes, init, name="gain")(told)
        shift = Lookup(x.shape[-1], self.classes, init, name="shift")(told)
        spread = (x.shape[0], *[1] * (x.ndim - 2), x.shape[-1])
        out: Array = norm(x) * (1 + gain).reshape(spread).astype(self.dtype) + shift.reshape(spread).astype(self.dtype)
        return out


class Projection(nn.Module):
    """ψ(φ) + ⟨v(y), φ⟩ of features φ [b, n]: what a critic says at its end.  Miyato and Koyama 2018, arXiv:1802.05637, eq. 4.

    ψ is a dense layer to one number; without the second term it is a critic that is told nothing.
    """

    classes: int | None = None
    kernel_init: Init = nn.initializers.orthogonal()

    @nn.compact
    def __call__(self, features: Float[Array, "b n"], told: Told) -> Float[Array, " b"]:
        value = nn.Dense(1, kernel_init=self.kernel_init)(features)[:, 0]
        rows = Lookup(features.shape[-1], self.classes, self.kernel_init, name="told")(told)
        return value + (rows * features).sum(axis=-1)
