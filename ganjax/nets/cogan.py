"""The networks of CoGAN (Liu & Tuzel 2016, arXiv:1606.07536, appendix; layers and 28 px as in its official PyTorch code).

Generator:  z -> 4 -> 7 -> 13 -> 25 pixels, one network of both domains, then for each its last layer -> a pair of images.
Critic:     for each domain its first layer, then one network for both -> a pair of logits.

Both work in [0, 1]. c = 1024 channels of the generator's first map; 20, 50 and 500 of the critic.
"""

from __future__ import annotations

import flax.linen as nn
from jaxtyping import Array, Float

from ganjax.nets.layers import Conv, ConvTranspose, batch_norm, largest, sigmoid_image, unit_range

Images = Float[Array, "b h w c"]
xavier = nn.initializers.variance_scaling(2.0, "fan_avg", "uniform")


class Generator(nn.Module):
    """z [b, d] -> (a, b), images in [-1, 1]."""

    size: int
    channels: int
    image_channels: int
    axis_name: str | None

    @nn.compact
    def __call__(self, z: Float[Array, "b d"], train: bool = True) -> tuple[Images, Images]:
        x = z[:, None, None]
        for i in range(4):
            stride, pad = (2, (1, 1)) if i else (1, (0, 0))
            x = ConvTranspose(self.channels // 2**i, 3 if i else 4, stride, pad, kernel_init=xavier)(x)
            x = _prelu()(batch_norm(train, self.axis_name, affine=False)(x))
        reach = self.size - x.shape[1] + 3
        a, b = (ConvTranspose(self.image_channels, reach, 1, (1, 1), kernel_init=xavier)(x) for _ in "ab")
        return sigmoid_image(a), sigmoid_image(b)


class Critic(nn.Module):
    """(a, b) -> (logits of a, logits of b): how real each is; a softmax over two classes has their difference for its logit."""

    channels: int
    hidden: int

    @nn.compact
    def __call__(self, a: Images, b: Images, train: bool = True) -> tuple[Float[Array, " b"], Float[Array, " b"]]:
        own = [Conv(self.channels, 5, padding=(0, 0), kernel_init=xavier)(unit_range(x)) for x in (a, b)]
        deep = [Conv(self.channels * 5 // 2, 5, padding=(0, 0), kernel_init=xavier)]
        deep += [
            Conv(self.hidden, 4, padding=(0, 0), kernel_init=xavier),
            Conv(2, 1, padding=(0, 0), kernel_init=xavier),
        ]
        act = _prelu()
        scores = []
        for x in own:
            x = largest(deep[0](largest(x)))
            scores.append(deep[2](act(deep[1](x))))
        a_score, b_score = (s[..., 1].mean(axis=(1, 2)) - s[..., 0].mean(axis=(1, 2)) for s in scores)
        return a_score, b_score


def _prelu() -> nn.PReLU:
    return nn.PReLU(negative_slope_init=0.25)


def generator(size: int = 28, channels: int = 1024, image_channels: int = 1, axis_name: str | None = None) -> nn.Module:
    """``size`` from 25 px on: the last layer's kernel reaches from 25 to there, 6 × 6 at 28 px."""
    return Generator(size, channels, image_channels, axis_name)


def critic(channels: int = 20, hidden: int = 500) -> nn.Module:
    """28 px and more; from 32 px on several places of an image are judged, and their logits' mean is the answer."""
    return Critic(channels, hidden)
