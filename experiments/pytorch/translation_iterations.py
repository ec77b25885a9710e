"""One iteration of each system that turns images into images in PyTorch.

All randomness comes in as tensors, as in `iterations`. Networks run in the mode they are in, and are
called in the order of the official code, which is the order of BatchNorm's running statistics.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.pytorch.iterations import Discriminators, Generators, Losses, Optimizers, frozen, move
from experiments.pytorch.losses import bce, square

Networks = nn.Module | Sequence[nn.Module]
WEIGHT_DECAY = {"cyclegan": 0.0, "pix2pix": 0.0, "pix2pixhd": 0.0, "discogan": 1e-5}


def make_adam(system: str, player: Networks, eps: float = 1e-8) -> torch.optim.Adam:
    """The paper's Adam for one player of one network or several; weight decay is added to the gradient."""
    networks = [player] if isinstance(player, nn.Module) else player
    parameters = [p for net in networks for p in net.parameters()]
    return torch.optim.Adam(parameters, lr=2e-4, betas=(0.5, 0.999), eps=eps, weight_decay=WEIGHT_DECAY[system])


def make_adams(system: str, generator: Networks, discriminator: Networks, eps: float = 1e-8) -> Optimizers:
    """The paper's Adam for both players."""
    return Optimizers(make_adam(system, generator, eps), make_adam(system, discriminator, eps))


# ------------------------------------------------------------------------------------------ CycleGAN


class ImagePool:
    """Old fakes: stores until full, then swaps the image for an old one where its coin says so."""

    def __init__(self, size: int = 50):
        self.size = size
        self.images: list[Tensor] = []

    def query(self, images: Tensor, coins: Sequence[bool] | Tensor, slots: Sequence[int] | Tensor) -> Tensor:
        """One coin (True: swap) and one slot per image; while the pool fills they are not looked at."""
        return torch.stack([self.swap(*one) for one in zip(images.detach(), coins, slots, strict=True)])

    def swap(self, image: Tensor, coin: bool | Tensor, slot: int | Tensor) -> Tensor:
        """What comes back for one image."""
        if len(self.images) < self.size:
            self.images.append(image.clone())
            return image
        if not self.size or not coin:
            return image
        old, self.images[int(slot)] = self.images[int(slot)], image.clone()
        return old


class Pools(NamedTuple):
    a: ImagePool
    b: ImagePool


class Draws(NamedTuple):
    """(coins, slots) for the fakes of each domain."""

    a: tuple[Sequence[bool] | Tensor, Sequence[int] | Tensor]
    b: tuple[Sequence[bool] | Tensor, Sequence[int] | Tensor]


def map_mean(values: Tensor) -> Tensor:
    """(batch, 1): the mean of every image's map; what has no map stays."""
    return values.mean((2, 3)) if values.dim() == 4 else values


def half_sum(critic: Callable, adversarial: Callable, real: Tensor, fake: Tensor) -> Tensor:
    """A critic's loss, half on real images and half on fakes."""
    return 0.5 * (adversarial(critic(real), 1.0) + adversarial(critic(fake), 0.0))


def cyclegan_iteration(
    generators: Generators,
    discriminators: Discriminators,
    optimizers: Optimizers,
    a: Tensor,
    b: Tensor,
    pools: Pools | None = None,
    draws: Draws | None = None,
    *,
    cycle: float = 10.0,
    identity: float = 0.5,
    pooled: bool = False,
    log: bool = False,
) -> Losses:
    """Both generators at once, then both critics on the pools' answers to that forward pass's fakes; None: no pools.

    `pooled` judges the mean of a critic's map in the place of its numbers, `log` by cross entropy, not by squares.
    """
    adversarial = bce if log else square
    ab, ba = generators
    critic_a, critic_b = ((lambda x, net=net: map_mean(net(x)) if pooled else net(x)) for net in discriminators)
    with frozen(*discriminators):
        fake_b = ab(a)
        loss = cycle * F.l1_loss(ba(fake_b), a)
        fake_a = ba(b)
        loss = loss + cycle * F.l1_loss(ab(fake_a), b)
        if identity:
            loss = loss + cycle * identity * (F.l1_loss(ab(b), b) + F.l1_loss(ba(a), a))
        loss = loss + adversarial(critic_b(fake_b), 1.0) + adversarial(critic_a(fake_a), 1.0)
        gen = move(optimizers.gen, loss)
    old_a, old_b = fake_a.detach(), fake_b.detach()
    if pools is not None:
        old_a, old_b = pools.a.query(old_a, *draws.a), pools.b.query(old_b, *draws.b)
    loss = half_sum(critic_b, adversarial, b, old_b) + half_sum(critic_a, adversarial, a, old_a)
    return Losses([move(optimizers.disc, loss)], gen)


# ------------------------------------------------------------------------------------------- pix2pix


def pix2pix_iteration(
    generator: nn.Module,
    discriminator: nn.Module,
    optimizers: Optimizers,
    a: Tensor,
    b: Tensor,
    l1: float = 100.0,
    masks: Sequence[Tensor] | None = None,
) -> Losses:
    """The critic on pairs (a, fake), (a, b), then the generator on the same fakes; `masks`: those of its dropouts."""
    fake = generator(a) if masks is None else generator(a, masks)
    loss = bce(discriminator(torch.cat([a, fake.detach()], 1)), 0.0)
    loss = 0.5 * (loss + bce(discriminator(torch.cat([a, b], 1)), 1.0))
    disc = move(optimizers.disc, loss)
    with frozen(discriminator):
        loss = bce(discriminator(torch.cat([a, fake], 1)), 1.0) + l1 * F.l1_loss(fake, b)
        return Losses([disc], move(optimizers.gen, loss))


# ------------------------------------------------------------------------------------------ DiscoGAN


def mean_features(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Squared distance of the batches' mean features, its mean per layer, summed over layers."""
    return sum(F.mse_loss(f.mean(0), r.mean(0)) for r, f in zip(real, fake, strict=True))


def disco_domain(discriminator: nn.Module, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """One domain's loss for its critic, and for the generator that leads there."""
    logits_real, features_real = discriminator(real)
    logits_fake, features_fake = discriminator(fake)
    disc = 0.5 * bce(logits_real, 1.0) + 0.5 * bce(logits_fake, 0.0)
    return disc, 0.1 * bce(logits_fake, 1.0) + 0.9 * mean_features(features_real, features_fake)


def discogan_iteration(
    generators: Generators,
    discriminators: Discriminators,
    optimizers: Optimizers,
    a: Tensor,
    b: Tensor,
    step: int,
    rate: float,
    update_interval: int = 3,
) -> Losses:
    """The critics move where `update_interval` divides `step`, elsewhere the generators; all networks run always.

    `rate` is the weight of reconstruction: .01 in the first 10,000 iterations, then .5.
    """
    fake_b, fake_a = generators.ab(a), generators.ba(b)
    cycle = F.mse_loss(generators.ba(fake_b), a) + F.mse_loss(generators.ab(fake_a), b)
    disc_a, gen_a = disco_domain(discriminators.a, a, fake_a)
    disc_b, gen_b = disco_domain(discriminators.b, b, fake_b)
    if step % update_interval == 0:
        return Losses([move(optimizers.disc, disc_a + disc_b)], None)
    return Losses([], move(optimizers.gen, (gen_a + gen_b) * (1 - rate) + cycle * rate))


# ----------------------------------------------------------------------------------------- pix2pixHD


def scales_loss(scales: Sequence[Sequence[Tensor]], target: float) -> Tensor:
    """Least squares of the logits, summed over scales."""
    return sum(square(features[-1], target) for features in scales)


def feature_matching(real: Sequence[Sequence[Tensor]], fake: Sequence[Sequence[Tensor]]) -> Tensor:
    """L1 of the features but the logits, 4 / (n_layers + 1) per layer, averaged over scales; `real` is constant."""
    total = torch.zeros((), dtype=fake[0][0].dtype, device=fake[0][0].device)
    for reals, fakes in zip(real, fake, strict=True):
        layers = zip(reals[:-1], fakes[:-1], strict=True)
        total = total + 4.0 / (len(fakes) - 1) / len(fake) * sum(F.l1_loss(f, r.detach()) for r, f in layers)
    return total


def pix2pixhd_iteration(
    generator: nn.Module,
    discriminator: nn.Module,
    optimizers: Optimizers,
    input: Tensor,
    image: Tensor,
    feat: float = 10.0,
    perceptual: Callable[[Tensor, Tensor], Tensor] | None = None,
    encoder: nn.Module | None = None,
    instances: Tensor | None = None,
) -> Losses:
    """One forward pass for both losses; the generator moves first, the critic on what it said before.

    `perceptual` (fake, image) is weighted by `feat` too. The `encoder`'s features of the image reach the generator
    only, beside the input; it learns with the generator if the optimiser has it.
    """
    given = input if encoder is None else torch.cat([input, encoder(image, instances)], 1)
    fake = generator(given)
    loss_disc = scales_loss(discriminator(torch.cat([input, fake.detach()], 1)), 0.0)
    real_scales = discriminator(torch.cat([input, image], 1))
    loss_disc = 0.5 * (loss_disc + scales_loss(real_scales, 1.0))
    with frozen(discriminator):
        fake_scales = discriminator(torch.cat([input, fake], 1))
    loss = scales_loss(fake_scales, 1.0) + feat * feature_matching(real_scales, fake_scales)
    if perceptual is not None:
        loss = loss + feat * perceptual(fake, image)
    gen = move(optimizers.gen, loss)
    return Losses([move(optimizers.disc, loss_disc)], gen)
