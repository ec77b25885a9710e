"""The networks of U-GAT-IT (Kim et al. 2020, arXiv:1907.10830, appendix A.4; layers as in its official PyTorch code).

Generator:  images -> conv7, two halvings, residual blocks -> attention -> residual blocks of AdaLIN, two doublings of LIN.
Critic:     images -> halvings under spectral norm -> attention -> patches.
Attention (CAM):  a linear judge of the maps' means and one of their maxima; the maps, each times the judges' weight of it,
                  are what goes on, and their sum over maps is the heat map.

    AdaLIN(x; γ, β) = γ (ρ IN(x) + (1 − ρ) LN(x)) + β,  ρ in [0, 1], unbiased variances                          (eq. 1)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets import spectral
from ganjax.nets.layers import Conv, fan_in_uniform, instance_norm, leaky_relu, reflect, upsample

Images = Float[Array, "b _ _ _"]
Factors = tuple[Float[Array, "b c"], Float[Array, "b c"]]


class LIN(nn.Module):
    """γ (ρ IN(x) + (1 − ρ) LN(x)) + β; γ and β are given, or learned; so is ρ, from ``rho`` on, unless it is ``fixed``."""

    rho: float
    fixed: bool = False

    @nn.compact
    def __call__(self, x: Images, factors: Factors | None = None) -> Images:
        channels = x.shape[-1]
        own: Any = nn.initializers.constant(self.rho)
        rho = self.rho if self.fixed else self.param("rho", own, (channels,))
        if factors is None:
            scale = self.param("scale", nn.initializers.ones, (channels,))
            bias = self.param("bias", nn.initializers.zeros, (channels,))
        else:
            scale, bias = (f[:, None, None] for f in factors)
        h = x.astype(jnp.float32)
        out: Images = scale * (rho * standardised(h, (1, 2)) + (1 - rho) * standardised(h, (1, 2, 3))) + bias
        return out.astype(x.dtype)


def standardised(x: Images, axes: tuple[int, ...]) -> Images:
    """(x − mean) / √(var + 10⁻⁵), the unbiased variance, as torch.var has it."""
    n = x[0].size if len(axes) == 3 else x.shape[1] * x.shape[2]
    centred = x - x.mean(axis=axes, keepdims=True)
    variance = (centred**2).sum(axis=axes, keepdims=True) / max(n - 1, 1)
    out: Images = centred * jax.lax.rsqrt(variance + 1e-5)
    return out


class Norms(NamedTuple):
    """A decoder's: (maps, (γ, β)) -> maps in its residual blocks, maps -> maps in its doublings. Called within a module."""

    adaptive: Callable[[Images, Factors], Images]
    plain: Callable[[Images], Images]


def adalin() -> Norms:
    """AdaLIN and LIN, the paper's."""
    return Norms(lambda x, f: LIN(0.9)(x, f), lambda x: LIN(0.0)(x))


def adain() -> Norms:
    """AdaIN, and instance norm."""
    return Norms(lambda x, f: LIN(1.0, fixed=True)(x, f), lambda x: LIN(1.0, fixed=True)(x))


def instance() -> Norms:
    """Instance norm everywhere; γ and β are learned, and the image has no say in them."""
    return Norms(lambda x, f: LIN(1.0, fixed=True)(x), lambda x: LIN(1.0, fixed=True)(x))


def layer() -> Norms:
    """Layer norm everywhere, likewise."""
    return Norms(lambda x, f: LIN(0.0, fixed=True)(x), lambda x: LIN(0.0, fixed=True)(x))


def group(groups: int = 8) -> Norms:
    """Group norm everywhere, likewise."""
    return Norms(lambda x, f: nn.GroupNorm(groups, epsilon=1e-5)(x), lambda x: nn.GroupNorm(groups, epsilon=1e-5)(x))


class Residual(nn.Module):
    """x + [conv3 norm ReLU conv3 norm](x), mirrored borders: AdaLIN, or instance norm where no norm is given."""

    norm: Callable[[Images, Factors], Images] | None
    dtype: Any

    @nn.compact
    def __call__(self, x: Images, factors: Factors | None = None) -> Images:
        def normed(h: Images) -> Images:
            if self.norm is None or factors is None:
                out: Images = instance_norm(self.dtype)(h)
                return out
            return self.norm(h, factors)

        h = nn.relu(normed(_conv(x.shape[-1], 3, 1, x, self.dtype)))
        return x + normed(_conv(x.shape[-1], 3, 1, h, self.dtype))


class Attention(nn.Module):
    """maps -> (maps, logits [b, 2] of the judges of means and of maxima, heat map [b, h, w])."""

    act: Callable[[Array], Array]
    weight: Callable[[nn.Module, jax.Array], jax.Array] | None
    dtype: Any

    @nn.compact
    def __call__(self, x: Images) -> tuple[Images, Float[Array, "b 2"], Float[Array, "b h w"]]:
        seen = [x.mean(axis=(1, 2)), x.max(axis=(1, 2))]
        answers = [Judge(self.weight)(h.astype(jnp.float32)) for h in seen]
        both = jnp.concatenate([x * factor.astype(x.dtype) for _, factor in answers], axis=-1)
        x = self.act(Conv(x.shape[-1], 1, kernel_init=fan_in_uniform, dtype=self.dtype)(both))
        return x, jnp.stack([logit for logit, _ in answers], axis=-1), x.astype(jnp.float32).sum(axis=-1)


class Judge(nn.Module):
    """Numbers of the maps -> a logit, and each map's factor: the weight itself, not normalised, as in the official code."""

    weight: Callable[[nn.Module, jax.Array], jax.Array] | None

    @nn.compact
    def __call__(self, x: Float[Array, "b c"]) -> tuple[Float[Array, " b"], Float[Array, " c"]]:
        kernel = self.param("kernel", fan_in_uniform, (x.shape[-1], 1))
        return (x @ (self.weight(self, kernel) if self.weight else kernel))[:, 0], kernel[:, 0]


class Generator(nn.Module):
    """Images -> (images in [-1, 1], logits [b, 2] of the attention, heat map [b, h/4, w/4]); logits of 0 without attention."""

    channels: int
    blocks: int
    light: bool
    norm: Norms
    cam: bool
    image_channels: int
    dtype: Any
    remat: bool

    def __call__(self, x: Images, train: bool = True) -> tuple[Images, Float[Array, "b 2"], Float[Array, "b _ _"]]:
        translated = nn.remat(Generator.translated) if self.remat else Generator.translated
        image, logits, heat = translated(self, x)
        return image, logits, heat

    @nn.compact
    def translated(self, x: Images) -> tuple[Images, Float[Array, "b 2"], Float[Array, "b _ _"]]:
        """The whole of it: one loss has six passes, and with ``remat`` only their inputs are kept."""

        def act(h: Images) -> Images:
            return nn.relu(instance_norm(self.dtype)(h))

        x = act(_conv(self.channels, 7, 1, x, self.dtype))
        for i in (1, 2):
            x = act(_conv(self.channels * 2**i, 3, 2, x, self.dtype))
        for _ in range(self.blocks):
            x = Residual(None, self.dtype)(x)
        logits, heat = jnp.zeros((x.shape[0], 2)), x.astype(jnp.float32).sum(axis=-1)
        if self.cam:
            x, logits, heat = Attention(nn.relu, None, self.dtype)(x)
        factors = self._factors(x)
        for _ in range(self.blocks):
            x = Residual(self.norm.adaptive, self.dtype)(x, factors)
        for i in (1, 0):
            x = nn.relu(self.norm.plain(_conv(self.channels * 2**i, 3, 1, upsample(x), self.dtype)))
        image = jnp.tanh(_conv(self.image_channels, 7, 1, x, self.dtype).astype(jnp.float32))
        return image, logits, heat

    def _factors(self, x: Images) -> Factors:
        """γ and β of all AdaLIN, from all pixels, or from the maps' means where the network is light."""
        width = x.shape[-1]
        h = (x.mean(axis=(1, 2)) if self.light else x.reshape(x.shape[0], -1)).astype(jnp.float32)
        for _ in range(2):
            h = nn.relu(nn.Dense(width, use_bias=False, kernel_init=fan_in_uniform)(h))
        scale, bias = (nn.Dense(width, use_bias=False, kernel_init=fan_in_uniform)(h) for _ in range(2))
        return scale, bias


class Critic(nn.Module):
    """Images -> (values of the patches, logits [b, 2] of the attention, heat map)."""

    channels: int
    layers: int
    cam: bool
    dtype: Any

    @nn.compact
    def __call__(
        self, x: Images, train: bool = True
    ) -> tuple[Float[Array, "b _ _"], Float[Array, "b 2"], Float[Array, "b _ _"]]:
        weight = spectral.norm(train)
        for i in range(self.layers - 1):
            stride = 1 if i == self.layers - 2 else 2
            x = leaky_relu(_conv(self.channels * 2**i, 4, stride, x, self.dtype, weight, use_bias=True))
        logits, heat = jnp.zeros((x.shape[0], 2)), x.astype(jnp.float32).sum(axis=-1)
        if self.cam:
            x, logits, heat = Attention(leaky_relu, weight, self.dtype)(x)
        values = _conv(1, 4, 1, x, self.dtype, weight)[..., 0]
        return values.astype(jnp.float32), logits, heat


def _conv(
    width: int, kernel: int, stride: int, x: Images, dtype: Any, weight: Any = None, use_bias: bool = False
) -> Images:
    """A convolution of mirrored borders: kernels of 3 and 7 keep the size or halve it; of 4 take a pixel, or halve."""
    layer = Conv(width, kernel, stride, (0, 0), use_bias, fan_in_uniform, dtype, weight)
    out: Images = layer(reflect(x, (kernel - 1) // 2))
    return out


def generator(
    channels: int = 64,
    blocks: int = 4,
    light: bool = True,
    norm: Norms | None = None,
    cam_gen: bool = True,
    image_channels: int = 3,
    dtype: Any = jnp.float32,
    remat: bool = False,
) -> nn.Module:
    """Any size that 4 divides; ``light`` makes γ and β of the maps' means, else of all their pixels, and then the size of images
    is fixed at the first; ``norm`` is ``adalin()`` (None), ``adain()``, ``instance()``, ``layer()`` or ``group()``; ``remat``
    computes a pass again where a gradient needs its inner values."""
    return Generator(channels, blocks, light, norm or adalin(), cam_gen, image_channels, dtype, remat)


def critic(channels: int = 64, layers: int = 7, cam_disc: bool = True, dtype: Any = jnp.float32) -> nn.Module:
    """The global critic of seven layers, the local one of five: ``layers`` − 2 halvings, and twice a pixel less."""
    return Critic(channels, layers, cam_disc, dtype)
