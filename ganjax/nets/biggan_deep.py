"""The networks of BigGAN-deep (Brock et al. 2019, arXiv:1809.11096, appendix B; details as in the authors' PyTorch code).

Bottlenecks of a quarter of the channels, twice a size: 1 × 1, 3 × 3, 3 × 3, 1 × 1. Shortcuts have next to no parameters:
G's drops the channels that are too many, D's appends those that are missing. z is not split: beside the shared embedding
it goes to the dense layer and to every BatchNorm. The published TF-Hub generators end with 128 maps of which three are the
image (``maps``; 144,125 parameters more), the PyTorch code with the image.
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
from ganjax.nets.biggan import orthogonal
from ganjax.nets.conditional import ConditionalBatchNorm, Lookup, Projection, Told
from ganjax.nets.layers import Conv, Dense, Doubling, Weight, batch_norm, numbered, pool, upsample
from ganjax.nets.sngan import critic_widths_of, widths_of

Images = Float[Array, "b _ _ _"]
RATIO = 4  # of a block's channels to its bottleneck's


class Bottleneck(nn.Module):
    """The parts that both players' blocks have: convolutions of one and of three pixels, orthogonal at first."""

    features: int
    weight: Weight
    dtype: Any

    def _conv(self, i: int, width: int, kernel: int, x: Images, kind: type[Conv] = Conv) -> Images:
        layer = kind(width, kernel, 1, None, True, orthogonal, self.dtype, self.weight, name=f"Conv_{i}")
        out: Images = layer(x)
        return out


class UpBlock(Bottleneck):
    """BatchNorm ReLU before each convolution, doubled before the second where ``up``."""

    up: bool
    norm: Callable[[], nn.Module]

    @nn.compact
    def __call__(self, x: Images, told: Float[Array, "b n"]) -> Images:
        hidden = x.shape[-1] // RATIO
        h = self._conv(0, hidden, 1, self._act(x, told))
        h = self._conv(1, hidden, 3, self._act(h, told), Doubling if self.up else Conv)
        h = self._conv(2, hidden, 3, self._act(h, told))
        h = self._conv(3, self.features, 1, self._act(h, told))
        kept = x[..., : self.features]
        return h + (upsample(kept) if self.up else kept)

    def _act(self, x: Images, told: Float[Array, "b n"]) -> Images:
        return nn.relu(self.norm()(x, told))


class DownBlock(Bottleneck):
    """ReLU before each convolution, halved before the last where ``down``."""

    down: bool

    @nn.compact
    def __call__(self, x: Images) -> Images:
        hidden = self.features // RATIO
        h = self._conv(0, hidden, 1, nn.relu(x))
        h = self._conv(1, hidden, 3, nn.relu(h))
        h = nn.relu(self._conv(2, hidden, 3, nn.relu(h)))
        h = self._conv(3, self.features, 1, pool(h) if self.down else h)
        kept, missing = pool(x) if self.down else x, self.features - x.shape[-1]
        return h + (jnp.concatenate([kept, self._conv(4, missing, 1, kept)], axis=-1) if missing else kept)


class Generator(nn.Module):
    """(z [b, n], label [b]) -> images in [-1, 1]."""

    widths: tuple[int, ...]
    image_channels: int
    maps: int
    classes: int
    shared: int
    attention: tuple[int, ...]
    depth: int
    weight: Callable[[bool], Weight]
    bn_group: int | None
    axis_name: str | None
    dtype: Any
    remat: bool

    @nn.compact
    def __call__(self, z: Float[Array, "b n"], label: Told, train: bool = True) -> Images:
        weight = self.weight(train)
        told = jnp.concatenate([Lookup(self.shared, self.classes, orthogonal, name="shared")(label), z], axis=1)
        how = (None, orthogonal, weight, self.bn_group, self.axis_name, self.dtype, train)
        block = partial(numbered(UpBlock, self.remat), weight=weight, dtype=self.dtype)
        first, *rest = self.widths
        x = Dense(16 * first, True, orthogonal, self.dtype, weight)(told).reshape(z.shape[0], 4, 4, first)
        for width in rest:
            for i in reversed(range(self.depth)):  # the last of a size doubles it
                features = x.shape[-1] if i else width
                x = block(features, up=not i, norm=partial(ConditionalBatchNorm, *how))(x, told)
            if x.shape[1] in self.attention:
                x = SelfAttention(orthogonal, weight, self.dtype)(x)
        x = nn.relu(batch_norm(train, self.axis_name, dtype=self.dtype, group=self.bn_group)(x))
        x = Conv(self.maps, 3, 1, None, True, orthogonal, self.dtype, weight)(x)
        return jnp.tanh(x[..., : self.image_channels].astype(jnp.float32))


class Critic(nn.Module):
    """(images, label) -> values [b]."""

    widths: tuple[int, ...]
    classes: int
    attention: tuple[int, ...]
    depth: int
    weight: Callable[[bool], Weight]
    dtype: Any
    remat: bool

    @nn.compact
    def __call__(self, x: Images, label: Told, train: bool = True) -> Float[Array, " b"]:
        weight = self.weight(train)
        block = partial(numbered(DownBlock, self.remat), weight=weight, dtype=self.dtype)
        first, *rest = self.widths
        x = Conv(first, 3, 1, None, True, orthogonal, self.dtype, weight)(x)
        for width in rest:
            for i in range(self.depth):
                x = block(width, down=not i)(x)
            if x.shape[1] in self.attention:
                x = SelfAttention(orthogonal, weight, self.dtype)(x)
        features = nn.relu(x).astype(jnp.float32).sum(axis=(1, 2))
        return Projection(self.classes, orthogonal, True, weight)(features, label)


def generator(
    size: int = 128,
    channels: int = 128,
    classes: int = 1000,
    shared: int = 128,
    attention: Sequence[int] = (64,),
    depth: int = 2,
    widths: Sequence[int] | None = None,
    image_channels: int = 3,
    maps: int | None = None,
    eps: float = spectral.EPS,
    bn_group: int | None = None,
    axis_name: str | None = None,
    dtype: Any = jnp.float32,
    remat: bool = False,
) -> nn.Module:
    """(z, label) -> ``size`` px; ``depth`` blocks of each size; ``maps`` of the last convolution, the image's channels or
    more.

    Raises:
        ValueError: widths that are not known, or do not make the size.
    """
    how = (tuple(attention), depth, partial(spectral.iterating, eps=eps), bn_group, axis_name, dtype, remat)
    return Generator(widths_of(size, channels, widths), image_channels, maps or image_channels, classes, shared, *how)


def critic(
    size: int = 128,
    channels: int = 128,
    classes: int = 1000,
    attention: Sequence[int] = (64,),
    depth: int = 2,
    widths: Sequence[int] | None = None,
    eps: float = spectral.EPS,
    dtype: Any = jnp.float32,
    remat: bool = False,
) -> nn.Module:
    """(images, label) -> values; ``widths`` are of the first convolution and of each halving.

    Raises:
        ValueError: widths that are not known, or halve too often.
    """
    all_widths, _ = critic_widths_of(size, channels, widths, len(widths) - 1 if widths else None)
    weight = partial(spectral.iterating, eps=eps)
    return Critic(all_widths, classes, tuple(attention), depth, weight, dtype, remat)
