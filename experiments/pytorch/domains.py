"""The networks that move images between several domains in PyTorch: CoGAN, UNIT, MUNIT, Fader, StarGAN, U-GAT-IT.

Where a docstring names a repository, the state dict has that repository's keys, so that the networks
stand in for its files of weights. Images are NCHW in [-1, 1], in [0, 1] CoGAN's; discriminators return
raw numbers. Everything runs in float64 too.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import spectral_norm

from experiments.pytorch.layers import instance_norm
from experiments.pytorch.translation import Dropout, ResnetBlock, conv7

# --------------------------------------------------------------------------------------------- CoGAN


class CoGenerator(nn.Module):
    """mingyuliutw/CoGAN: one z (batch, latent) to a pair of 28²; only the last layer is a domain's own."""

    def __init__(self, latent: int = 100, channels: int = 1024, image_channels: int = 1):
        super().__init__()
        widths = [latent, *(channels // 2**i for i in range(4))]
        for i, (a, b) in enumerate(pairwise(widths)):
            conv = nn.ConvTranspose2d(a, b, 3, 2, 1) if i else nn.ConvTranspose2d(a, b, 4)
            self.add_module(f"dconv{i}", conv)
            self.add_module(f"bn{i}", nn.BatchNorm2d(b, affine=False))
            self.add_module(f"prelu{i}", nn.PReLU())
        self.dconv4_a = nn.ConvTranspose2d(widths[-1], image_channels, 6, 1, 1)
        self.dconv4_b = nn.ConvTranspose2d(widths[-1], image_channels, 6, 1, 1)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        x = z[:, :, None, None]
        for i in range(4):
            for layer in ("dconv", "bn", "prelu"):
                x = self.get_submodule(f"{layer}{i}")(x)
        return torch.sigmoid(self.dconv4_a(x)), torch.sigmoid(self.dconv4_b(x))


class CoDiscriminator(nn.Module):
    """mingyuliutw/CoGAN: a pair of 28² to two pairs of logits (batch, 2), fake and real; all but the first shared."""

    def __init__(self, widths: Sequence[int] = (20, 50, 500), image_channels: int = 1):
        super().__init__()
        first, second, hidden = widths
        self.conv0_a = nn.Conv2d(image_channels, first, 5)
        self.conv0_b = nn.Conv2d(image_channels, first, 5)
        self.conv1 = nn.Conv2d(first, second, 5)
        self.conv2 = nn.Conv2d(second, hidden, 4)
        self.prelu2 = nn.PReLU()
        self.conv3 = nn.Conv2d(hidden, 2, 1)

    def features(self, x: Tensor, domain: str) -> Tensor:
        """What the last layer sees of images of domain "a" or "b", (batch, hidden, 1, 1)."""
        x = F.max_pool2d(self.get_submodule(f"conv0_{domain}")(x), 2)
        return self.prelu2(self.conv2(F.max_pool2d(self.conv1(x), 2)))

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return self.conv3(self.features(a, "a")).flatten(1), self.conv3(self.features(b, "b")).flatten(1)


# --------------------------------------------------------------------------------- UNIT of the paper


class Layer(nn.Module):
    """A sequence of layers, under the name `model`."""

    def __init__(self, *layers: nn.Module):
        super().__init__()
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class Residue(Layer):
    """A sequence of layers, plus its input."""

    def forward(self, x: Tensor) -> Tensor:
        return x + self.model(x)


def leaky_conv(inputs: int, outputs: int, kernel: int, stride: int) -> Layer:
    """A convolution on a border of zeros, LeakyReLU .01."""
    return Layer(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2), nn.LeakyReLU(0.01))


def unit_block(channels: int) -> Residue:
    """(conv3, IN) twice with a ReLU between, on a border of zeros, plus the input."""
    first = [nn.Conv2d(channels, channels, 3, padding=1), instance_norm(channels), nn.ReLU()]
    return Residue(*first, nn.Conv2d(channels, channels, 3, padding=1), instance_norm(channels))


class UnitGenerator(nn.Module):
    """mingyuliutw/UNIT, branch version_02: two autoencoders (domains "a" and "b") with a shared middle, at a quarter's size.

    The latent is the mean plus N(0, 1), which is left to whoever calls `decode`.
    """

    def __init__(
        self, channels: int = 64, n_front: int = 3, n_res: int = 3, n_shared: int = 1, image_channels: int = 3
    ):
        super().__init__()
        widths = [channels * 2**i for i in range(n_front)]
        wide = widths[-1]
        for domain in "AB":
            encoder: list[nn.Module] = [leaky_conv(image_channels, channels, 7, 1)]
            for a, b in pairwise(widths):
                encoder.append(Layer(nn.Conv2d(a, b, 3, 2, 1), instance_norm(b), nn.ReLU()))
            encoder += [unit_block(wide) for _ in range(n_res)]
            decoder: list[nn.Module] = [unit_block(wide) for _ in range(n_res)]
            for a, b in pairwise(reversed(widths)):
                conv = nn.ConvTranspose2d(a, b, 3, 2, 1, output_padding=1)
                decoder.append(Layer(conv, instance_norm(b), nn.ReLU()))
            decoder += [nn.ConvTranspose2d(channels, image_channels, 1), nn.Tanh()]
            self.add_module(f"encode_{domain}", nn.Sequential(*encoder))
            self.add_module(f"decode_{domain}", nn.Sequential(*decoder))
        self.enc_shared = nn.Sequential(*(unit_block(wide) for _ in range(n_shared)))
        self.dec_shared = nn.Sequential(*(unit_block(wide) for _ in range(n_shared)))

    def encode(self, x: Tensor, domain: str) -> Tensor:
        """The latent's mean."""
        return self.enc_shared(self.get_submodule(f"encode_{domain.upper()}")(x))

    def decode(self, h: Tensor, domain: str) -> Tensor:
        return self.get_submodule(f"decode_{domain.upper()}")(self.dec_shared(h))


class UnitDiscriminator(Layer):
    """mingyuliutw/UNIT, branch version_02: one of its two (`model_A`, `model_B`); logits (batch, 1, h, w)."""

    def __init__(self, channels: int = 64, n_layers: int = 6, image_channels: int = 3):
        widths = [image_channels, *(channels * 2**i for i in range(n_layers))]
        super().__init__(*(leaky_conv(a, b, 3, 2) for a, b in pairwise(widths)), nn.Conv2d(widths[-1], 1, 1))


# -------------------------------------------------------------------------------------------- MUNIT


class LayerNorm(nn.Module):
    """Over (C, H, W): divided by the unbiased standard deviation + eps; scale and offset per channel."""

    def __init__(self, channels: int, eps: float = 1e-5):
        super().__init__()
        self.eps = eps
        self.gamma = nn.Parameter(torch.empty(channels).uniform_())
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        mean, std = (moment[:, None, None, None] for moment in (flat.mean(1), flat.std(1)))
        x = (x - mean) / (std + self.eps)
        return x * self.gamma[:, None, None] + self.beta[:, None, None]


class AdaptiveInstanceNorm(nn.Module):
    """InstanceNorm; every image's offsets and then scales are in `style` (batch, 2 channels).

    The running statistics are in the repository's files, and neither used nor changed.
    """

    style: Tensor | None = None

    def __init__(self, channels: int):
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        mean, std = (part.flatten() for part in self.style.chunk(2, 1))
        one = x.reshape(1, -1, *x.shape[2:])
        return F.batch_norm(one, None, None, std, mean, training=True, eps=1e-5).reshape(x.shape)


MUNIT_NORMS = {"in": instance_norm, "ln": LayerNorm, "adain": AdaptiveInstanceNorm}
MUNIT_ACTS = {"relu": nn.ReLU, "lrelu": lambda: nn.LeakyReLU(0.2), "tanh": nn.Tanh, None: nn.Identity}


class ConvBlock(nn.Module):
    """Convolution on a reflected border, norm, activation."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        norm: str | None = None,
        act: str | None = "relu",
    ):
        super().__init__()
        self.pad = nn.ReflectionPad2d((kernel - 1) // 2)
        self.norm = MUNIT_NORMS[norm](outputs) if norm else nn.Identity()
        self.activation = MUNIT_ACTS[act]()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.norm(self.conv(self.pad(x))))


class LinearBlock(nn.Module):
    """An affine map, a ReLU if asked for."""

    def __init__(self, inputs: int, outputs: int, act: bool = True):
        super().__init__()
        self.fc = nn.Linear(inputs, outputs)
        self.activation = nn.ReLU() if act else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.fc(x))


def munit_blocks(count: int, channels: int, norm: str) -> Layer:
    """`count` times (conv3, norm) twice with a ReLU between, plus the input."""

    def block() -> Residue:
        return Residue(ConvBlock(channels, channels, 3, 1, norm), ConvBlock(channels, channels, 3, 1, norm, None))

    return Layer(*(block() for _ in range(count)))


def content_encoder(dim: int, n_downsample: int, n_res: int, image_channels: int) -> Layer:
    """conv7, `n_downsample` times ÷2 and twice as wide, residual blocks; InstanceNorm."""
    widths = [dim * 2**i for i in range(n_downsample + 1)]
    downs = [ConvBlock(a, b, 4, 2, "in") for a, b in pairwise(widths)]
    return Layer(ConvBlock(image_channels, dim, 7, 1, "in"), *downs, munit_blocks(n_res, widths[-1], "in"))


def style_encoder(dim: int, style_dim: int, image_channels: int) -> Layer:
    """conv7, four times ÷2 but 4 dim at most, mean over pixels, conv1; no norm."""
    widths = [dim * min(2**i, 4) for i in range(5)]
    downs = [ConvBlock(a, b, 4, 2) for a, b in pairwise(widths)]
    return Layer(
        ConvBlock(image_channels, dim, 7), *downs, nn.AdaptiveAvgPool2d(1), nn.Conv2d(widths[-1], style_dim, 1)
    )


def munit_decoder(dim: int, n_upsample: int, n_res: int, image_channels: int, norm: str) -> Layer:
    """Residual blocks, `n_upsample` times (nearest ×2, conv5 to half the width, LayerNorm), conv7, tanh."""
    widths = [dim * 2**i for i in reversed(range(n_upsample + 1))]
    layers: list[nn.Module] = [munit_blocks(n_res, widths[0], norm)]
    for a, b in pairwise(widths):
        layers += [nn.Upsample(scale_factor=2), ConvBlock(a, b, 5, 1, "ln")]
    return Layer(*layers, ConvBlock(dim, image_channels, 7, act="tanh"))


class AdaINGen(nn.Module):
    """NVlabs/MUNIT: one domain's autoencoder. Styles are (batch, style_dim, 1, 1)."""

    def __init__(
        self,
        dim: int = 64,
        style_dim: int = 8,
        mlp_dim: int = 256,
        n_res: int = 4,
        n_downsample: int = 2,
        image_channels: int = 3,
    ):
        super().__init__()
        wide = dim * 2**n_downsample
        self.enc_style = style_encoder(dim, style_dim, image_channels)
        self.enc_content = content_encoder(dim, n_downsample, n_res, image_channels)
        self.dec = munit_decoder(dim, n_downsample, n_res, image_channels, "adain")
        last = LinearBlock(mlp_dim, 2 * n_res * 2 * wide, act=False)
        self.mlp = Layer(LinearBlock(style_dim, mlp_dim), LinearBlock(mlp_dim, mlp_dim), last)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Content and style."""
        return self.enc_content(x), self.enc_style(x)

    def decode(self, content: Tensor, style: Tensor) -> Tensor:
        norms = [layer for layer in self.dec.modules() if isinstance(layer, AdaptiveInstanceNorm)]
        for layer, part in zip(norms, self.mlp(style.flatten(1)).chunk(len(norms), 1), strict=True):
            layer.style = part
        image = self.dec(content)
        for layer in norms:  # what has a gradient could not be copied
            layer.style = None
        return image


class VAEGen(nn.Module):
    """NVlabs/MUNIT: one domain's autoencoder of UNIT. The noise is left to whoever calls `decode`."""

    def __init__(self, dim: int = 64, n_res: int = 4, n_downsample: int = 2, image_channels: int = 3):
        super().__init__()
        self.enc = content_encoder(dim, n_downsample, n_res, image_channels)
        self.dec = munit_decoder(dim, n_downsample, n_res, image_channels, "in")

    def encode(self, x: Tensor) -> Tensor:
        """The latent's mean."""
        return self.enc(x)

    def decode(self, h: Tensor) -> Tensor:
        return self.dec(h)


class MsImageDis(nn.Module):
    """NVlabs/MUNIT: one domain's critics at full size, half, …; as many maps (batch, 1, h, w)."""

    def __init__(self, dim: int = 64, n_layer: int = 4, num_scales: int = 3, image_channels: int = 3):
        super().__init__()
        widths = [image_channels, *(dim * 2**i for i in range(n_layer))]
        self.downsample = nn.AvgPool2d(3, 2, 1, count_include_pad=False)
        self.cnns = nn.ModuleList()
        for _ in range(num_scales):
            convs = [ConvBlock(a, b, 4, 2, act="lrelu") for a, b in pairwise(widths)]
            self.cnns.append(nn.Sequential(*convs, nn.Conv2d(widths[-1], 1, 1)))

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for cnn in self.cnns:
            maps.append(cnn(x))
            x = self.downsample(x)
        return maps


# -------------------------------------------------------------------------------------------- Fader


def fader_widths(init_fm: int, max_fm: int, layers: int) -> list[int]:
    """Twice as wide at every layer, up to `max_fm`."""
    return [min(init_fm * 2**i, max_fm) for i in range(layers)]


def fader_conv(inputs: int, outputs: int, norm: bool = True, dropout: float = 0.0) -> nn.Sequential:
    """conv4 ÷2, BatchNorm, LeakyReLU .2, dropout."""
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 4, 2, 1), *([nn.BatchNorm2d(outputs)] if norm else [])]
    return nn.Sequential(*layers, nn.LeakyReLU(0.2), *([Dropout(dropout)] if dropout else []))


class FaderAutoEncoder(nn.Module):
    """facebookresearch/FaderNetworks: x to z, z and y to x; y (batch, 2 n_attr) are one-hots side by side."""

    def __init__(
        self,
        image_size: int = 256,
        init_fm: int = 32,
        max_fm: int = 512,
        n_attr: int = 1,
        n_layers: int = 6,
        image_channels: int = 3,
    ):
        super().__init__()
        if image_size % 2**n_layers:
            raise ValueError(f"{n_layers} layers cannot halve {image_size}")
        widths = [image_channels, *fader_widths(init_fm, max_fm, n_layers)]
        self.enc_layers = nn.ModuleList(fader_conv(a, b, i > 0) for i, (a, b) in enumerate(pairwise(widths)))
        self.dec_layers = nn.ModuleList()
        for b, a in reversed(list(pairwise(widths))):
            conv = nn.ConvTranspose2d(a + 2 * n_attr, b, 4, 2, 1, bias=False)
            self.dec_layers.append(nn.Sequential(conv, nn.BatchNorm2d(b), nn.ReLU()))
        self.dec_layers[-1] = nn.Sequential(self.dec_layers[-1][0], nn.Tanh())

    def encode(self, x: Tensor) -> Tensor:
        for layer in self.enc_layers:
            x = layer(x)
        return x

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        for layer in self.dec_layers:
            z = layer(torch.cat([z, y[:, :, None, None].expand(-1, -1, *z.shape[2:])], 1))
        return z


class LatentDiscriminator(nn.Module):
    """facebookresearch/FaderNetworks: z on to 1², two linear layers; logits (batch, 2 n_attr).

    `masks` are the zeros and ones of the dropouts after each convolution, None draws them in training.
    """

    def __init__(
        self,
        image_size: int = 256,
        init_fm: int = 32,
        max_fm: int = 512,
        n_attr: int = 1,
        n_layers: int = 6,
        hidden: int = 512,
        dropout: float = 0.3,
    ):
        super().__init__()
        widths = fader_widths(init_fm, max_fm, image_size.bit_length() - 1)[n_layers - 1 :]
        self.conv_layers = nn.Sequential(*(fader_conv(a, b, dropout=dropout) for a, b in pairwise(widths)))
        last = nn.Linear(hidden, 2 * n_attr)
        self.proj_layers = nn.Sequential(nn.Linear(widths[-1], hidden), nn.LeakyReLU(0.2), last)

    def forward(self, z: Tensor, masks: Sequence[Tensor] | None = None) -> Tensor:
        dropouts = [layer for layer in self.modules() if isinstance(layer, Dropout)]
        for layer, mask in zip(dropouts, masks or [None] * len(dropouts), strict=True):
            layer.mask = mask
        return self.proj_layers(self.conv_layers(z).flatten(1))


# ------------------------------------------------------------------------------------------ StarGAN


class TrackingInstanceNorm(nn.InstanceNorm2d):
    """Affine, with running statistics, by which it normalises when not in training, as BatchNorm does.

    GroupNorm computes in its place; see `instance_norm`.
    """

    def __init__(self, channels: int):
        super().__init__(channels, affine=True, track_running_stats=True)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        with torch.no_grad():
            super().forward(x)
        return F.group_norm(x, self.num_features, self.weight, self.bias, self.eps)


class StarBlock(nn.Module):
    """(conv3, IN) twice with a ReLU between, on a border of zeros, plus the input."""

    def __init__(self, channels: int):
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(2):
            layers += [
                nn.Conv2d(channels, channels, 3, padding=1, bias=False),
                TrackingInstanceNorm(channels),
                nn.ReLU(),
            ]
        self.main = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        return x + self.main(x)


class StarGenerator(nn.Module):
    """yunjey/stargan: images and labels (batch, c_dim) to images."""

    def __init__(self, conv_dim: int = 64, c_dim: int = 5, repeat_num: int = 6, image_channels: int = 3):
        super().__init__()
        widths = [conv_dim * 2**i for i in range(3)]
        convs: list[nn.Module] = [nn.Conv2d(image_channels + c_dim, conv_dim, 7, padding=3, bias=False)]
        convs += [nn.Conv2d(a, b, 4, 2, 1, bias=False) for a, b in pairwise(widths)]
        ups = [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False) for a, b in pairwise(reversed(widths))]
        layers: list[nn.Module] = []
        for conv in convs:
            layers += [conv, TrackingInstanceNorm(conv.out_channels), nn.ReLU()]
        layers += [StarBlock(widths[-1]) for _ in range(repeat_num)]
        for conv in ups:
            layers += [conv, TrackingInstanceNorm(conv.out_channels), nn.ReLU()]
        self.main = nn.Sequential(*layers, nn.Conv2d(conv_dim, image_channels, 7, padding=3, bias=False), nn.Tanh())

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        return self.main(torch.cat([x, c[:, :, None, None].expand(-1, -1, *x.shape[2:])], 1))


class StarDiscriminator(nn.Module):
    """yunjey/stargan: a critic's map (batch, 1, h, w) and a label's logits (batch, c_dim)."""

    def __init__(
        self, image_size: int = 128, conv_dim: int = 64, c_dim: int = 5, repeat_num: int = 6, image_channels: int = 3
    ):
        super().__init__()
        widths = [image_channels, *(conv_dim * 2**i for i in range(repeat_num))]
        layers: list[nn.Module] = []
        for a, b in pairwise(widths):
            layers += [nn.Conv2d(a, b, 4, 2, 1), nn.LeakyReLU(0.01)]
        self.main = nn.Sequential(*layers)
        self.conv1 = nn.Conv2d(widths[-1], 1, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(widths[-1], c_dim, image_size // 2**repeat_num, bias=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.main(x)
        return self.conv1(h), self.conv2(h).flatten(1)


# ----------------------------------------------------------------------------------------- U-GAT-IT


def instance_layer_norm(x: Tensor, rho: Tensor, eps: float = 1e-5) -> Tensor:
    """rho · InstanceNorm + (1 - rho) · LayerNorm, of unbiased variances."""

    def normalised(dims: list[int]) -> Tensor:
        return (x - x.mean(dims, keepdim=True)) / (x.var(dims, keepdim=True) + eps).sqrt()

    return rho * normalised([2, 3]) + (1 - rho) * normalised([1, 2, 3])


class AdaILN(nn.Module):
    """`instance_layer_norm` with every image's own scale and offset (batch, channels)."""

    def __init__(self, channels: int):
        super().__init__()
        self.rho = nn.Parameter(torch.full((1, channels, 1, 1), 0.9))

    def forward(self, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        return instance_layer_norm(x, self.rho) * gamma[:, :, None, None] + beta[:, :, None, None]


class ILN(nn.Module):
    """`instance_layer_norm` with a learned scale and offset per channel."""

    def __init__(self, channels: int):
        super().__init__()
        self.rho = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.gamma = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return instance_layer_norm(x, self.rho) * self.gamma + self.beta


def clip_rho(net: nn.Module) -> None:
    """Every rho back into [0, 1], after each of the generator's updates."""
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, AdaILN | ILN):
                layer.rho.clamp_(0, 1)


class AdaILNBlock(nn.Module):
    """(reflected border, conv3, AdaILN) twice with a ReLU between, plus the input."""

    def __init__(self, channels: int):
        super().__init__()
        self.pad = nn.ReflectionPad2d(1)
        self.conv1 = nn.Conv2d(channels, channels, 3, bias=False)
        self.norm1 = AdaILN(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, bias=False)
        self.norm2 = AdaILN(channels)

    def forward(self, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        h = F.relu(self.norm1(self.conv1(self.pad(x)), gamma, beta))
        return x + self.norm2(self.conv2(self.pad(h)), gamma, beta)


class CamNetwork(nn.Module):
    """The class activation map of generators and discriminators.

    Two linear layers tell two domains apart by the mean and the maximum over pixels; the features,
    weighted as the one and as the other weighs them, are mixed by a 1×1 convolution.
    """

    gap_fc: nn.Linear
    gmp_fc: nn.Linear
    conv1x1: nn.Conv2d

    def attend(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The mixed features before their activation, logits (batch, 2). Spectral norm is in the logits alone."""
        weighted, logits = [], []
        for linear, pool in ((self.gap_fc, F.adaptive_avg_pool2d), (self.gmp_fc, F.adaptive_max_pool2d)):
            logits.append(linear(pool(x, 1).flatten(1)))
            (weight,) = linear.parameters()
            weighted.append(x * weight[:, :, None, None])
        return self.conv1x1(torch.cat(weighted, 1)), torch.cat(logits, 1)


class UgatitGenerator(CamNetwork):
    """znxlwm/UGATIT-pytorch: image, CAM's logits (batch, 2), heatmap (batch, 1, h / 4, w / 4).

    `cam=False` has no class activation map: the encoder's features go to the decoder as they are,
    logits and heatmap are None.
    """

    def __init__(
        self,
        input_nc: int = 3,
        ngf: int = 64,
        n_blocks: int = 4,
        img_size: int = 256,
        light: bool = False,
        cam: bool = True,
    ):
        super().__init__()
        widths = [ngf, 2 * ngf, 4 * ngf]
        wide = widths[-1]
        down = [*conv7(input_nc, ngf, bias=False), instance_norm(ngf), nn.ReLU()]
        for a, b in pairwise(widths):
            down += [nn.ReflectionPad2d(1), nn.Conv2d(a, b, 3, 2, bias=False), instance_norm(b), nn.ReLU()]
        down += [ResnetBlock(wide, bias=False) for _ in range(n_blocks)]
        self.cam, self.light, self.n_blocks = cam, light, n_blocks
        if cam:
            self.gap_fc = nn.Linear(wide, 1, bias=False)
            self.gmp_fc = nn.Linear(wide, 1, bias=False)
            self.conv1x1 = nn.Conv2d(2 * wide, wide, 1)
        first = nn.Linear(wide if light else (img_size // 4) ** 2 * wide, wide, bias=False)
        code = [first, nn.ReLU(), nn.Linear(wide, wide, bias=False), nn.ReLU()]
        self.gamma = nn.Linear(wide, wide, bias=False)
        self.beta = nn.Linear(wide, wide, bias=False)
        for i in range(n_blocks):
            self.add_module(f"UpBlock1_{i + 1}", AdaILNBlock(wide))
        up: list[nn.Module] = []
        for a, b in pairwise(reversed(widths)):
            up += [
                nn.Upsample(scale_factor=2),
                nn.ReflectionPad2d(1),
                nn.Conv2d(a, b, 3, bias=False),
                ILN(b),
                nn.ReLU(),
            ]
        self.DownBlock = nn.Sequential(*down)
        self.FC = nn.Sequential(*code)
        self.UpBlock2 = nn.Sequential(*up, *conv7(ngf, input_nc, bias=False), nn.Tanh())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        x, logits, heatmap = self.DownBlock(x), None, None
        if self.cam:
            x, logits = self.attend(x)
            x = F.relu(x)
            heatmap = x.sum(1, keepdim=True)
        code = self.FC((F.adaptive_avg_pool2d(x, 1) if self.light else x).flatten(1))
        gamma, beta = self.gamma(code), self.beta(code)
        for i in range(self.n_blocks):
            x = self.get_submodule(f"UpBlock1_{i + 1}")(x, gamma, beta)
        return self.UpBlock2(x), logits, heatmap


class UgatitDiscriminator(CamNetwork):
    """znxlwm/UGATIT-pytorch: a map (batch, 1, h, w), CAM's logits (batch, 2), heatmap; local 5 layers, global 7.

    `cam=False` has no class activation map; its logits and heatmap are None.
    """

    def __init__(self, n_layers: int = 5, ndf: int = 64, input_nc: int = 3, cam: bool = True):
        super().__init__()
        widths = [input_nc, *(ndf * 2**i for i in range(n_layers - 1))]
        wide = widths[-1]
        layers: list[nn.Module] = []
        for i, (a, b) in enumerate(pairwise(widths)):
            conv = nn.Conv2d(a, b, 4, 2 if i < n_layers - 2 else 1)
            layers += [nn.ReflectionPad2d(1), spectral_norm(conv), nn.LeakyReLU(0.2)]
        self.cam = cam
        if cam:
            self.gap_fc = spectral_norm(nn.Linear(wide, 1, bias=False))
            self.gmp_fc = spectral_norm(nn.Linear(wide, 1, bias=False))
            self.conv1x1 = nn.Conv2d(2 * wide, wide, 1)
        self.pad = nn.ReflectionPad2d(1)
        self.conv = spectral_norm(nn.Conv2d(wide, 1, 4, bias=False))
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        x, logits, heatmap = self.model(x), None, None
        if self.cam:
            x, logits = self.attend(x)
            x = F.leaky_relu(x, 0.2)
            heatmap = x.sum(1, keepdim=True)
        return self.conv(self.pad(x)), logits, heatmap
