"""The large class-conditional networks in PyTorch: BigGAN, BigGAN-deep, SAGAN, SNGAN with projection; SNDCGAN.

BigGAN's have the state dict keys of ajbrock/BigGAN-PyTorch, so that they stand in for its files of weights; SAGAN
is `BigGenerator(shared_dim=None, hierarchical=False)` and `BigDiscriminator()`, the rest have names of our own.
Images are NCHW in [-1, 1], labels integers (batch,); discriminators return numbers (batch,). Everything runs in
float64 too.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.pytorch.layers import stack, to_pixels

# ---------------------------------------------------------------------------- spectral normalisation


class SpectralNorm(nn.Module):
    """Beside a layer with a weight W (outputs, …): W / σ by one power iteration in every forward pass.

    v = u W / ‖u W‖, u' = v Wᵀ / ‖v Wᵀ‖, σ = v Wᵀ u'ᵀ. The gradient sees σ(W), and u and v as constants. u' is kept,
    with σ to look at, in training mode alone.
    """

    weight: Tensor
    u0: Tensor
    sv0: Tensor

    def __init__(self, *args, eps: float = 1e-12, **kwargs):
        super().__init__(*args, **kwargs)
        self.eps = eps
        self.register_buffer("u0", torch.randn(1, len(self.weight)))
        self.register_buffer("sv0", torch.ones(1))

    def normalised(self) -> Tensor:
        matrix = self.weight.flatten(1)
        with torch.no_grad():
            v = F.normalize(self.u0 @ matrix, eps=self.eps)
            u = F.normalize(v @ matrix.T, eps=self.eps)
        sigma = (v @ matrix.T @ u.T).squeeze()
        if self.training:
            self.u0.copy_(u)
            self.sv0.fill_(sigma.detach())
        return self.weight / sigma


class SNConv2d(SpectralNorm, nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.normalised(), self.bias, self.stride, self.padding)


class SNLinear(SpectralNorm, nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.normalised(), self.bias)


class SNEmbedding(SpectralNorm, nn.Embedding):
    """Its matrix is (classes, features): u has one number per class."""

    def forward(self, label: Tensor) -> Tensor:
        return F.embedding(label, self.normalised())


# ------------------------------------------------------------------------------------------- norms


class BatchNorm(nn.Module):
    """Scale and offset per channel, one for all classes; running statistics under BigGAN's names."""

    def __init__(self, channels: int, eps: float = 1e-5):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps
        keep_statistics(self, channels)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return normalise(self, x) * self.gain[:, None, None] + self.bias[:, None, None]


class ConditionalBatchNorm(nn.Module):
    """BigGAN's: scale 1 + gain(y) and offset bias(y), both layers made by `layer(channels)`."""

    def __init__(self, channels: int, layer: Callable[[int], nn.Module], eps: float = 1e-5):
        super().__init__()
        self.gain = layer(channels)
        self.bias = layer(channels)
        self.eps = eps
        keep_statistics(self, channels)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return normalise(self, x) * (1 + self.gain(y))[:, :, None, None] + self.bias(y)[:, :, None, None]


class ClassBatchNorm(nn.Module):
    """SNGAN's: a scale γ, at first 1, and an offset β, at first 0, of every class."""

    def __init__(self, channels: int, classes: int, eps: float = 2e-5):
        super().__init__()
        self.gamma = nn.Embedding(classes, channels)
        self.beta = nn.Embedding(classes, channels)
        nn.init.ones_(self.gamma.weight)
        nn.init.zeros_(self.beta.weight)
        self.eps = eps
        keep_statistics(self, channels)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        return normalise(self, x) * self.gamma(label)[:, :, None, None] + self.beta(label)[:, :, None, None]


def keep_statistics(norm: nn.Module, channels: int) -> None:
    norm.register_buffer("stored_mean", torch.zeros(channels))
    norm.register_buffer("stored_var", torch.ones(channels))


def normalise(norm: nn.Module, x: Tensor) -> Tensor:
    """By the batch's mean and biased variance in training mode, which moves a tenth into the running ones (unbiased)."""
    return F.batch_norm(x, norm.stored_mean, norm.stored_var, None, None, norm.training, 0.1, norm.eps)


# ------------------------------------------------------------------------------------------ blocks


class Attention(nn.Module):
    """x + γ o(Σ_k softmax_k(θ(x)·φ(x)_k) g(x)_k), keys k on half the grid (max-pooled); γ is 0 at first."""

    def __init__(self, channels: int, conv: Callable[..., nn.Module] = SNConv2d):
        super().__init__()
        self.theta = conv(channels, channels // 8, 1, bias=False)
        self.phi = conv(channels, channels // 8, 1, bias=False)
        self.g = conv(channels, channels // 2, 1, bias=False)
        self.o = conv(channels // 2, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        queries = self.theta(x).flatten(2)
        keys = F.max_pool2d(self.phi(x), 2).flatten(2)
        values = F.max_pool2d(self.g(x), 2).flatten(2)
        shares = (queries.mT @ keys).softmax(-1)
        return x + self.gamma * self.o((values @ shares.mT).unflatten(2, x.shape[2:]))


class GBlock(nn.Module):
    """Norm ReLU ×2 conv3 norm ReLU conv3, plus ×2 conv1 of the input; ×2 is nearest."""

    def __init__(self, inputs: int, outputs: int, conv: Callable[..., nn.Module], norm: Callable[[int], nn.Module]):
        super().__init__()
        self.conv1 = conv(inputs, outputs, 3, padding=1)
        self.conv2 = conv(outputs, outputs, 3, padding=1)
        self.conv_sc = conv(inputs, outputs, 1)
        self.bn1 = norm(inputs)
        self.bn2 = norm(outputs)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        h = self.conv1(double(F.relu(self.bn1(x, y))))
        h = self.conv2(F.relu(self.bn2(h, y)))
        return h + self.conv_sc(double(x))


class DBlock(nn.Module):
    """ReLU conv3 ReLU conv3 ÷2, plus conv1 ÷2 of the input as it came; ÷2 is the mean of 2×2.

    The first block, on pixels, has no first ReLU, and its shortcut is ÷2 conv1. With nothing to change the shortcut
    is plain.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, conv: Callable[..., nn.Module], down=True, first=False):
        super().__init__()
        self.conv1 = conv(inputs, hidden, 3, padding=1)
        self.conv2 = conv(hidden, outputs, 3, padding=1)
        self.conv_sc = conv(inputs, outputs, 1) if down or inputs != outputs else nn.Identity()
        self.halve = nn.AvgPool2d(2) if down else nn.Identity()
        self.first = first

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(x if self.first else F.relu(x))
        h = self.halve(self.conv2(F.relu(h)))
        return h + (self.conv_sc(self.halve(x)) if self.first else self.halve(self.conv_sc(x)))


class DeepGBlock(nn.Module):
    """(norm ReLU conv) of 1×1, 3×3, 3×3, 1×1 at a quarter of the inputs' width, plus the first `outputs` inputs.

    ×2, if any, comes before the first 3×3, and to the input.
    """

    def __init__(self, inputs: int, outputs: int, conv, norm: Callable[[int], nn.Module], up: bool):
        super().__init__()
        hidden = inputs // 4
        self.conv1 = conv(inputs, hidden, 1)
        self.conv2 = conv(hidden, hidden, 3, padding=1)
        self.conv3 = conv(hidden, hidden, 3, padding=1)
        self.conv4 = conv(hidden, outputs, 1)
        self.bn1 = norm(inputs)
        self.bn2 = norm(hidden)
        self.bn3 = norm(hidden)
        self.bn4 = norm(hidden)
        self.outputs, self.up = outputs, double if up else nn.Identity()

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        h = self.conv1(F.relu(self.bn1(x, y)))
        h = self.conv2(self.up(F.relu(self.bn2(h, y))))
        h = self.conv3(F.relu(self.bn3(h, y)))
        h = self.conv4(F.relu(self.bn4(h, y)))
        return h + self.up(x[:, : self.outputs])


class DeepDBlock(nn.Module):
    """(ReLU conv) of 1×1, 3×3, 3×3, [÷2 of the ReLU's] 1×1 at a quarter of the outputs' width, plus the input ÷2.

    Where the width grows, a 1×1 of the input makes the channels that it lacks.
    """

    def __init__(self, inputs: int, outputs: int, conv: Callable[..., nn.Module], down: bool):
        super().__init__()
        hidden = outputs // 4
        self.conv1 = conv(inputs, hidden, 1)
        self.conv2 = conv(hidden, hidden, 3, padding=1)
        self.conv3 = conv(hidden, hidden, 3, padding=1)
        self.conv4 = conv(hidden, outputs, 1)
        self.conv_sc = conv(inputs, outputs - inputs, 1) if outputs > inputs else None
        self.halve = nn.AvgPool2d(2) if down else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv2(F.relu(self.conv1(F.relu(x))))
        h = self.halve(F.relu(self.conv3(F.relu(h))))
        x = self.halve(x)
        if self.conv_sc is not None:
            x = torch.cat([x, self.conv_sc(x)], 1)
        return self.conv4(h) + x


def double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2)


def projection(h: Tensor, label: Tensor | None, linear: nn.Module, embed: nn.Module | None) -> Tensor:
    """w·φ + b + e(label)·φ, φ = Σ ReLU(h) over the map; without classes w·φ + b."""
    features = F.relu(h).sum((2, 3))
    out = linear(features).squeeze(1)
    return out if embed is None else out + (embed(label) * features).sum(1)


# ------------------------------------------------------------------------------------------ BigGAN

# Widths in units of `channels`: after the linear layer and after every stage, which doubles the side of 4.
BIG_GENERATOR = {
    32: (4, 4, 4, 4),
    64: (16, 16, 8, 4, 2),
    128: (16, 16, 8, 4, 2, 1),
    256: (16, 16, 8, 8, 4, 2, 1),
    512: (16, 16, 8, 8, 4, 2, 1, 1),
}
# After every block. All but the last halve the side; at 32 pixels the first two.
BIG_DISCRIMINATOR = {
    32: (4, 4, 4, 4),
    64: (1, 2, 4, 8, 16),
    128: (1, 2, 4, 8, 16, 16),
    256: (1, 2, 4, 8, 8, 16, 16),
    512: (1, 1, 2, 4, 8, 8, 16, 16),
}


class BigGenerator(nn.Module):
    """ajbrock/BigGAN-PyTorch, BigGAN.py: z (batch, dim_z), labels → images (batch, 3, resolution, resolution).

    The condition of the norms is the label's shared embedding, and with `hierarchical` a chunk of z behind it, of
    dim_z // (stages + 1) numbers; the first chunk goes into the linear layer. `shared_dim=None`: every norm has
    its own embeddings of the classes, not spectrally normalised, and z is whole (SAGAN; the script for CIFAR).
    `attention`: sides of the maps after which it comes. `widths` stands in for the repository's table.
    """

    def __init__(
        self,
        resolution: int = 128,
        channels: int = 96,
        dim_z: int = 120,
        classes: int = 1000,
        shared_dim: int | None = 128,
        hierarchical: bool = True,
        attention: Collection[int] = (64,),
        sn_eps: float = 1e-12,
        bn_eps: float = 1e-5,
        widths: Sequence[int] | None = None,
    ):
        super().__init__()
        if hierarchical and shared_dim is None:
            raise ValueError("a hierarchical z goes beside the shared embedding: give shared_dim")
        widths = [channels * m for m in widths or BIG_GENERATOR[resolution]]
        self.chunk = dim_z // len(widths) if hierarchical else None
        self.dim_z = self.chunk * len(widths) if self.chunk else dim_z
        conv = partial(SNConv2d, eps=sn_eps)
        if shared_dim is None:
            self.shared, layer = nn.Identity(), partial(nn.Embedding, classes)
        else:
            self.shared = nn.Embedding(classes, shared_dim)
            layer = partial(SNLinear, shared_dim + (self.chunk or 0), bias=False, eps=sn_eps)
        norm = partial(ConditionalBatchNorm, layer=layer, eps=bn_eps)
        self.linear = SNLinear(self.chunk or dim_z, widths[0] * 4**2, eps=sn_eps)
        self.blocks = nn.ModuleList()
        for i, (a, b) in enumerate(pairwise(widths)):
            attend = [Attention(b, conv)] if 8 << i in attention else []
            self.blocks.append(nn.ModuleList([GBlock(a, b, conv, norm), *attend]))
        self.output_layer = nn.Sequential(BatchNorm(widths[-1]), nn.ReLU(), conv(widths[-1], 3, 3, padding=1))

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        y = self.shared(label)
        conditions = [y] * len(self.blocks)
        if self.chunk:
            z, *chunks = z.split(self.chunk, 1)
            conditions = [torch.cat([y, chunk], 1) for chunk in chunks]
        h = self.linear(z).unflatten(1, (-1, 4, 4))
        for stage, condition in zip(self.blocks, conditions, strict=True):
            for block in stage:
                h = block(h, condition)
        return torch.tanh(self.output_layer(h))


class BigDiscriminator(nn.Module):
    """ajbrock/BigGAN-PyTorch, BigGAN.py: images, labels → numbers (batch,).

    `wide`: blocks are as wide between their convolutions as behind them, else as before them, the first one 3.
    `attention` comes once, after the block that makes a map of that side; the repository's table for 32 pixels calls
    all four maps 16. `widths` stands in for the repository's table.
    """

    def __init__(
        self,
        resolution: int = 128,
        channels: int = 96,
        classes: int = 1000,
        attention: Collection[int] = (64,),
        wide: bool = True,
        sn_eps: float = 1e-12,
        widths: Sequence[int] | None = None,
    ):
        super().__init__()
        widths = [3, *(channels * m for m in widths or BIG_DISCRIMINATOR[resolution])]
        halvings = 2 if resolution == 32 else len(widths) - 2
        conv = partial(SNConv2d, eps=sn_eps)
        self.blocks = nn.ModuleList()
        for i, (a, b) in enumerate(pairwise(widths)):
            down = i < halvings
            attend = [Attention(b, conv)] if down and resolution >> (i + 1) in attention else []
            block = DBlock(a, b if wide else a, b, conv, down, first=i == 0)
            self.blocks.append(nn.ModuleList([block, *attend]))
        self.linear = SNLinear(widths[-1], 1, eps=sn_eps)
        self.embed = SNEmbedding(classes, widths[-1], eps=sn_eps)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        for stage in self.blocks:
            for block in stage:
                x = block(x)
        return projection(x, label, self.linear, self.embed)


# ------------------------------------------------------------------------------------- BigGAN-deep


class DeepGenerator(nn.Module):
    """ajbrock/BigGAN-PyTorch, BigGANdeep.py: (embedding, z), not split, goes into the linear layer and every norm.

    A stage is `depth` blocks, the last of which changes width and side. The image is the first three of
    `output_channels`. The repository has 3, the weights that the authors published 128 and (z, embedding):
    `latent_first`.
    """

    def __init__(
        self,
        resolution: int = 128,
        channels: int = 128,
        dim_z: int = 128,
        classes: int = 1000,
        shared_dim: int = 128,
        attention: Collection[int] = (64,),
        depth: int = 2,
        output_channels: int = 3,
        latent_first: bool = False,
        sn_eps: float = 1e-12,
        bn_eps: float = 1e-5,
    ):
        super().__init__()
        widths = [channels * m for m in BIG_GENERATOR[resolution]]
        conv = partial(SNConv2d, eps=sn_eps)
        layer = partial(SNLinear, shared_dim + dim_z, bias=False, eps=sn_eps)
        norm = partial(ConditionalBatchNorm, layer=layer, eps=bn_eps)
        self.latent_first = latent_first
        self.shared = nn.Embedding(classes, shared_dim)
        self.linear = SNLinear(dim_z + shared_dim, widths[0] * 4**2, eps=sn_eps)
        self.blocks = nn.ModuleList()
        for i, (a, b) in enumerate(pairwise(widths)):
            for _ in range(depth - 1):
                self.blocks.append(nn.ModuleList([DeepGBlock(a, a, conv, norm, up=False)]))
            attend = [Attention(b, conv)] if 8 << i in attention else []
            self.blocks.append(nn.ModuleList([DeepGBlock(a, b, conv, norm, up=True), *attend]))
        last = conv(widths[-1], output_channels, 3, padding=1)
        self.output_layer = nn.Sequential(BatchNorm(widths[-1]), nn.ReLU(), last)

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        y = self.shared(label)
        condition = torch.cat([z, y] if self.latent_first else [y, z], 1)
        h = self.linear(condition).unflatten(1, (-1, 4, 4))
        for stage in self.blocks:
            for block in stage:
                h = block(h, condition)
        return torch.tanh(self.output_layer(h)[:, :3])


class DeepDiscriminator(nn.Module):
    """ajbrock/BigGAN-PyTorch, BigGANdeep.py: a conv3 on pixels, then stages of `depth` blocks, the first of which
    changes width and side; 32 to 256 pixels.
    """

    def __init__(
        self,
        resolution: int = 128,
        channels: int = 128,
        classes: int = 1000,
        attention: Collection[int] = (64,),
        depth: int = 2,
        sn_eps: float = 1e-12,
    ):
        super().__init__()
        widths = [channels * m for m in BIG_DISCRIMINATOR[resolution]]
        conv = partial(SNConv2d, eps=sn_eps)
        self.input_conv = conv(3, widths[0], 3, padding=1)
        self.blocks = nn.ModuleList()
        for i, (a, b) in enumerate(pairwise(widths)):
            down = resolution > 32 or i < 2
            attend = [Attention(b, conv)] if down and resolution >> (i + 1) in attention else []
            same = [DeepDBlock(b, b, conv, down=False) for _ in range(depth - 1)]
            self.blocks.append(nn.ModuleList([DeepDBlock(a, b, conv, down), *same, *attend]))
        self.linear = SNLinear(widths[-1], 1, eps=sn_eps)
        self.embed = SNEmbedding(classes, widths[-1], eps=sn_eps)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        x = self.input_conv(x)
        for stage in self.blocks:
            for block in stage:
                x = block(x)
        return projection(x, label, self.linear, self.embed)


# ------------------------------------------------------------------------------------------- SNGAN

SNGAN_GENERATOR = {32: (1, 1, 1, 1), 64: (16, 8, 4, 2, 1), 128: (16, 16, 8, 4, 2, 1)}
# Widths after every block, and how many blocks halve the side.
SNGAN_DISCRIMINATOR = {32: ((1, 1, 1, 1), 2), 64: ((1, 2, 4, 8, 16), 5), 128: ((1, 2, 4, 8, 16, 16), 5)}


class SnganGenerator(nn.Module):
    """pfnet-research/sngan_projection, gen_models/: not spectrally normalised; `channels` 256 at 32 pixels, 64 beyond.

    With classes every block's norms have a scale and an offset per class, the last norm has not.
    """

    def __init__(
        self,
        resolution: int = 32,
        channels: int = 256,
        dim_z: int = 128,
        classes: int | None = None,
        bn_eps: float = 2e-5,
    ):
        super().__init__()
        widths = [channels * m for m in SNGAN_GENERATOR[resolution]]
        plain = partial(BatchNorm, eps=bn_eps)
        norm = partial(ClassBatchNorm, classes=classes, eps=bn_eps) if classes else plain
        self.linear = nn.Linear(dim_z, widths[0] * 4**2)
        self.blocks = nn.ModuleList(GBlock(a, b, nn.Conv2d, norm) for a, b in pairwise(widths))
        self.bn = plain(widths[-1])
        self.conv = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        h = self.linear(z).unflatten(1, (-1, 4, 4))
        for block in self.blocks:
            h = block(h, label)
        return torch.tanh(self.conv(F.relu(self.bn(h))))


class SnganDiscriminator(nn.Module):
    """pfnet-research/sngan_projection, dis_models/: `channels` 128 at 32 pixels, where the linear layer has no bias,
    64 beyond.

    Blocks behind the first are as wide between their convolutions as before them, with `wide` as behind them.
    """

    def __init__(
        self,
        resolution: int = 32,
        channels: int = 128,
        classes: int | None = None,
        wide: bool = False,
        sn_eps: float = 1e-12,
    ):
        super().__init__()
        multiples, halvings = SNGAN_DISCRIMINATOR[resolution]
        widths = [3, *(channels * m for m in multiples)]
        conv = partial(SNConv2d, eps=sn_eps)
        self.blocks = nn.Sequential()
        for i, (a, b) in enumerate(pairwise(widths)):
            hidden = b if wide or i == 0 else a
            self.blocks.append(DBlock(a, hidden, b, conv, i < halvings, first=i == 0))
        self.linear = SNLinear(widths[-1], 1, bias=resolution > 32, eps=sn_eps)
        self.embed = SNEmbedding(classes, widths[-1], eps=sn_eps) if classes else None

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        return projection(self.blocks(x), label, self.linear, self.embed)


# ----------------------------------------------------------------------------------------- SNDCGAN


def sndcgan_generator(resolution: int = 32, dim_z: int = 128, widths: Sequence[int] = (512, 256, 128, 64)):
    """z → a map of 512 channels at an eighth of the side, three times ×2 by ConvT4, conv3, tanh; not normalised."""
    layers = to_pixels(dim_z, widths[0], resolution // 8)
    layers |= {"norm0": nn.BatchNorm2d(widths[0]), "relu0": nn.ReLU()}
    for i, (a, b) in enumerate(pairwise(widths), 1):
        layers[f"conv{i}"] = nn.ConvTranspose2d(a, b, 4, 2, 1)
        layers |= {f"norm{i}": nn.BatchNorm2d(b), f"relu{i}": nn.ReLU()}
    return stack(**layers, last=nn.Conv2d(widths[-1], 3, 3, padding=1), out=nn.Tanh())


def sndcgan_discriminator(
    resolution: int = 32, widths: Sequence[int] = (64, 64, 128, 128, 256, 256, 512), sn_eps: float = 1e-12
):
    """Conv3 and Conv4 ÷2 in turn, LeakyReLU .1 after each; a linear layer reads the map in the order (c, h, w).

    The paper's widths; google/compare_gan has (64, 128, 128, 256, 256, 512, 512).
    """
    layers: dict[str, nn.Module] = {}
    for i, (a, b) in enumerate(pairwise([3, *widths])):
        kernel, stride = (4, 2) if i % 2 else (3, 1)
        layers[f"conv{i}"] = SNConv2d(a, b, kernel, stride, 1, eps=sn_eps)
        layers[f"relu{i}"] = nn.LeakyReLU(0.1)
    side = resolution >> len(widths) // 2
    last = SNLinear(widths[-1] * side**2, 1, eps=sn_eps)
    return stack(**layers, flat=nn.Flatten(), last=last, out=nn.Flatten(0))
