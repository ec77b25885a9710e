"""The networks that turn images into images in PyTorch: CycleGAN, pix2pix, pix2pixHD, DiscoGAN, the lectures' own.

Where a docstring names a repository, the state dict has that repository's keys, so that the networks
stand in for its files of weights. Images are NCHW; generators end in tanh but DiscoGAN's, which ends
in sigmoid; critics return raw numbers. InstanceNorm has no parameters and no running statistics.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.pytorch.layers import SameConv2d, instance_norm, stack

NORMS: dict[str, Callable[[int], nn.Module]] = {"batch": nn.BatchNorm2d, "instance": instance_norm}


class Dropout(nn.Dropout):
    """Half of the values, doubled; which half is drawn, or given as zeros and ones in `mask`."""

    mask: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if self.mask is None else x * self.mask / (1 - self.p)


class Translator(nn.Module):
    """A generator; `masks` are the zeros and ones of its dropouts in the order of their call, None draws them."""

    model: nn.Module

    def dropouts(self) -> list[Dropout]:
        """Its dropouts in the order of their call."""
        return [layer for layer in self.modules() if isinstance(layer, Dropout)]

    def forward(self, x: Tensor, masks: Sequence[Tensor] | None = None) -> Tensor:
        dropouts = self.dropouts()
        for dropout, mask in zip(dropouts, masks or [None] * len(dropouts), strict=True):
            dropout.mask = mask
        return self.model(x)


# ------------------------------------------------------------------------------- residual generators


def residue(channels: int, norm: str = "instance", bias: bool = True, dropout: bool = False) -> nn.Sequential:
    """(reflected border, conv3, norm) twice with a ReLU between, and dropout after the ReLU."""
    make = NORMS[norm]
    layers: list[nn.Module] = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=bias), make(channels)]
    layers += [nn.ReLU(), *([Dropout()] if dropout else [])]
    layers += [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=bias), make(channels)]
    return nn.Sequential(*layers)


class ResnetBlock(nn.Module):
    """x + residue(x), with no ReLU after the sum."""

    def __init__(self, channels: int, norm: str = "instance", bias: bool = True, dropout: bool = False):
        super().__init__()
        self.conv_block = residue(channels, norm, bias, dropout)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class NotebookBlock(nn.Module):
    """`ResnetBlock` under the notebook's name."""

    def __init__(self, channels: int):
        super().__init__()
        self.res = residue(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.res(x)


def conv7(inputs: int, outputs: int, bias: bool = True) -> list[nn.Module]:
    """A 7×7 convolution behind a reflected border."""
    return [nn.ReflectionPad2d(3), nn.Conv2d(inputs, outputs, 7, bias=bias)]


def down3(inputs: int, outputs: int, norm: str, bias: bool) -> list[nn.Module]:
    """conv3 ÷2, norm, ReLU."""
    return [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=bias), NORMS[norm](outputs), nn.ReLU()]


def up3(inputs: int, outputs: int, norm: str, bias: bool) -> list[nn.Module]:
    """Transposed conv3 ×2, norm, ReLU."""
    conv = nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=1, bias=bias)
    return [conv, NORMS[norm](outputs), nn.ReLU()]


def resnet(
    inputs: int, outputs: int, width: int, downs: int, blocks: Iterable[nn.Module], norm: str, bias: bool
) -> nn.Sequential:
    """conv7, `downs` times ÷2 and twice as wide, the blocks, as often back, conv7, tanh; the last conv has a bias."""
    widths = [width * 2**i for i in range(downs + 1)]
    layers = [*conv7(inputs, width, bias), NORMS[norm](width), nn.ReLU()]
    for narrow, wide in pairwise(widths):
        layers += down3(narrow, wide, norm, bias)
    layers += blocks
    for wide, narrow in pairwise(reversed(widths)):
        layers += up3(wide, narrow, norm, bias)
    return nn.Sequential(*layers, *conv7(width, outputs), nn.Tanh())


class ResnetGenerator(Translator):
    """junyanz/pytorch-CycleGAN-and-pix2pix: ÷4 at 4 ngf in the middle; 6 blocks for 128², 9 for 256²."""

    def __init__(
        self,
        inputs: int = 3,
        outputs: int = 3,
        ngf: int = 64,
        n_blocks: int = 9,
        norm: str = "instance",
        use_dropout: bool = False,
    ):
        super().__init__()
        bias = norm == "instance"
        blocks = [ResnetBlock(4 * ngf, norm, bias, use_dropout) for _ in range(n_blocks)]
        self.model = resnet(inputs, outputs, ngf, 2, blocks, norm, bias)


class NotebookGenerator(nn.Module):
    """The lectures' notebook: `ResnetGenerator` under its own keys (`main.10.res.1.weight`)."""

    def __init__(self, channels: int = 64, blocks: int = 9, image_channels: int = 3):
        super().__init__()
        middle = [NotebookBlock(4 * channels) for _ in range(blocks)]
        self.main = resnet(image_channels, image_channels, channels, 2, middle, "instance", True)

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x)


# -------------------------------------------------------------------------------------------- U-nets


class UnetBlock(nn.Module):
    """x beside (LeakyReLU .2, conv4 ÷2, norm, what is inside, ReLU, transposed conv4 ×2, norm, dropout) of x.

    The innermost has nothing inside and no norm there. The repository's first activation works in place, so that
    its skips carry LeakyReLU(x); the ReLU that follows every skip makes that the same.
    """

    def __init__(self, outer: int, inner: int, inside: nn.Module | None, norm: str, dropout: bool):
        super().__init__()
        bias = norm == "instance"
        down: list[nn.Module] = [nn.LeakyReLU(0.2), nn.Conv2d(outer, inner, 4, 2, 1, bias=bias)]
        down += [] if inside is None else [NORMS[norm](inner), inside]
        width = inner if inside is None else 2 * inner
        up = [nn.ReLU(), nn.ConvTranspose2d(width, outer, 4, 2, 1, bias=bias), NORMS[norm](outer)]
        self.model = nn.Sequential(*down, *up, *([Dropout()] if dropout else []))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.model(x)], 1)


class UnetGenerator(Translator):
    """junyanz/pytorch-CycleGAN-and-pix2pix: `num_downs` times ÷2 (8 for 256²), at most 8 ngf wide.

    Dropout stands in the blocks of 8 ngf but the innermost.
    """

    def __init__(
        self,
        inputs: int = 3,
        outputs: int = 3,
        num_downs: int = 8,
        ngf: int = 64,
        norm: str = "batch",
        use_dropout: bool = False,
    ):
        super().__init__()
        if num_downs < 5:
            raise ValueError(f"at least 5 downs, not {num_downs}")
        widths = [ngf * min(2**i, 8) for i in range(num_downs)]
        inside: nn.Module | None = None
        for i in reversed(range(1, num_downs)):
            dropout = use_dropout and 4 <= i < num_downs - 1
            inside = UnetBlock(widths[i - 1], widths[i], inside, norm, dropout)
        first = nn.Conv2d(inputs, ngf, 4, 2, 1, bias=norm == "instance")
        last = nn.ConvTranspose2d(2 * ngf, outputs, 4, 2, 1)
        self.model = stack(model=nn.Sequential(first, inside, nn.ReLU(), last, nn.Tanh()))


class SmallUnet(nn.Module):
    """The lectures' U-net, four times ÷2; InstanceNorm comes after the activation; no transposed convolution."""

    def __init__(self, channels: int = 32, image_channels: int = 3):
        super().__init__()
        widths = [channels * 2**i for i in range(4)]
        self.downs = nn.ModuleList(self.down(a, b) for a, b in pairwise([image_channels, *widths]))
        inputs = [widths[3], 2 * widths[2], 2 * widths[1]]
        self.ups = nn.ModuleList(self.up(a, b) for a, b in zip(inputs, reversed(widths[:3]), strict=True))
        self.last = nn.Sequential(nn.Upsample(scale_factor=2), SameConv2d(2 * channels, image_channels, 4), nn.Tanh())

    @staticmethod
    def down(inputs: int, outputs: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(0.2), instance_norm(outputs))

    @staticmethod
    def up(inputs: int, outputs: int) -> nn.Sequential:
        conv = SameConv2d(inputs, outputs, 4)
        return nn.Sequential(nn.Upsample(scale_factor=2), conv, nn.ReLU(), instance_norm(outputs))

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for down in self.downs:
            x = down(x)
            skips.append(x)
        for up, skip in zip(self.ups, reversed(skips[:-1]), strict=True):
            x = torch.cat([up(x), skip], 1)
        return self.last(x)


# ------------------------------------------------------------------------------------------- critics


def patch_stages(
    inputs: int, widths: Sequence[int], norm: str, bias: bool, padding: int, last_stride: int = 1
) -> list[list[nn.Module]]:
    """[conv4, norm, LeakyReLU .2] per width, ÷2 but the last, no norm on the first; then [conv4 to one number]."""
    stages: list[list[nn.Module]] = []
    for i, (a, b) in enumerate(pairwise([inputs, *widths])):
        stride = 2 if i < len(widths) - 1 else last_stride
        conv = nn.Conv2d(a, b, 4, stride, padding, bias=bias or i == 0)
        stages.append([conv, *([NORMS[norm](b)] if i else []), nn.LeakyReLU(0.2)])
    return [*stages, [nn.Conv2d(widths[-1], 1, 4, 1, padding)]]


class NLayerDiscriminator(nn.Module):
    """junyanz/pytorch-CycleGAN-and-pix2pix: PatchGAN, `n_layers` times ÷2; (batch, 1, h, w).

    `last_stride=2` halves once more, as the lectures' text has it; that text pads the last convolution as SAME,
    which `last_same` overrules.
    """

    def __init__(
        self,
        inputs: int = 3,
        ndf: int = 64,
        n_layers: int = 3,
        norm: str = "instance",
        last_stride: int = 1,
        last_same: bool | None = None,
    ):
        super().__init__()
        widths = [ndf * min(2**i, 8) for i in range(n_layers + 1)]
        stages = patch_stages(inputs, widths, norm, norm == "instance", 1, last_stride)
        if last_stride == 2 if last_same is None else last_same:
            stages[-1] = [SameConv2d(widths[-1], 1, 4)]
        self.model = nn.Sequential(*(layer for stage in stages for layer in stage))

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class PixelDiscriminator(nn.Module):
    """junyanz/pytorch-CycleGAN-and-pix2pix: one number per pixel, by 1×1 convolutions."""

    def __init__(self, inputs: int = 3, ndf: int = 64, norm: str = "instance"):
        super().__init__()
        bias = norm == "instance"
        first = [nn.Conv2d(inputs, ndf, 1), nn.LeakyReLU(0.2)]
        second = [nn.Conv2d(ndf, 2 * ndf, 1, bias=bias), NORMS[norm](2 * ndf), nn.LeakyReLU(0.2)]
        self.net = nn.Sequential(*first, *second, nn.Conv2d(2 * ndf, 1, 1, bias=bias))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class NotebookDiscriminator(nn.Module):
    """The lectures' notebook: PatchGAN whose map is averaged; (batch, 1)."""

    def __init__(self, channels: int = 64, image_channels: int = 3):
        super().__init__()
        stages = patch_stages(image_channels, [channels * 2**i for i in range(4)], "instance", True, 1)
        self.main = nn.Sequential(*(layer for stage in stages for layer in stage))

    def forward(self, x: Tensor) -> Tensor:
        x = self.main(x)
        return F.avg_pool2d(x, x.shape[2:]).flatten(1)


# ------------------------------------------------------------------------------------------ DiscoGAN


def _conv_norm(conv: nn.Module, outputs: int, act: nn.Module) -> list[nn.Module]:
    return [conv, nn.BatchNorm2d(outputs), act]


class DiscoGenerator(nn.Module):
    """SKTBrain/DiscoGAN for 64²: to 4² and back, `extra_layers` by way of 100 numbers; BatchNorm, sigmoid, no bias."""

    def __init__(self, channels: int = 64, image_channels: int = 3, extra_layers: bool = False):
        super().__init__()
        widths = [channels * 2**i for i in range(4)]
        layers: list[nn.Module] = [nn.Conv2d(image_channels, channels, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
        for a, b in pairwise(widths):
            layers += _conv_norm(nn.Conv2d(a, b, 4, 2, 1, bias=False), b, nn.LeakyReLU(0.2))
        if extra_layers:
            layers += _conv_norm(nn.Conv2d(widths[-1], 100, 4, bias=False), 100, nn.LeakyReLU(0.2))
            layers += _conv_norm(nn.ConvTranspose2d(100, widths[-1], 4, bias=False), widths[-1], nn.ReLU())
        for a, b in pairwise(reversed(widths)):
            layers += _conv_norm(nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), b, nn.ReLU())
        last = nn.ConvTranspose2d(channels, image_channels, 4, 2, 1, bias=False)
        self.main = nn.Sequential(*layers, last, nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x)


class DiscoDiscriminator(nn.Module):
    """SKTBrain/DiscoGAN for 64², but for its sigmoid: logits (batch,), and layers 2, 3, 4 after their LeakyReLU."""

    def __init__(self, channels: int = 64, image_channels: int = 3):
        super().__init__()
        widths = [image_channels, *(channels * 2**i for i in range(4))]
        for i, (a, b) in enumerate(pairwise(widths), 1):
            self.add_module(f"conv{i}", nn.Conv2d(a, b, 4, 2, 1, bias=False))
            if i > 1:
                self.add_module(f"bn{i}", nn.BatchNorm2d(b))
        self.conv5 = nn.Conv2d(widths[-1], 1, 4, bias=False)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        x = F.leaky_relu(self.conv1(x), 0.2)
        features = []
        for conv, norm in ((self.conv2, self.bn2), (self.conv3, self.bn3), (self.conv4, self.bn4)):
            x = F.leaky_relu(norm(conv(x)), 0.2)
            features.append(x)
        return self.conv5(x).flatten(), features


# ----------------------------------------------------------------------------------------- pix2pixHD


def half_size() -> nn.AvgPool2d:
    """The mean of 3×3 pixels, every second one; pixels beyond the border do not count."""
    return nn.AvgPool2d(3, 2, 1, count_include_pad=False)


class GlobalGenerator(nn.Module):
    """NVIDIA/pix2pixHD G1, 35 labels and the instances' borders in."""

    def __init__(self, inputs: int = 36, outputs: int = 3, ngf: int = 64, n_downsampling: int = 4, n_blocks: int = 9):
        super().__init__()
        blocks = [ResnetBlock(ngf * 2**n_downsampling) for _ in range(n_blocks)]
        self.model = resnet(inputs, outputs, ngf, n_downsampling, blocks, "instance", True)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class LocalEnhancer(nn.Module):
    """NVIDIA/pix2pixHD G1 + G2: G1 at 2 ngf and half the size, but its last convolution, added to G2's features."""

    def __init__(
        self,
        inputs: int = 36,
        outputs: int = 3,
        ngf: int = 32,
        n_downsampling: int = 4,
        n_blocks: int = 9,
        n_blocks_local: int = 3,
    ):
        super().__init__()
        self.model = GlobalGenerator(inputs, outputs, 2 * ngf, n_downsampling, n_blocks).model[:-3]
        first = [*conv7(inputs, ngf), instance_norm(ngf), nn.ReLU()]
        self.model1_1 = nn.Sequential(*first, *down3(ngf, 2 * ngf, "instance", True))
        blocks = [ResnetBlock(2 * ngf) for _ in range(n_blocks_local)]
        last = [*up3(2 * ngf, ngf, "instance", True), *conv7(ngf, outputs), nn.Tanh()]
        self.model1_2 = nn.Sequential(*blocks, *last)
        self.downsample = half_size()

    def forward(self, x: Tensor) -> Tensor:
        return self.model1_2(self.model1_1(x) + self.model(self.downsample(x)))


class MultiscaleDiscriminator(nn.Module):
    """NVIDIA/pix2pixHD D: PatchGANs at full size, half, …; per size the features of all layers, logits last."""

    def __init__(self, inputs: int = 39, ndf: int = 64, n_layers: int = 3, num_D: int = 2):
        super().__init__()
        widths = [min(ndf * 2**i, 512) if i else ndf for i in range(n_layers + 1)]
        self.scales, self.layers = num_D, n_layers + 2
        for scale in range(num_D):
            for i, stage in enumerate(patch_stages(inputs, widths, "instance", True, 2)):
                self.add_module(f"scale{scale}_layer{i}", nn.Sequential(*stage))
        self.downsample = half_size()

    def forward(self, x: Tensor) -> list[list[Tensor]]:
        scales = []
        for scale in reversed(range(self.scales)):
            features = [x]
            for i in range(self.layers):
                features.append(self.get_submodule(f"scale{scale}_layer{i}")(features[-1]))
            scales.append(features[1:])
            x = self.downsample(x) if scale else x
        return scales


def instance_means(x: Tensor, instances: Tensor) -> Tensor:
    """Every pixel's features become their mean over the pixels of its image with its integer in `instances`."""
    means = []
    for image, numbers in zip(x.flatten(2), instances.flatten(1), strict=True):
        _, index, counts = numbers.unique(return_inverse=True, return_counts=True)
        sums = image.new_zeros(len(image), len(counts)).index_add(1, index, image)
        means.append((sums / counts)[:, index])
    return torch.stack(means).reshape(x.shape)


class Encoder(nn.Module):
    """NVIDIA/pix2pixHD E: real images and instances (batch, 1, h, w) to features, one vector per instance."""

    def __init__(self, inputs: int = 3, outputs: int = 3, ngf: int = 16, n_downsampling: int = 4):
        super().__init__()
        self.model = resnet(inputs, outputs, ngf, n_downsampling, [], "instance", True)

    def forward(self, x: Tensor, instances: Tensor) -> Tensor:
        return instance_means(self.model(x), instances)
