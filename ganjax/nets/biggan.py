"""The networks of BigGAN (Brock et al. 2019, arXiv:1809.11096, appendix B; details as in the authors' PyTorch code).

SAGAN's networks, orthogonally initialised, and in G
  a shared embedding   one row a class, read by every BatchNorm through a matrix, in the place of a table in each,
  skip-z               z in equal parts, the first for the dense layer, each other beside the embedding for one block.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets import sngan, spectral
from ganjax.nets.conditional import Lookup, Told

Images = Float[Array, "b _ _ _"]
orthogonal = nn.initializers.orthogonal()


class Generator(nn.Module):
    """(z [b, n], label [b]) -> images in [-1, 1]; without ``skip`` all of z goes to the dense layer."""

    blocks: sngan.Generator
    classes: int
    shared: int
    skip: bool

    @nn.compact
    def __call__(self, z: Float[Array, "b n"], label: Told, train: bool = True) -> Images:
        y = Lookup(self.shared, self.classes, orthogonal, name="shared")(label)
        count = len(self.blocks.widths) - 1
        if not self.skip:
            image: Images = self.blocks(z, [y] * count, train)
            return image
        if z.shape[1] % (count + 1):
            raise ValueError(f"z of {z.shape[1]} numbers is not {count + 1} equal parts: one and one a block")
        first, *rest = jnp.split(z, count + 1, axis=1)
        image = self.blocks(first, [jnp.concatenate([y, part], axis=1) for part in rest], train)
        return image


def generator(
    size: int = 128,
    channels: int = 96,
    classes: int = 1000,
    shared: int | None = 128,
    skip: bool = True,
    attention: Sequence[int] = (64,),
    widths: Sequence[int] | None = None,
    image_channels: int = 3,
    kernel_init: Any = orthogonal,
    eps: float = spectral.EPS,
    bn_group: int | None = None,
    axis_name: str | None = None,
    dtype: Any = jnp.float32,
    remat: bool = False,
) -> nn.Module:
    """(z, label) -> ``size`` px; without ``shared`` numbers each BatchNorm has a table of its own and all of z goes to the
    dense layer.

    Raises:
        ValueError: widths that are not known, or do not make the size.
    """
    blocks = sngan.Generator(
        sngan.widths_of(size, channels, widths),
        image_channels,
        None if shared else classes,
        norm_init=kernel_init,
        kernel_init=kernel_init,
        ends_init=kernel_init,
        attention=tuple(attention),
        weight=partial(spectral.iterating, eps=eps),
        bn_group=bn_group,
        axis_name=axis_name,
        dtype=dtype,
        remat=remat,
    )
    return Generator(blocks, classes, shared, skip) if shared else blocks


def critic(
    size: int = 128,
    channels: int = 96,
    classes: int = 1000,
    attention: Sequence[int] = (64,),
    widths: Sequence[int] | None = None,
    halvings: int | None = None,
    dropout: float = 0.0,
    kernel_init: Any = orthogonal,
    eps: float = spectral.EPS,
    dtype: Any = jnp.float32,
    remat: bool = False,
) -> nn.Module:
    """(images, label) -> values; ``dropout`` is of the features that the projection reads.

    Raises:
        ValueError: widths that are not known, or halve too often.
    """
    return sngan.Critic(
        *sngan.critic_widths_of(size, channels, widths, halvings),
        classes,
        kernel_init=kernel_init,
        ends_init=kernel_init,
        weight=partial(spectral.iterating, eps=eps),
        attention=tuple(attention),
        dropout=dropout,
        dtype=dtype,
        remat=remat,
    )
