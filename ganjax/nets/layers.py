"""Layers that networks share. Parameters are float32; ``dtype`` is what is computed in."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets import conv

Images = Float[Array, "b _ _ _"]  # height, width and channels change
Init = Callable[..., jax.Array]

Weight = Callable[[nn.Module, jax.Array], jax.Array]  # (layer, kernel) -> the kernel that is used

normal_init = nn.initializers.normal(0.02)  # Radford et al. 2016, section 4


fan_in_uniform = nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")  # ±1/√inputs: PyTorch's own
fan_out_uniform = nn.initializers.variance_scaling(1 / 3, "fan_out", "uniform")  # of its transposed convolutions
he_normal = nn.initializers.variance_scaling(2.0, "fan_in", "normal")  # He et al. 2015


class Conv(nn.Module):
    """A k × k convolution of [b, h, w, c]; ``padding`` is (before, after) on both sides, or SAME where it is None.

    ``weight`` makes the kernel that is used out of the parameter, such as ``spectral.norm(train)``.
    """

    features: int
    kernel: int = 3
    stride: int = 1
    padding: conv.Padding | None = None
    use_bias: bool = True
    kernel_init: Init = normal_init
    dtype: Any = jnp.float32
    weight: Weight | None = None

    @nn.compact
    def __call__(self, x: Images) -> Images:
        kernel = self.param("kernel", self.kernel_init, (self.kernel, self.kernel, x.shape[-1], self.features))
        kernel = self.weight(self, kernel) if self.weight else kernel
        return _biased(self, self._map(x.astype(self.dtype), kernel))

    def _map(self, x: Images, kernel: conv.Kernel) -> Images:
        padding = conv.same_padding(x.shape[1], self.kernel, self.stride) if self.padding is None else self.padding
        return conv.conv(x, kernel.astype(x.dtype), self.stride, padding)


class ConvTranspose(nn.Module):
    """A k × k transposed convolution; ``padding`` (before, after) is what is cut off, ``conv.conv_transpose``."""

    features: int
    kernel: int = 4
    stride: int = 2
    padding: conv.Padding = (1, 1)
    use_bias: bool = True
    kernel_init: Init = normal_init
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Images) -> Images:
        kernel = self.param("kernel", self.kernel_init, (self.kernel, self.kernel, x.shape[-1], self.features))
        return _biased(
            self, conv.conv_transpose(x.astype(self.dtype), kernel.astype(self.dtype), self.stride, self.padding)
        )


class Dense(nn.Module):
    """[b, n] -> [b, features]; ``weight`` makes the kernel that is used out of the parameter, as of a ``Conv``."""

    features: int
    use_bias: bool = True
    kernel_init: Init = normal_init
    dtype: Any = jnp.float32
    weight: Weight | None = None

    @nn.compact
    def __call__(self, x: Float[Array, "b _"]) -> Float[Array, "b _"]:
        kernel = self.param("kernel", self.kernel_init, (x.shape[-1], self.features))
        kernel = self.weight(self, kernel) if self.weight else kernel
        return _biased(self, x.astype(self.dtype) @ kernel.astype(self.dtype))


class Doubling(Conv):
    """``upsample`` and then a convolution, 3 × 3 at the same size: 4 / 9 of the multiplications, the same numbers.

    Doubling is the transpose of adding up each 2 × 2, so the two are one transposed convolution of stride 2, whose kernel
    is K ⋆ 1₂ₓ₂ turned by half a circle.
    """

    def _map(self, x: Images, kernel: conv.Kernel) -> Images:
        return conv.conv_transpose(x, _wide(kernel[::-1, ::-1]).astype(x.dtype), 2, (1, 1))


class Halving(Conv):
    """A convolution, 3 × 3 at the same size, and then ``pool``: one of stride 2, kernel K ⋆ 1₂ₓ₂ / 4; 4 / 9 as above."""

    def _map(self, x: Images, kernel: conv.Kernel) -> Images:
        return conv.conv(x, (_wide(kernel) / 4).astype(x.dtype), 2, (1, 1))


def _wide(kernel: Float[Array, "3 3 i o"]) -> Float[Array, "4 4 i o"]:
    """K ⋆ 1₂ₓ₂."""
    shifted = (jnp.pad(kernel, ((i, 1 - i), (j, 1 - j), (0, 0), (0, 0))) for i in (0, 1) for j in (0, 1))
    return functools.reduce(jnp.add, shifted)


def _biased(layer: Conv | ConvTranspose | Dense, x: Float[Array, " ..."]) -> Float[Array, " ..."]:
    if not layer.use_bias:
        return x
    return x + layer.param("bias", nn.initializers.zeros, (layer.features,)).astype(x.dtype)


def batch_norm(
    train: bool,
    axis_name: str | None = None,
    scale_init: Init = nn.initializers.ones,
    dtype: Any = jnp.float32,
    affine: bool = True,
    group: int | None = None,
) -> nn.Module:
    """BatchNorm with PyTorch's constants; ``axis_name`` joins the statistics of the devices under pmap, ``group`` takes
    them of so many examples at a time, in the place of the whole batch."""
    if group:
        return GroupedBatchNorm(train, group, scale_init, dtype, affine)
    return nn.BatchNorm(
        use_running_average=not train,
        momentum=0.9,
        epsilon=1e-5,
        axis_name=axis_name,
        scale_init=scale_init,
        dtype=dtype,
        use_scale=affine,
        use_bias=affine,
        use_fast_variance=False,  # E[x²] − E[x]² cancels on flat images
    )


class GroupedBatchNorm(nn.Module):
    """BatchNorm of each ``group`` of a batch's examples by themselves; running statistics are of the groups' means.

    A batch of fewer, or one that the group does not divide, is one group. Where a group is a device's share nothing of the
    statistics travels between devices.
    """

    train: bool
    group: int
    scale_init: Init
    dtype: Any
    affine: bool

    @nn.compact
    def __call__(self, x: Float[Array, "b ..."]) -> Float[Array, "b ..."]:
        b, channels = x.shape[0], x.shape[-1]
        h = x.astype(jnp.float32).reshape(-1 if b % self.group == 0 else 1, min(b, self.group), *x.shape[1:])
        kept = {name: self._kept(name, channels) for name in ("mean", "var")}
        mean, var = kept["mean"].value, kept["var"].value
        if self.train:
            axes = tuple(range(1, h.ndim - 1))
            mean, var = h.mean(axis=axes, keepdims=True), h.var(axis=axes, keepdims=True)
            if not self.is_initializing():
                for name, new in (("mean", mean), ("var", var)):
                    kept[name].value = 0.9 * kept[name].value + 0.1 * new.reshape(-1, channels).mean(axis=0)
        out = (h - mean) * jax.lax.rsqrt(var + 1e-5)
        if self.affine:
            out = out * self.param("scale", self.scale_init, (channels,))
            out = out + self.param("bias", nn.initializers.zeros, (channels,))
        normed: Array = out.reshape(x.shape).astype(self.dtype)
        return normed

    def _kept(self, name: str, channels: int) -> nn.Variable[Any]:
        fill = jnp.zeros if name == "mean" else jnp.ones
        return self.variable("batch_stats", name, lambda: fill((channels,)))


def layer_norm(dtype: Any = jnp.float32) -> nn.LayerNorm:
    """LayerNorm over all of an image, scale and bias per channel.  Gulrajani et al. 2017, official code."""
    return nn.LayerNorm(epsilon=1e-5, reduction_axes=(1, 2, 3), feature_axes=-1, dtype=dtype, use_fast_variance=False)


def instance_norm(dtype: Any = jnp.float32, affine: bool = False) -> nn.InstanceNorm:
    """(x − mean) / √(var + 10⁻⁵) of each image's channels; PyTorch's default has no scale and no bias."""
    return nn.InstanceNorm(
        epsilon=1e-5,
        use_scale=affine,
        use_bias=affine,
        dtype=dtype,
        use_fast_variance=False,  # E[x²] − E[x]² cancels on flat images
    )


def reflect(x: Images, border: int) -> Images:
    """x with its border pixels mirrored outwards, the edge itself not repeated."""
    return jnp.pad(x, ((0, 0), (border, border), (border, border), (0, 0)), mode="reflect")


def mean_pool(x: Images) -> Images:
    """3 × 3 means at every second pixel; at the border of the pixels that are there."""
    out: Array = nn.avg_pool(x, (3, 3), (2, 2), ((1, 1), (1, 1)), count_include_pad=False)
    return out


def largest(x: Images) -> Images:
    """The largest of each 2 × 2 pixels, the first of equals; ten times as fast as windows are, whose gradient sorts them."""
    rows, columns = (n // 2 * 2 for n in x.shape[1:3])
    parts = [x[:, i:rows:2, j:columns:2] for i in (0, 1) for j in (0, 1)]
    return functools.reduce(lambda a, b: jnp.where(b > a, b, a), parts)


def pool(x: Images) -> Images:
    """Each 2 × 2 becomes its mean."""
    b, h, w, c = x.shape
    return x.reshape(b, h // 2, 2, w // 2, 2, c).mean(axis=(2, 4))


def upsample(x: Images) -> Images:
    """Each pixel becomes 2 × 2: nearest neighbour."""
    b, h, w, c = x.shape
    return jnp.broadcast_to(x[:, :, None, :, None, :], (b, h, 2, w, 2, c)).reshape(b, 2 * h, 2 * w, c)


def numbered(block: type[nn.Module], remat: bool) -> Callable[..., nn.Module]:
    """``block`` as a network makes several of it: Block_0, Block_1, …, by the same names with and without ``remat``.

    With it a block's inner values are computed again in the backward pass, and only what passes between blocks is kept.
    """
    count = itertools.count()
    made = nn.remat(block) if remat else block
    return lambda *args, **kwargs: made(*args, name=f"{block.__name__}_{next(count)}", **kwargs)


def leaky_relu(x: Float[Array, " ..."]) -> Float[Array, " ..."]:
    """Slope 0.2 below zero, as almost every GAN has it."""
    return nn.leaky_relu(x, 0.2)


def identity(x: Float[Array, " ..."]) -> Float[Array, " ..."]:
    """x."""
    return x


def sigmoid_image(x: Float[Array, " ..."]) -> Float[Array, " ..."]:
    """2σ(x) − 1: the door of a generator that works in [0, 1]."""
    return 2 * nn.sigmoid(x) - 1


def unit_range(x: Float[Array, " ..."]) -> Float[Array, " ..."]:
    """(x + 1) / 2: the door of a critic that works in [0, 1]."""
    return (x + 1) / 2


def normal_scale_init(key: jax.Array, shape: Sequence[int], dtype: Any = jnp.float32) -> jax.Array:
    """γ ~ N(1, 0.02²).  Radford et al. 2016, as the official code and the tutorials have it."""
    return 1 + 0.02 * jax.random.normal(key, shape, dtype)


def uniform_init(bound: float) -> Init:
    """U(−bound, bound)."""
    return lambda key, shape, dtype=jnp.float32: jax.random.uniform(key, shape, dtype, -bound, bound)
