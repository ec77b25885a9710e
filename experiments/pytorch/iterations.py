"""One iteration of each system in PyTorch: optimisers, moves, and the order in which the players make them.

All randomness comes in as tensors, so that a port fed with the same numbers must end with the same
parameters. Losses stay on the device, so that an iteration never waits for it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.pytorch.losses import (
    bce,
    dcgan_gen,
    gan_disc,
    gradient_penalty,
    lsgan_disc,
    lsgan_gen,
    non_saturating_gen,
    square,
    wgan_disc,
    wgan_gen,
)


class Generators(NamedTuple):
    ab: nn.Module
    ba: nn.Module


class Discriminators(NamedTuple):
    a: nn.Module
    b: nn.Module


class Optimizers(NamedTuple):
    gen: torch.optim.Optimizer
    disc: torch.optim.Optimizer


class Losses(NamedTuple):
    disc: list[Tensor]  # one per discriminator move, before that move
    gen: Tensor | None  # None where the generator did not move

    def numbers(self) -> tuple[list[float], float | None]:
        """(disc, gen) as floats, fetched at once."""
        both = [*self.disc, *([] if self.gen is None else [self.gen])]
        floats = torch.stack(both).tolist() if both else []
        return floats[: len(self.disc)], None if self.gen is None else floats[-1]


ADAM_HALF = (torch.optim.Adam, {"lr": 2e-4, "betas": (0.5, 0.999), "eps": 1e-8})
OPTIMIZERS: dict[str, tuple[type[torch.optim.Optimizer], dict]] = {
    "gan": (torch.optim.Adam, {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8}),
    "dcgan": ADAM_HALF,
    "lsgan": (torch.optim.Adam, {"lr": 1e-3, "betas": (0.5, 0.999), "eps": 1e-8}),
    "wgan": (torch.optim.RMSprop, {"lr": 5e-5, "alpha": 0.99, "eps": 1e-8}),
    "wgan_gp": (torch.optim.Adam, {"lr": 1e-4, "betas": (0.0, 0.9), "eps": 1e-8}),
    "patchgan": ADAM_HALF,
    "cyclegan": ADAM_HALF,
}
Player = nn.Module | Generators | Discriminators


def make_optimizer(system: str, player: Player, **changes) -> torch.optim.Optimizer:
    """The paper's optimiser for one player, of one network or two; `changes` replace its keywords."""
    kind, keywords = OPTIMIZERS[system]
    networks = [player] if isinstance(player, nn.Module) else player
    return kind([p for net in networks for p in net.parameters()], **{**keywords, **changes})


def make_optimizers(system: str, generator: Player, discriminator: Player, **changes) -> Optimizers:
    """The paper's optimiser for both players."""
    return Optimizers(*(make_optimizer(system, player, **changes) for player in (generator, discriminator)))


# ----------------------------------------------------------------------------------------- moves


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Gradients pass through the networks, but none is made for their parameters."""
    held = [p for net in networks for p in net.parameters() if p.requires_grad]
    for p in held:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p in held:
            p.requires_grad_(True)


def move(optimizer: torch.optim.Optimizer, loss: Tensor) -> Tensor:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


@torch.no_grad()
def constants(generator: nn.Module, z: Tensor) -> Tensor:
    """G(z) as D's moves see it."""
    return generator(z)


def generator_move(generator, discriminator, optimizer, z, loss: Callable[[Tensor], Tensor]) -> Tensor | None:
    if z is None:
        return None
    with frozen(discriminator):
        return move(optimizer, loss(discriminator(generator(z))))


@torch.no_grad()
def clip_weights(net: nn.Module, limit: float) -> None:
    """All parameters, BatchNorm's too, into [-limit, limit]; running statistics stay."""
    for p in net.parameters():
        p.clamp_(-limit, limit)


# ------------------------------------------------------------------------------------ iterations
# Each iteration takes the players, their `Optimizers`, one batch of images and one of latents for
# every move of the discriminator, and the latents of the generator's one move (None: it does not
# move, as WGAN-GP's at iteration 0). Networks run in the mode they are in, BatchNorm statistics of
# D's real batch and of its fakes apart; fakes are constants to D.


def gan_iteration(generator, discriminator, optimizers, reals, z_disc, z_gen, *, gen_loss=non_saturating_gen) -> Losses:
    disc = []
    for x, z in zip(reals, z_disc, strict=True):
        fake = constants(generator, z)
        disc.append(move(optimizers.disc, gan_disc(discriminator(x), discriminator(fake))))
    return Losses(disc, generator_move(generator, discriminator, optimizers.gen, z_gen, gen_loss))


def dcgan_iteration(generator, discriminator, optimizers, reals, z_disc, z_gen) -> Losses:
    """As the tutorial: gradients of D on real, then on fake, are added up.

    The tutorial keeps its fakes for G's move; z_gen = z_disc[-1] comes to the same weights.
    """
    disc = []
    for x, z in zip(reals, z_disc, strict=True):
        optimizers.disc.zero_grad()
        loss_real = bce(discriminator(x), 1.0)
        loss_real.backward()
        loss_fake = bce(discriminator(constants(generator, z)), 0.0)
        loss_fake.backward()
        optimizers.disc.step()
        disc.append(loss_real.detach() + loss_fake.detach())
    return Losses(disc, generator_move(generator, discriminator, optimizers.gen, z_gen, dcgan_gen))


def lsgan_iteration(generator, discriminator, optimizers, reals, z_disc, z_gen, *, a=0.0, b=1.0, c=1.0) -> Losses:
    disc = []
    for x, z in zip(reals, z_disc, strict=True):
        fake = constants(generator, z)
        disc.append(move(optimizers.disc, lsgan_disc(discriminator(x), discriminator(fake), a, b)))
    return Losses(disc, generator_move(generator, discriminator, optimizers.gen, z_gen, partial(lsgan_gen, c=c)))


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
        fake = constants(generator, z)
        disc.append(move(optimizers.disc, wgan_disc(discriminator(x), discriminator(fake))))
        if clip_when == "after":
            clip_weights(discriminator, clip)
    return Losses(disc, generator_move(generator, discriminator, optimizers.gen, z_gen, wgan_gen))


def wgan_gp_iteration(
    generator, discriminator, optimizers, reals, z_disc, z_gen, eps, *, weight=10.0, tiny=0.0
) -> Losses:
    """`eps`: one tensor (batch,) per critic move. z_gen may hold another number of latents."""
    disc = []
    for x, z, e in zip(reals, z_disc, eps, strict=True):
        fake = constants(generator, z)
        loss = wgan_disc(discriminator(x), discriminator(fake))
        loss = loss + weight * gradient_penalty(discriminator, x, fake, e, tiny)
        disc.append(move(optimizers.disc, loss))
    return Losses(disc, generator_move(generator, discriminator, optimizers.gen, z_gen, wgan_gen))


# ---------------------------------------------------------------------------- from image to image


def patchgan_iteration(discriminator, optimizer, reals: Tensor, fakes: Tensor) -> Tensor:
    """One move of a patch discriminator against given fakes; its loss before that move."""
    return move(optimizer, lsgan_disc(discriminator(reals), discriminator(fakes.detach())))


def cyclegan_iteration(
    generators: Generators,
    discriminators: Discriminators,
    optimizers: Optimizers,
    a: Tensor,
    b: Tensor,
    *,
    cycle: float = 10.0,
    identity: float = 0.5,
) -> Losses:
    """Both generators at once, then both discriminators at once on that forward pass's fakes; no pool of old ones."""
    ab, ba = generators.ab, generators.ba
    with frozen(discriminators.a, discriminators.b):
        fake_b, fake_a = ab(a), ba(b)
        loss = square(discriminators.b(fake_b), 1.0) + square(discriminators.a(fake_a), 1.0)
        loss = loss + cycle * (F.l1_loss(ba(fake_b), a) + F.l1_loss(ab(fake_a), b))
        if identity:
            loss = loss + cycle * identity * (F.l1_loss(ab(b), b) + F.l1_loss(ba(a), a))
        gen = move(optimizers.gen, loss)
    loss = lsgan_disc(discriminators.a(a), discriminators.a(fake_a.detach()))
    loss = loss + lsgan_disc(discriminators.b(b), discriminators.b(fake_b.detach()))
    return Losses([move(optimizers.disc, loss)], gen)
