"""VGG's convolutions (Simonyan and Zisserman 2015, arXiv:1409.1556) and AlexNet's (Krizhevsky 2014, arXiv:1404.5997).

Features for perceptual distances: what comes out before each pooling. Sub-modules are Conv_0, Conv_1, … in their order.
"""

from __future__ import annotations

from collections.abc import Sequence

import flax.linen as nn
from jaxtyping import Array, Float

Maps = list[Float[Array, "b _ _ _"]]
VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
VGG19 = ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4)


class VGG(nn.Module):
    """Images [b, h, w, 3] -> one map of each stage of 3 × 3 convolutions; halved by maximum between stages."""

    stages: Sequence[Sequence[int]] = VGG16
    at: int = -1  # which of a stage's maps: the last, or (0) the first

    @nn.compact
    def __call__(self, x: Float[Array, "b h w 3"]) -> Maps:
        maps: Maps = []
        for widths in self.stages:
            x = nn.max_pool(x, (2, 2), (2, 2)) if maps else x
            own: Maps = []
            for width in widths:
                x = nn.relu(nn.Conv(width, (3, 3))(x))
                own.append(x)
            maps.append(own[self.at])
        return maps


class AlexNet(nn.Module):
    """Images [b, h, w, 3], 31 px at least -> the maps of its five convolutions."""

    @nn.compact
    def __call__(self, x: Float[Array, "b h w 3"]) -> Maps:
        maps = [nn.relu(nn.Conv(64, (11, 11), 4, 2)(x))]
        maps.append(nn.relu(nn.Conv(192, (5, 5))(_half(maps[-1]))))
        maps.append(nn.relu(nn.Conv(384, (3, 3))(_half(maps[-1]))))
        for _ in range(2):
            maps.append(nn.relu(nn.Conv(256, (3, 3))(maps[-1])))
        return maps


def _half(x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c"]:
    y: Array = nn.max_pool(x, (3, 3), (2, 2))
    return y
