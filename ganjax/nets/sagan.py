"""The networks of SAGAN (Zhang et al. 2019, arXiv:1805.08318; official code): SNGAN's with attention, spectral norm in G too.

A critic's blocks are as wide between their convolutions as behind them. Attention stands behind the blocks that make maps
of 32 × 32 pixels in the official code's default, of 64 × 64 in later work and in BigGAN.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from ganjax.nets import spectral
from ganjax.nets.sngan import Critic, Generator, critic_widths_of, glorot, widths_of


def generator(
    size: int = 128,
    channels: int = 64,
    classes: int = 1000,
    attention: Sequence[int] = (32,),
    widths: Sequence[int] | None = None,
    image_channels: int = 3,
    eps: float = spectral.EPS,
    bn_group: int | None = None,
    axis_name: str | None = None,
    dtype: Any = jnp.float32,
    remat: bool = False,
) -> nn.Module:
    """(z, label) -> ``size`` px; ``eps`` is of the power iteration.

    Raises:
        ValueError: widths that are not known, or do not make the size.
    """
    return Generator(
        widths_of(size, channels, widths),
        image_channels,
        classes,
        norm_init=nn.initializers.zeros,
        kernel_init=glorot,
        ends_init=glorot,
        attention=tuple(attention),
        weight=partial(spectral.iterating, eps=eps),
        bn_group=bn_group,
        axis_name=axis_name,
        dtype=dtype,
        remat=remat,
    )


def critic(
    size: int = 128,
    channels: int = 64,
    classes: int = 1000,
    attention: Sequence[int] = (32,),
    widths: Sequence[int] | None = None,
    halvings: int | None = None,
    eps: float = spectral.EPS,
    dtype: Any = jnp.float32,
    remat: bool = False,
) -> nn.Module:
    """(images, label) -> values.

    Raises:
        ValueError: widths that are not known, or halve too often.
    """
    return Critic(
        *critic_widths_of(size, channels, widths, halvings),
        classes,
        kernel_init=glorot,
        ends_init=glorot,
        weight=partial(spectral.iterating, eps=eps),
        attention=tuple(attention),
        dtype=dtype,
        remat=remat,
    )
