"""The first six systems in PyTorch, written from the papers' tables: an oracle for the JAX code.

Nothing here knows ganjax. Images are NCHW, latents (batch, latent_dim); generators end in tanh or
sigmoid as their docstring says, discriminators return one raw number per image, shape (batch,).
Networks are `nn.Sequential`s with named stages, in the order in which they are applied.
All randomness comes in as tensors, so that a port fed with the same numbers must end with the same
parameters. Everything runs in float64 too (`net.double()`), where such comparisons are sharpest.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# ---------------------------------------------------------------------------------------- layers


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


def stack(**layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(OrderedDict(layers))


def _pixels(latent_dim: int, channels: int, size: int) -> dict[str, nn.Module]:
    """z → (channels, size, size); row c·size² + h·size + w of the weight makes pixel (c, h, w)."""
    return {
        "linear": nn.Linear(latent_dim, channels * size**2),
        "pixels": nn.Unflatten(1, (channels, size, size)),
    }


def _value(features: int) -> dict[str, nn.Module]:
    """Everything about an image, in the order (c, h, w) → one number."""
    return {"flat": nn.Flatten(), "last": nn.Linear(features, 1), "out": nn.Flatten(0)}


# -------------------------------------------------------------------------------------- networks


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
    return stack(**layers, **_value(hidden))


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


def dcgan_discriminator(size=64, channels=64, image_channels=3, first_norm=False, sigmoid=False):
    """size² → … → 4² → 1² by 4×4 convolutions; BatchNorm but on the first, LeakyReLU .2."""
    widths = [channels * 2**i for i in range(_doublings(size))]
    layers: dict[str, nn.Module] = {}
    for i, (inputs, outputs) in enumerate(pairwise([image_channels, *widths])):
        layers[f"conv{i}"] = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)
        if i or first_norm:
            layers[f"norm{i}"] = nn.BatchNorm2d(outputs)
        layers[f"act{i}"] = nn.LeakyReLU(0.2)
    layers |= {"last": nn.Conv2d(widths[-1], 1, 4, bias=False), "out": nn.Flatten(0)}
    if sigmoid:
        layers["probability"] = nn.Sigmoid()
    return stack(**layers)


def critic_128(channels: int = 64, sigmoid: bool = False) -> nn.Sequential:
    """Six convolutions for 128², BatchNorm on the first too; with a sigmoid it is the GAN's D."""
    return dcgan_discriminator(128, channels, first_norm=True, sigmoid=sigmoid)


def cifar_generator(channels: int = 128, latent_dim: int = 128) -> nn.Sequential:
    """WGAN-GP for 32²: linear to 4², three ResBlocks up, BatchNorm, ReLU, conv3, tanh."""
    layers = _pixels(latent_dim, channels, 4)
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
        **_value(channels),
    )


def good_generator(channels: int = 64, latent_dim: int = 128) -> nn.Sequential:
    """WGAN-GP's "Good" ResNet for 64²: widths 8, 8, 4, 2, 1 times `channels`; tanh."""
    widths = [channels * m for m in (8, 8, 4, 2, 1)]
    layers = _pixels(latent_dim, widths[0], 4)
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
    return stack(**layers, **_value(widths[-1] * 16))


def mnist_generator(channels: int = 64, latent_dim: int = 128) -> nn.Sequential:
    """WGAN-GP for 28²: linear to 4², 5×5 transposed SAME to 8² (cut to 7²), 14², 28²; sigmoid."""
    return stack(
        **_pixels(latent_dim, 4 * channels, 4),
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
    return stack(**layers, **_value(4 * channels * 16))


def lsgan_generator(channels: int = 64, latent_dim: int = 1024) -> nn.Sequential:
    """LSGAN for 112²: linear to 7², 3×3 transposed SAME, strides 2 1 2 1 2 2 1; biased; tanh."""
    wide = 4 * channels
    layers = _pixels(latent_dim, wide, 7) | {"norm": nn.BatchNorm2d(wide), "act": nn.ReLU()}
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
    return stack(**layers, **_value(8 * channels * 49))


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


# ---------------------------------------------------------------------------------------- losses
# Of logits or critic values `real` = D(x), `fake` = D(G(z)); each is a mean, and is minimised.


def _bce(logits: Tensor, target: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def gan_disc(real: Tensor, fake: Tensor, real_label=1.0, fake_label=0.0) -> Tensor:
    return _bce(real, real_label) + _bce(fake, fake_label)


def minimax_gen(fake: Tensor) -> Tensor:
    return -_bce(fake, 0.0)


def non_saturating_gen(fake: Tensor) -> Tensor:
    return _bce(fake, 1.0)


dcgan_disc, dcgan_gen = gan_disc, non_saturating_gen


def lsgan_disc(real: Tensor, fake: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    return 0.5 * F.mse_loss(real, torch.full_like(real, b)) + 0.5 * F.mse_loss(fake, torch.full_like(fake, a))


def lsgan_gen(fake: Tensor, c: float = 1.0) -> Tensor:
    return 0.5 * F.mse_loss(fake, torch.full_like(fake, c))


def wgan_disc(real: Tensor, fake: Tensor) -> Tensor:
    return fake.mean() - real.mean()


def wgan_gen(fake: Tensor) -> Tensor:
    return -fake.mean()


def hinge_disc(real: Tensor, fake: Tensor) -> Tensor:
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


hinge_gen = wgan_gen


def relativistic_average_disc(real: Tensor, fake: Tensor) -> Tensor:
    return _bce(real - fake.mean(), 1.0) + _bce(fake - real.mean(), 0.0)


def relativistic_average_gen(real: Tensor, fake: Tensor) -> Tensor:
    return _bce(fake - real.mean(), 1.0) + _bce(real - fake.mean(), 0.0)


# ------------------------------------------------------------------------------------- penalties
# Plain values: the weight (λ, or γ/2 for R1) stands at the call.


def _squared_slope(critic: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """‖∇D(x)‖² of every image, itself differentiable."""
    x = x.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return slope.flatten(1).square().sum(1)


def _per_image(value: Tensor, like: Tensor) -> Tensor:
    return value.reshape(-1, *[1] * (like.dim() - 1))


def gradient_penalty(critic, real: Tensor, fake: Tensor, eps: Tensor, tiny=0.0) -> Tensor:
    """mean (‖∇D(x̂)‖ - 1)², x̂ = x + ε (G(z) - x), ε (batch,); `tiny` goes under the root."""
    between = real + _per_image(eps, real) * (fake - real)
    return ((_squared_slope(critic, between) + tiny).sqrt() - 1).square().mean()


def dragan_penalty(critic, real: Tensor, eps: Tensor, noise: Tensor, tiny=0.0) -> Tensor:
    """mean (‖∇D(x̂)‖ - 1)², x̂ = x + ε ½ std(x) u: ε (batch,), u like x; one std for the batch."""
    near = real + _per_image(eps, real) * 0.5 * real.std(correction=0) * noise
    return ((_squared_slope(critic, near) + tiny).sqrt() - 1).square().mean()


def r1_penalty(critic, real: Tensor) -> Tensor:
    """mean ‖∇D(x)‖²."""
    return _squared_slope(critic, real).mean()


# ------------------------------------------------------------------------------------ iterations


class Optimizers(NamedTuple):
    gen: torch.optim.Optimizer
    disc: torch.optim.Optimizer


class Losses(NamedTuple):
    disc: list[float]  # one per discriminator move, before that move
    gen: float | None  # None where the generator did not move


OPTIMIZERS: dict[str, tuple[type[torch.optim.Optimizer], dict]] = {
    "gan": (torch.optim.Adam, {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8}),
    "dcgan": (torch.optim.Adam, {"lr": 2e-4, "betas": (0.5, 0.999), "eps": 1e-8}),
    "lsgan": (torch.optim.Adam, {"lr": 1e-3, "betas": (0.5, 0.999), "eps": 1e-8}),
    "wgan": (torch.optim.RMSprop, {"lr": 5e-5, "alpha": 0.99, "eps": 1e-8}),
    "wgan_gp": (torch.optim.Adam, {"lr": 1e-4, "betas": (0.0, 0.9), "eps": 1e-8}),
}


def make_optimizers(system: str, generator: nn.Module, discriminator: nn.Module, **changes) -> Optimizers:
    """The paper's optimiser for both players; `changes` replace its keywords."""
    kind, keywords = OPTIMIZERS[system]
    keywords = {**keywords, **changes}
    return Optimizers(*(kind(net.parameters(), **keywords) for net in (generator, discriminator)))


def _move(optimizer: torch.optim.Optimizer, loss: Tensor) -> float:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def _generator_move(generator, discriminator, optimizer, z, loss) -> float | None:
    return None if z is None else _move(optimizer, loss(discriminator(generator(z))))


@torch.no_grad()
def clip_weights(net: nn.Module, limit: float) -> None:
    """All parameters, BatchNorm's too, into [-limit, limit]; running statistics stay."""
    for p in net.parameters():
        p.clamp_(-limit, limit)


# Each iteration takes the players, their `Optimizers`, one batch of images and one of latents for
# every move of the discriminator, and the latents of the generator's one move (None: it does not
# move, as WGAN-GP's at iteration 0). Networks run in the mode they are in, BatchNorm statistics of
# D's real batch and of its fakes apart; fakes are constants to D.


def gan_iteration(generator, discriminator, optimizers, reals, z_disc, z_gen, *, gen_loss=non_saturating_gen) -> Losses:
    disc = []
    for x, z in zip(reals, z_disc, strict=True):
        fake = generator(z).detach()
        disc.append(_move(optimizers.disc, gan_disc(discriminator(x), discriminator(fake))))
    return Losses(disc, _generator_move(generator, discriminator, optimizers.gen, z_gen, gen_loss))


def dcgan_iteration(generator, discriminator, optimizers, reals, z_disc, z_gen) -> Losses:
    """As the tutorial: gradients of D on real, then on fake, are added up.

    The tutorial keeps its fakes for G's move; z_gen = z_disc[-1] comes to the same weights.
    """
    disc = []
    for x, z in zip(reals, z_disc, strict=True):
        optimizers.disc.zero_grad()
        loss_real = _bce(discriminator(x), 1.0)
        loss_real.backward()
        loss_fake = _bce(discriminator(generator(z).detach()), 0.0)
        loss_fake.backward()
        optimizers.disc.step()
        disc.append(loss_real.item() + loss_fake.item())
    return Losses(disc, _generator_move(generator, discriminator, optimizers.gen, z_gen, dcgan_gen))


def lsgan_iteration(generator, discriminator, optimizers, reals, z_disc, z_gen, *, a=0.0, b=1.0, c=1.0) -> Losses:
    disc = []
    for x, z in zip(reals, z_disc, strict=True):
        fake = generator(z).detach()
        loss = lsgan_disc(discriminator(x), discriminator(fake), a, b)
        disc.append(_move(optimizers.disc, loss))

    def gen_loss(value: Tensor) -> Tensor:
        return lsgan_gen(value, c)

    return Losses(disc, _generator_move(generator, discriminator, optimizers.gen, z_gen, gen_loss))


def wgan_iteration(
    generator, discriminator, optimizers, reals, z_disc, z_gen, *, clip=0.01, clip_when="after"
) -> Losses:
    """Clips "after" each critic update (the paper), or "before" it (the authors' code)."""
    if clip_when not in ("before", "after"):
        raise ValueError(f'clip_when is "before" or "after", not {clip_when!r}')
    disc = []
    for x, z in zip(reals, z_disc, strict=True):
        if clip_when == "before":
            clip_weights(discriminator, clip)
        fake = generator(z).detach()
        disc.append(_move(optimizers.disc, wgan_disc(discriminator(x), discriminator(fake))))
        if clip_when == "after":
            clip_weights(discriminator, clip)
    return Losses(disc, _generator_move(generator, discriminator, optimizers.gen, z_gen, wgan_gen))


def wgan_gp_iteration(
    generator, discriminator, optimizers, reals, z_disc, z_gen, eps, *, weight=10.0, tiny=0.0
) -> Losses:
    """`eps`: one tensor (batch,) per critic move. z_gen may hold another number of latents."""
    disc = []
    for x, z, e in zip(reals, z_disc, eps, strict=True):
        fake = generator(z).detach()
        loss = wgan_disc(discriminator(x), discriminator(fake))
        loss = loss + weight * gradient_penalty(discriminator, x, fake, e, tiny)
        disc.append(_move(optimizers.disc, loss))
    return Losses(disc, _generator_move(generator, discriminator, optimizers.gen, z_gen, wgan_gen))
