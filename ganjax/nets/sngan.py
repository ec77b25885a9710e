"""The residual networks of SNGAN with projection (Miyato et al. 2018, arXiv:1802.05957 and 1802.05637; official code).

Generator:  z -> dense 4 × 4 -> residual blocks that double, BatchNorm that may be told the class -> BatchNorm ReLU conv tanh.
Critic:     blocks that halve, and such that do not, every weight under spectral norm -> ReLU, sum over pixels, projection.

SAGAN and BigGAN are these networks with more: ``attention`` behind the blocks that make maps of these sizes, a ``weight``
(spectral norm) in G too, and each block told something of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets import spectral
from ganjax.nets.attention import SelfAttention
from ganjax.nets.conditional import ConditionalBatchNorm, Projection, Told
from ganjax.nets.layers import Conv, Dense, Init, Weight, batch_norm, numbered
from ganjax.nets.resnet import Block

Images = Float[Array, "b _ _ _"]  # height, width and channels change
WIDTHS = {  # multiples of ``channels``: of G's dense layer and its blocks
    32: (4, 4, 4, 4),
    64: (16, 16, 8, 4, 2),
    128: (16, 16, 8, 4, 2, 1),
    256: (16, 16, 8, 8, 4, 2, 1),
    512: (16, 16, 8, 8, 4, 2, 1, 1),
}
CRITIC_WIDTHS = {  # and of D's blocks, of which so many halve
    32: ((4, 4, 4, 4), 2),
    64: ((1, 2, 4, 8, 16), 4),
    128: ((1, 2, 4, 8, 16, 16), 5),
    256: ((1, 2, 4, 8, 8, 16, 16), 6),
    512: ((1, 1, 2, 4, 8, 8, 16, 16), 7),
}

glorot: Init = nn.initializers.variance_scaling(1.0, "fan_avg", "uniform")
glorot_relu: Init = nn.initializers.variance_scaling(2.0, "fan_avg", "uniform")  # its bound times √2


class Generator(nn.Module):
    """(z [b, n], label) -> images in [-1, 1]; the label is one for all blocks, something for each, or none."""

    widths: tuple[int, ...]
    image_channels: int
    classes: int | None
    norm_init: Init
    kernel_init: Init
    ends_init: Init
    attention: tuple[int, ...] = ()
    weight: Callable[[bool], Weight] | None = None
    bn_group: int | None = None
    axis_name: str | None = None
    dtype: Any = jnp.float32
    remat: bool = False

    @nn.compact
    def __call__(
        self, z: Float[Array, "b _"], label: Told | Sequence[Told] | None = None, train: bool = True
    ) -> Images:
        weight = self.weight(train) if self.weight else None
        first, *rest = self.widths
        told = [*label] if isinstance(label, Sequence) else [label] * len(rest)
        x = Dense(16 * first, True, self.ends_init, self.dtype, weight)(z).reshape(z.shape[0], 4, 4, first)
        block = numbered(Block, self.remat)
        common = {"kernel_init": self.kernel_init, "shortcut_init": self.ends_init, "weight": weight}
        for width, own in zip(rest, told, strict=True):
            norm = self._norm(own, train)
            up = block(width, width, up=True, norm=norm, dtype=self.dtype, **common)
            x = up(x) if own is None else up(x, own)
            if x.shape[1] in self.attention:
                x = SelfAttention(self.ends_init, weight, self.dtype)(x)
        x = nn.relu(batch_norm(train, self.axis_name, dtype=self.dtype, group=self.bn_group)(x))
        x = Conv(self.image_channels, 3, 1, None, True, self.ends_init, self.dtype, weight)(x)
        return jnp.tanh(x.astype(jnp.float32))

    def _norm(self, told: Told | None, train: bool) -> Callable[[], nn.Module]:
        if told is None:
            return partial(batch_norm, train, self.axis_name, dtype=self.dtype, group=self.bn_group)
        weight = self.weight(train) if self.weight and self.classes is None else None  # a table is not normalised
        how = (self.classes, self.norm_init, weight, self.bn_group, self.axis_name, self.dtype, train)
        return partial(ConditionalBatchNorm, *how)


class Critic(nn.Module):
    """(images, label or none) -> values [b]."""

    widths: tuple[int, ...]
    halvings: int
    classes: int | None
    kernel_init: Init
    ends_init: Init
    weight: Callable[[bool], Weight]
    wide: bool = True
    attention: tuple[int, ...] = ()
    last_bias: bool = True
    dropout: float = 0.0
    dtype: Any = jnp.float32
    remat: bool = False

    @nn.compact
    def __call__(self, x: Images, label: Told | None = None, train: bool = True) -> Float[Array, " b"]:
        weight, block = self.weight(train), numbered(Block, self.remat)
        common = {"kernel_init": self.kernel_init, "shortcut_init": self.ends_init, "weight": weight}
        for i, width in enumerate(self.widths):
            between = width if self.wide or not i else x.shape[-1]
            down, first = i < self.halvings, not i
            x = block(width, between, down=down, first_block=first, dtype=self.dtype, **common)(x)
            if x.shape[1] in self.attention and down:
                x = SelfAttention(self.ends_init, weight, self.dtype)(x)
        features = nn.relu(x).astype(jnp.float32).sum(axis=(1, 2))
        features = nn.Dropout(self.dropout, rng_collection="noise", deterministic=not train)(features)
        return Projection(self.classes, self.ends_init, self.last_bias, weight)(features, label)


def widths_of(size: int, channels: int, widths: Sequence[int] | None) -> tuple[int, ...]:
    """Channels of G's dense layer and of its blocks.

    Raises:
        ValueError: there is no table for the size and none is given, or the one given makes another size.
    """
    multiples = widths or WIDTHS.get(size)
    if not multiples:
        raise ValueError(f"no widths are known for {size} pixels, only for {', '.join(map(str, WIDTHS))}: set widths=…")
    if 4 * 2 ** (len(multiples) - 1) != size:
        raise ValueError(f"widths={tuple(multiples)} make {4 * 2 ** (len(multiples) - 1)} pixels, size={size}")
    return tuple(channels * each for each in multiples)


def critic_widths_of(
    size: int, channels: int, widths: Sequence[int] | None, halvings: int | None
) -> tuple[tuple[int, ...], int]:
    """(channels of D's blocks, how many of them halve).

    Raises:
        ValueError: there is no table for the size and none is given, or it halves more often than the size can be.
    """
    known = CRITIC_WIDTHS.get(size, ((), 0))
    multiples, halved = widths or known[0], known[1] if halvings is None else halvings
    if not multiples:
        raise ValueError(
            f"no widths are known for {size} pixels, only for {', '.join(map(str, CRITIC_WIDTHS))}: set widths=… and halvings=…"
        )
    if halved > len(multiples) or size % 2**halved:
        raise ValueError(f"{len(multiples)} blocks on {size} pixels cannot halve {halved} times")
    return tuple(channels * each for each in multiples), halved


def generator(
    size: int = 32,
    channels: int = 64,
    classes: int | None = None,
    widths: Sequence[int] | None = None,
    image_channels: int = 3,
    bn_group: int | None = None,
    axis_name: str | None = None,
    dtype: Any = jnp.float32,
    remat: bool = False,
) -> nn.Module:
    """z, or (z, label) -> ``size`` px; no spectral norm. ``widths`` are multiples of ``channels`` in the place of the
    table's.

    Raises:
        ValueError: widths that are not known, or do not make the size.
    """
    return Generator(
        widths_of(size, channels, widths),
        image_channels,
        classes,
        norm_init=nn.initializers.zeros,
        kernel_init=glorot_relu,
        ends_init=glorot,
        bn_group=bn_group,
        axis_name=axis_name,
        dtype=dtype,
        remat=remat,
    )


def critic(
    size: int = 32,
    channels: int = 32,
    classes: int | None = None,
    wide: bool = False,
    widths: Sequence[int] | None = None,
    halvings: int | None = None,
    last_bias: bool = False,
    dtype: Any = jnp.float32,
    remat: bool = False,
) -> nn.Module:
    """``size`` px, or (images, label) -> values; blocks are as wide between their convolutions as before them, or
    (``wide``) as behind.

    Raises:
        ValueError: widths that are not known, or halve too often.
    """
    return Critic(
        *critic_widths_of(size, channels, widths, halvings),
        classes,
        kernel_init=glorot_relu,
        ends_init=glorot,
        weight=spectral.iterating,
        wide=wide,
        last_bias=last_bias,
        dtype=dtype,
        remat=remat,
    )
