"""EfficientNet-Lite0 (Tan and Le 2019, arXiv:1905.11946, and the Lite form of its authors: ReLU6, no squeeze-and-excite).

Modules bear the names that they have in PyTorch's file, so that weights are carried over by name.
"""

from __future__ import annotations

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

# expansion, output channels, blocks, stride of the first, kernel
STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
SIZE = 224


class EfficientNetLite0(nn.Module):
    """Images [b, h, w, 3] as (pixels − 127) / 128 -> {"features": [b, 1280], "logits": [b, 1000]}."""

    @nn.compact
    def __call__(self, x: Float[Array, "b h w 3"]) -> dict[str, Float[Array, "b _"]]:
        x = nn.Conv(32, (3, 3), 2, use_bias=False, name="_conv_stem")(x)
        x = nn.relu6(_norm("_bn0")(x))
        number = 0
        for expansion, channels, blocks, stride, kernel in STAGES:
            for i in range(blocks):
                x = _Block(expansion, channels, 1 if i else stride, kernel, name=f"_blocks_{number}")(x)
                number += 1
        x = nn.relu6(_norm("_bn1")(_mix(1280, "_conv_head")(x)))
        features = x.mean(axis=(1, 2))
        return {"features": features, "logits": nn.Dense(1000, name="_fc")(features)}


class _Block(nn.Module):
    """Widen, look around in each channel, narrow; the input is added where shapes allow."""

    expansion: int
    channels: int
    stride: int
    kernel: int

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c2"]:
        y, wide = x, x.shape[-1] * self.expansion
        if self.expansion > 1:
            y = nn.relu6(_norm("_bn0")(_mix(wide, "_expand_conv")(y)))
        y = nn.relu6(_norm("_bn1")(_Depthwise(self.kernel, self.stride, name="_depthwise_conv")(y)))
        y = _norm("_bn2")(_mix(self.channels, "_project_conv")(y))
        return jnp.add(x, y) if x.shape == y.shape else y


class _Depthwise(nn.Module):
    """A kernel for each channel, as a sum of shifted images: on the CPU a tenth of a grouped convolution's time."""

    kernel: int
    stride: int

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c"]:
        k, s = self.kernel, self.stride
        w = self.param("kernel", nn.initializers.lecun_normal(), (k, k, 1, x.shape[-1]))
        sizes = [-(-n // s) for n in x.shape[1:3]]
        spare = [max((out - 1) * s + k - n, 0) for n, out in zip(x.shape[1:3], sizes, strict=True)]
        x = jnp.pad(x, ((0, 0), *((n // 2, n - n // 2) for n in spare), (0, 0)))
        rows, columns = ((out - 1) * s + 1 for out in sizes)
        shifted: Array = sum(
            x[:, i : i + rows : s, j : j + columns : s] * w[i, j, 0] for i in range(k) for j in range(k)
        )  # type: ignore[assignment]
        return shifted


def _mix(features: int, name: str) -> nn.Module:
    return nn.Conv(features, (1, 1), use_bias=False, name=name)


def _norm(name: str) -> nn.Module:
    return nn.BatchNorm(use_running_average=True, epsilon=1e-3, name=name)
