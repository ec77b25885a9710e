"""Attributes of an image as networks read them: [b, k] whole numbers, each the place of its value; −1 is unknown.

Two values are one number, 0 or 1, where a plane is enough; more are one-hot.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

Attribute = Int[Array, "b k"]
Columns = Float[Array, "b n"]


def one_hot(attribute: Attribute, values: Sequence[int]) -> Columns:
    """As many columns for each attribute as it has values; none is 1 of what is unknown."""
    return jnp.concatenate([jax.nn.one_hot(attribute[:, i], n) for i, n in enumerate(values)], axis=1)


def planes(attribute: Attribute, values: Sequence[int]) -> Columns:
    """``one_hot``, but one column for an attribute of two values."""
    columns = [jax.nn.one_hot(attribute[:, i], n)[:, n == 2 :] for i, n in enumerate(values)]
    return jnp.concatenate(columns, axis=1)


def likeliest(logits: Columns, values: Sequence[int]) -> Attribute:
    """The attributes that logits in the order of ``planes`` speak for."""
    ends = np.cumsum([1 if n == 2 else n for n in values])
    own = [logits[:, end - (1 if n == 2 else n) : end] for end, n in zip(ends, values, strict=True)]
    places = [(x[:, 0] > 0).astype(jnp.int32) if n == 2 else x.argmax(axis=1) for x, n in zip(own, values, strict=True)]
    return jnp.stack(places, axis=1).astype(jnp.int32)


def width(values: Sequence[int]) -> int:
    """How many columns ``planes`` has, and logits a critic of them."""
    return sum(1 if n == 2 else n for n in values)
