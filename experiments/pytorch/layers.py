"""The layers that PyTorch does not bring, and the stages that networks share."""

import math
from collections import OrderedDict

import torch.nn.functional as F
from torch import Tensor, nn


class SameConv2d(nn.Conv2d):
    """Padded as TensorFlow's SAME: ceil(n / stride) outputs, the odd pixel of padding last."""

    def forward(self, x: Tensor) -> Tensor:
        pads = []
        for n, k, s in zip(x.shape[2:], self.kernel_size, self.stride, strict=True):
            total = max((math.ceil(n / s) - 1) * s + k - n, 0)
            pads.append((total // 2, total - total // 2))
        (top, bottom), (left, right) = pads
        return super().forward(F.pad(x, (left, right, top, bottom)))


class SameConvTranspose2d(nn.ConvTranspose2d):
    """`SameConv2d`'s gradient: n · stride pixels, the other kernel - stride cut off the borders."""

    def forward(self, x: Tensor) -> Tensor:
        out = super().forward(x)
        for dim, k, s in zip((2, 3), self.kernel_size, self.stride, strict=True):
            out = out.narrow(dim, max(k - s, 0) // 2, x.shape[dim] * s)
        return out


class Maxout(nn.Module):
    """The largest of `pieces` affine maps; unit j has the rows from j · pieces on, side by side."""

    def __init__(self, inputs: int, units: int, pieces: int):
        super().__init__()
        self.linear = nn.Linear(inputs, units * pieces)
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x).unflatten(1, (-1, self.pieces)).amax(2)


class ResBlock(nn.Module):
    """[norm] ReLU [×2] conv3 [norm] ReLU conv3 [÷2], plus the input resampled by the same amount.

    The shortcut is a 1×1 convolution wherever size or width changes. Going down, the width
    changes in the second convolution, otherwise in the first. ×2 is nearest, ÷2 the mean of 2×2.
    """

    def __init__(self, inputs, outputs, resample=None, norm=nn.Identity, first_bias=True):
        super().__init__()
        hidden = inputs if resample == "down" else outputs
        self.norm1 = norm(inputs)
        self.conv1 = nn.Conv2d(inputs, hidden, 3, padding=1, bias=first_bias)
        self.norm2 = norm(hidden)
        self.conv2 = nn.Conv2d(hidden, outputs, 3, padding=1)
        plain = resample is None and inputs == outputs
        self.shortcut = nn.Identity() if plain else nn.Conv2d(inputs, outputs, 1)
        self.up = nn.Upsample(scale_factor=2) if resample == "up" else nn.Identity()
        self.down = nn.AvgPool2d(2) if resample == "down" else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(self.up(F.relu(self.norm1(x))))
        h = self.down(self.conv2(F.relu(self.norm2(h))))
        return h + self.shortcut(self.down(self.up(x)))


class ImageBlock(nn.Module):
    """The CIFAR critic's first block, no ReLU on pixels: conv3 ReLU conv3 ÷2, plus ÷2 conv1."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = F.avg_pool2d(self.conv2(F.relu(self.conv1(x))), 2)
        return h + self.shortcut(F.avg_pool2d(x, 2))


class ReflectBlock(nn.Module):
    """CycleGAN's: (reflected border, conv3, InstanceNorm) twice with a ReLU between, plus the input."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3)
        self.norm1 = instance_norm(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3)
        self.norm2 = instance_norm(channels)
        self.border = nn.ReflectionPad2d(1)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.norm1(self.conv1(self.border(x))))
        return x + self.norm2(self.conv2(self.border(h)))


class Crop(nn.Module):
    """The top left `size` × `size` pixels."""

    def __init__(self, size: int):
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        return x[..., : self.size, : self.size]


def layer_norm(channels: int) -> nn.GroupNorm:
    """LayerNorm over (C, H, W) with one scale and one offset per channel."""
    return nn.GroupNorm(1, channels, eps=1e-5)


def instance_norm(channels: int) -> nn.GroupNorm:
    """What `nn.InstanceNorm2d` computes, in either memory format.

    That layer's own gradient is wrong on the CPU for one image whose gradient comes channels_last (PyTorch 2.13).
    """
    return nn.GroupNorm(channels, channels, eps=1e-5, affine=False)


def stack(**layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(OrderedDict(layers))


def to_pixels(latent_dim: int, channels: int, size: int) -> dict[str, nn.Module]:
    """z → (channels, size, size); row c·size² + h·size + w of the weight makes pixel (c, h, w)."""
    return {
        "linear": nn.Linear(latent_dim, channels * size**2),
        "pixels": nn.Unflatten(1, (channels, size, size)),
    }


def to_number(features: int) -> dict[str, nn.Module]:
    """Everything about an image, in the order (c, h, w) → one number."""
    return {"flat": nn.Flatten(), "last": nn.Linear(features, 1), "out": nn.Flatten(0)}
