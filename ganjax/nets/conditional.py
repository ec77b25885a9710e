"""Parts that are told a class, for critics and generators of many classes: projection and conditional BatchNorm.

Either is told labels, a row of a table for each class, or vectors (an embedding that layers share, a text, an attribute
vector), through a matrix. A table is told weights of the classes as well, [b, classes]: a mixture of its rows, which is how
one walks from class to class.
"""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ganjax.nets.layers import Dense, Init, Weight, batch_norm

Told = Int[Array, " b"] | Float[Array, "b d"]


class Lookup(nn.Module):
    """Labels [b] or vectors [b, d] -> [b, features]: a row of a table, or a matrix without bias.

    Raises:
        ValueError: labels, and no number of classes; weights of another number of classes.
    """

    features: int
    classes: int | None = None
    kernel_init: Init = nn.initializers.normal(1.0)
    weight: Weight | None = None

    @nn.compact
    def __call__(self, told: Told) -> Float[Array, "b n"]:
        if jnp.issubdtype(told.dtype, jnp.integer):
            rows: Array = self._table()[told]
            return rows
        if self.classes is None:
            kernel = self.param("kernel", self.kernel_init, (told.shape[-1], self.features))
            return told @ (self.weight(self, kernel) if self.weight else kernel)
        return mixed(self._table(), told)

    def _table(self) -> Float[Array, "k n"]:
        if self.classes is None:
            raise ValueError("labels need the number of classes: classes=…")
        table: Array = self.param("embedding", self.kernel_init, (self.classes, self.features))
        return self.weight(self, table.T).T if self.weight else table  # its outputs are the classes: u has one for each


def mixed(table: Float[Array, "k n"], weights: Float[Array, "b _"]) -> Float[Array, "b n"]:
    """Σ weight · row.

    Raises:
        ValueError: there are not as many weights as rows.
    """
    if weights.shape[-1] != len(table):
        raise ValueError(f"{weights.shape[-1]} weights were told, there are {len(table)} classes")
    return weights @ table


class ConditionalBatchNorm(nn.Module):
    """γ(y) (x − mean) / √(var + 10⁻⁵) + β(y), γ and β per channel and class.  de Vries et al. 2017, arXiv:1707.00683.

    γ = 1 + what is looked up. Both lookups start near zero unless ``kernel_init`` says otherwise, so that at the start it is
    BatchNorm.  Brock et al. 2019, appendix B, tell it vectors, and normalise the matrices (``weight``).
    """

    classes: int | None = None
    kernel_init: Init = nn.initializers.normal(0.02)
    weight: Weight | None = None
    group: int | None = None
    axis_name: str | None = None
    dtype: Any = jnp.float32
    train: bool = True

    @nn.compact
    def __call__(self, x: Float[Array, "b ..."], told: Told) -> Float[Array, "b ..."]:
        norm = batch_norm(self.train, self.axis_name, dtype=self.dtype, affine=False, group=self.group)
        gain, shift = (
            Lookup(x.shape[-1], self.classes, self.kernel_init, self.weight, name=name)(told)
            for name in ("gain", "shift")
        )
        spread = (x.shape[0], *[1] * (x.ndim - 2), x.shape[-1])
        out: Array = norm(x) * (1 + gain).reshape(spread).astype(self.dtype) + shift.reshape(spread).astype(self.dtype)
        return out


class Projection(nn.Module):
    """ψ(φ) + ⟨v(y), φ⟩ of features φ [b, n]: what a critic says at its end.  Miyato and Koyama 2018, arXiv:1802.05637, eq. 4.

    ψ is a dense layer to one number; without y it is all that is said.
    """

    classes: int | None = None
    kernel_init: Init = nn.initializers.orthogonal()
    use_bias: bool = True
    weight: Weight | None = None

    @nn.compact
    def __call__(self, features: Float[Array, "b n"], told: Told | None = None) -> Float[Array, " b"]:
        value = Dense(1, self.use_bias, self.kernel_init, weight=self.weight)(features)[:, 0]
        if told is None:
            return value
        rows = Lookup(features.shape[-1], self.classes, self.kernel_init, self.weight, name="told")(told)
        return value + (rows * features).sum(axis=-1)
