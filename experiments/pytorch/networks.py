"""The networks in PyTorch, written from the papers' tables: an oracle for the JAX code, and its rival.

Images are NCHW in any memory format, latents (batch, latent_dim); generators end in tanh or
sigmoid as their docstring says, discriminators return one raw number per image, shape (batch,),
but `patch_discriminator`, which returns a map of them.
Networks are `nn.Sequential`s with named stages, in the order in which they are applied.
Everything runs in float64 too (`net.double()`), where comparisons are sharpest.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from experiments.pytorch.layers import (
    Crop,
    ImageBlock,
    Maxout,
    ReflectBlock,
    ResBlock,
    SameConv2d,
    SameConvTranspose2d,
    instance_norm,
    layer_norm,
    stack,
    to_number,
    to_pixels,
)


def mlp_generator(image_dim=784, hidden=(128,), latent_dim=100) -> nn.Sequential:
    """GAN 2014 as the lecture has it: z → 128 ReLU → 784, sigmoid. Output (batch, image_dim)."""
    layers: dict[str, nn.Module] = {}
    for i, (inputs, outputs) in enumerate(pairwise([latent_dim, *hidden])):
        layers |= {f"linear{i}": nn.Linear(inputs, outputs), f"act{i}": nn.ReLU()}
    return stack(**layers, last=nn.Linear(hidden[-1], image_dim), out=nn.Sigmoid())


def paper_generator(image_dim=784, hidden=(1200, 1200), latent_dim=100) -> nn.Sequential:
    """GAN 2014 as the paper's MNIST run has it: z → 1200 ReLU → 1200 ReLU → 784, sigmoid."""
    return mlp_generator(image_dim, hidden, latent_dim)


def mlp_discriminator(image_dim=784, hidden=128) -> nn.Sequential:
    """784 → 128 ReLU → 1. Takes flat vectors or images."""
    layers = {"flatten": nn.Flatten(), "linear0": nn.Linear(image_dim, hidden), "act0": nn.ReLU()}
    return stack(**layers, **to_number(hidden))


class PaperDiscriminator(nn.Module):
    """784 → maxout 240×5 → maxout 240×5 → 1.

    `masks` are dropout's zeros and ones on the input of each of the three layers, kept with
    probability .8, .5, .5 and scaled by 1.25, 2, 2; without them there is no dropout.
    """

    def __init__(self, image_dim: int = 784, units: int = 240, pieces: int = 5):
        super().__init__()
        self.maxout0 = Maxout(image_dim, units, pieces)
        self.maxout1 = Maxout(units, units, pieces)
        self.last = nn.Linear(units, 1)

    def forward(self, x: Tensor, masks: Sequence[Tensor] | None = None) -> Tensor:
        scales = (1.0, 1.0, 1.0)
        if masks is not None:
            scales = tuple(m / keep for m, keep in zip(masks, (0.8, 0.5, 0.5), strict=True))
        h = self.maxout0(x.flatten(1) * scales[0])
        h = self.maxout1(h * scales[1])
        return self.last(h * scales[2]).flatten()


def _doublings(size: int) -> int:
    """k of size = 4 · 2^k."""
    k = (size // 4).bit_length() - 1
    if k < 1 or size != 4 * 2**k:
        raise ValueError(f"the size must be 8, 16, 32, …, not {size}")
    return k


def dcgan_generator(size=64, channels=64, latent_dim=100, image_channels=3, last_bias=False):
    """1² → 4² → … → size² by 4×4 transposed convolutions; BatchNorm, ReLU; tanh at the end."""
    widths = [channels * 2**i for i in reversed(range(_doublings(size)))]
    layers = {"pixel": nn.Unflatten(1, (latent_dim, 1, 1))}
    for i, (inputs, outputs) in enumerate(pairwise([latent_dim, *widths])):
        stride, padding = (2, 1) if i else (1, 0)
        layers[f"conv{i}"] = nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False)
        layers[f"norm{i}"] = nn.BatchNorm2d(outputs)
        layers[f"act{i}"] = nn.ReLU()
    layers["last"] = nn.ConvTranspose2d(channels, image_channels, 4, 2, 1, bias=last_bias)
    return stack(**layers, out=nn.Tanh())


def dcgan_discriminator(size=64, channels=64, image_channels=3, first_norm=False, sigmoid=False, norm=True):
    """size² → … → 4² → 1² by 4×4 convolutions; BatchNorm but on the first, LeakyReLU .2.

    `norm=False` is a gradient penalty's critic: no BatchNorm at all, and biases in its place.
    """
    widths = [channels * 2**i for i in range(_doublings(size))]
    layers: dict[str, nn.Module] = {}
    for i, (inputs, outputs) in enumerate(pairwise([image_channels, *widths])):
        layers[f"conv{i}"] = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=not norm)
        if norm and (i or first_norm):
            layers[f"norm{i}"] = nn.BatchNorm2d(outputs)
        layers[f"act{i}"] = nn.LeakyReLU(0.2)
    layers |= {"last": nn.Conv2d(widths[-1], 1, 4, bias=not norm), "out": nn.Flatten(0)}
    if sigmoid:
        layers["probability"] = nn.Sigmoid()
    return stack(**layers)


def critic_128(channels: int = 64, sigmoid: bool = False) -> nn.Sequential:
    """Six convolutions for 128², BatchNorm on the first too; with a sigmoid it is the GAN's D."""
    return dcgan_discriminator(128, channels, first_norm=True, sigmoid=sigmoid)


def cifar_generator(channels: int = 128, latent_dim: int = 128) -> nn.Sequential:
    """WGAN-GP for 32²: linear to 4², three ResBlocks up, BatchNorm, ReLU, conv3, tanh."""
    layers = to_pixels(latent_dim, channels, 4)
    for i in range(3):
        layers[f"block{i}"] = ResBlock(channels, channels, "up", nn.BatchNorm2d)
    layers |= {"norm": nn.BatchNorm2d(channels), "act": nn.ReLU()}
    return stack(**layers, last=nn.Conv2d(channels, 3, 3, padding=1), out=nn.Tanh())


def cifar_discriminator(channels: int = 128) -> nn.Sequential:
    """WGAN-GP for 32²: two blocks down, two that stay, ReLU, mean over pixels, linear. No norm."""
    return stack(
        block0=ImageBlock(3, channels),
        block1=ResBlock(channels, channels, "down"),
        block2=ResBlock(channels, channels),
        block3=ResBlock(channels, channels),
        act=nn.ReLU(),
        mean=nn.AdaptiveAvgPool2d(1),
        **to_number(channels),
    )


def good_generator(channels: int = 64, latent_dim: int = 128) -> nn.Sequential:
    """WGAN-GP's "Good" ResNet for 64²: widths 8, 8, 4, 2, 1 times `channels`; tanh."""
    widths = [channels * m for m in (8, 8, 4, 2, 1)]
    layers = to_pixels(latent_dim, widths[0], 4)
    for i, (inputs, outputs) in enumerate(pairwise(widths)):
        layers[f"block{i}"] = ResBlock(inputs, outputs, "up", nn.BatchNorm2d, first_bias=False)
    layers |= {"norm": nn.BatchNorm2d(channels), "act": nn.ReLU()}
    return stack(**layers, last=nn.Conv2d(channels, 3, 3, padding=1), out=nn.Tanh())


def good_discriminator(channels: int = 64) -> nn.Sequential:
    """WGAN-GP's "Good" critic for 64²: widths 1, 2, 4, 8, 8 times `channels`, LayerNorm; linear."""
    widths = [channels * m for m in (1, 2, 4, 8, 8)]
    layers: dict[str, nn.Module] = {"first": nn.Conv2d(3, channels, 3, padding=1)}
    for i, (inputs, outputs) in enumerate(pairwise(widths)):
        layers[f"block{i}"] = ResBlock(inputs, outputs, "down", layer_norm, first_bias=False)
    return stack(**layers, **to_number(widths[-1] * 16))


def mnist_generator(channels: int = 64, latent_dim: int = 128) -> nn.Sequential:
    """WGAN-GP for 28²: linear to 4², 5×5 transposed SAME to 8² (cut to 7²), 14², 28²; sigmoid."""
    return stack(
        **to_pixels(latent_dim, 4 * channels, 4),
        act=nn.ReLU(),
        conv0=SameConvTranspose2d(4 * channels, 2 * channels, 5, 2),
        act0=nn.ReLU(),
        crop=Crop(7),
        conv1=SameConvTranspose2d(2 * channels, channels, 5, 2),
        act1=nn.ReLU(),
        last=SameConvTranspose2d(channels, 1, 5, 2),
        out=nn.Sigmoid(),
    )


def mnist_discriminator(channels: int = 64) -> nn.Sequential:
    """WGAN-GP for 28²: 5×5 SAME convolutions to 14², 7², 4², LeakyReLU .2, linear. No norm."""
    layers: dict[str, nn.Module] = {}
    for i, (inputs, outputs) in enumerate(pairwise([1, channels, 2 * channels, 4 * channels])):
        layers[f"conv{i}"] = SameConv2d(inputs, outputs, 5, 2)
        layers[f"act{i}"] = nn.LeakyReLU(0.2)
    return stack(**layers, **to_number(4 * channels * 16))


def lsgan_generator(channels: int = 64, latent_dim: int = 1024) -> nn.Sequential:
    """LSGAN for 112²: linear to 7², 3×3 transposed SAME, strides 2 1 2 1 2 2 1; biased; tanh."""
    wide = 4 * channels
    layers = to_pixels(latent_dim, wide, 7) | {"norm": nn.BatchNorm2d(wide), "act": nn.ReLU()}
    widths = [wide, wide, wide, wide, wide, 2 * channels, channels]
    strides = [2, 1, 2, 1, 2, 2]
    for i, (inputs, outputs) in enumerate(pairwise(widths)):
        layers[f"conv{i}"] = SameConvTranspose2d(inputs, outputs, 3, strides[i])
        layers[f"norm{i}"] = nn.BatchNorm2d(outputs)
        layers[f"act{i}"] = nn.ReLU()
    return stack(**layers, last=SameConvTranspose2d(channels, 3, 3, 1), out=nn.Tanh())


def lsgan_discriminator(channels: int = 64) -> nn.Sequential:
    """LSGAN for 112²: four 5×5 SAME convolutions to 7², BatchNorm but on the first; linear."""
    layers: dict[str, nn.Module] = {}
    widths = [3, channels, 2 * channels, 4 * channels, 8 * channels]
    for i, (inputs, outputs) in enumerate(pairwise(widths)):
        layers[f"conv{i}"] = SameConv2d(inputs, outputs, 5, 2)
        if i:
            layers[f"norm{i}"] = nn.BatchNorm2d(outputs)
        layers[f"act{i}"] = nn.LeakyReLU(0.2)
    return stack(**layers, **to_number(8 * channels * 49))


def cyclegan_generator(channels: int = 64, blocks: int = 6, image_channels: int = 3) -> nn.Sequential:
    """CycleGAN: conv7, two convolutions ÷2, `blocks` residual blocks, two transposed ×2, conv7; InstanceNorm; tanh."""
    layers = {"border": nn.ReflectionPad2d(3), "first": nn.Conv2d(image_channels, channels, 7)}
    layers |= {"norm": instance_norm(channels), "act": nn.ReLU()}
    widths = [channels, 2 * channels, 4 * channels]
    for i, (inputs, outputs) in enumerate(pairwise(widths)):
        layers[f"down{i}"] = nn.Conv2d(inputs, outputs, 3, 2, 1)
        layers |= {f"down_norm{i}": instance_norm(outputs), f"down_act{i}": nn.ReLU()}
    layers |= {f"block{i}": ReflectBlock(widths[-1]) for i in range(blocks)}
    for i, (inputs, outputs) in enumerate(pairwise(reversed(widths))):
        layers[f"up{i}"] = nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=1)
        layers |= {f"up_norm{i}": instance_norm(outputs), f"up_act{i}": nn.ReLU()}
    layers |= {"last_border": nn.ReflectionPad2d(3), "last": nn.Conv2d(channels, image_channels, 7)}
    return stack(**layers, out=nn.Tanh())


def patch_discriminator(channels: int = 64, layers: int = 3, image_channels: int = 3) -> nn.Sequential:
    """PatchGAN, 70² of image per number: 4×4, `layers` times ÷2, InstanceNorm but on the first; (batch, 1, h, w)."""
    widths = [channels * min(2**i, 8) for i in range(layers + 1)]
    stages: dict[str, nn.Module] = {}
    for i, (inputs, outputs) in enumerate(pairwise([image_channels, *widths])):
        stages[f"conv{i}"] = nn.Conv2d(inputs, outputs, 4, 2 if i < layers else 1, 1)
        if i:
            stages[f"norm{i}"] = instance_norm(outputs)
        stages[f"act{i}"] = nn.LeakyReLU(0.2)
    return stack(**stages, last=nn.Conv2d(widths[-1], 1, 4, 1, 1))


def randomise(net: nn.Module, seed: int) -> nn.Module:
    """Fills every parameter and running statistic, so that no 1 or 0 hides a mistake."""
    source = torch.Generator().manual_seed(seed)
    for name, value in net.state_dict().items():
        if not value.is_floating_point():
            continue
        noise = torch.randn(value.shape, generator=source, dtype=torch.float64)
        if value.dim() > 1:
            value.copy_(noise / math.sqrt(value[0].numel()))
        elif name.endswith("running_var"):
            value.copy_(1 + 0.1 * noise.abs())
        elif name.endswith("weight"):
            value.copy_(1 + 0.1 * noise)
        else:
            value.copy_(0.1 * noise)
    return net
