"""PyTorch's side: eager, as its users write it, in the memory format that is asked for."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from experiments.benchmark.cases import LATENT, Case
from experiments.pytorch import iterations
from experiments.pytorch import networks as nets

FORMATS = {"channels_last": torch.channels_last, "nchw": torch.contiguous_format}


def networks(case: Case) -> tuple[nn.Module, nn.Module]:
    """(generator, discriminator) of a case."""
    if case.network == "resnet":
        return nets.cifar_generator(case.channels), nets.cifar_discriminator(case.channels)
    penalised = case.system == "wgan_gp"
    return (
        nets.dcgan_generator(case.size, case.channels, LATENT[case.system]),
        nets.dcgan_discriminator(case.size, case.channels, norm=not penalised),
    )


ITERATIONS = {"dcgan": iterations.dcgan_iteration, "wgan_gp": iterations.wgan_gp_iteration}


def start(case: Case, memory: str) -> Callable[[], object]:
    """One iteration."""
    form = FORMATS[memory]
    shape = (case.batch, 3, case.size, case.size)

    def images() -> torch.Tensor:
        return torch.rand(shape).mul(2).sub(1).contiguous(memory_format=form)

    if case.system not in ITERATIONS:
        between = {name: net.to(memory_format=form) for name, net in translators(case).items()}
        return translate(case, between, images(), images())
    generator, discriminator = (net.to(memory_format=form) for net in networks(case))
    optimizers = iterations.make_optimizers(case.system, generator, discriminator)
    reals, play = [images() for _ in range(case.n_critic)], ITERATIONS[case.system]

    def iterate() -> object:
        z = torch.randn(case.n_critic + 1, case.batch, LATENT[case.system]).unbind()
        eps = [torch.rand(case.n_critic, case.batch).unbind()] if case.system == "wgan_gp" else []
        return play(generator, discriminator, optimizers, reals, z[:-1], z[-1], *eps).numbers()

    return iterate


def translators(case: Case) -> dict[str, nn.Module]:
    """The networks of a case between images, by the names that ganjax's side has for them."""
    if case.system == "patchgan":
        return {"d": nets.patch_discriminator(case.channels)}
    generators = {name: nets.cyclegan_generator(case.channels) for name in ("ab", "ba")}
    return generators | {name: nets.patch_discriminator(case.channels) for name in "ab"}


def translate(case: Case, theirs: dict[str, nn.Module], a: torch.Tensor, b: torch.Tensor, **changes: float) -> Callable:
    """One iteration between images, which returns its losses; ``changes`` are the optimisers'."""
    if case.system == "patchgan":
        optimizer = iterations.make_optimizer("patchgan", theirs["d"], **changes)
        return lambda: {"disc": iterations.patchgan_iteration(theirs["d"], optimizer, a, b).item()}
    generators = iterations.Generators(theirs["ab"], theirs["ba"])
    critics = iterations.Discriminators(theirs["a"], theirs["b"])
    optimizers = iterations.make_optimizers("cyclegan", generators, critics, **changes)

    def iterate() -> dict[str, float]:
        disc, gen = iterations.cyclegan_iteration(generators, critics, optimizers, a, b).numbers()
        return {"gen": gen, "disc": disc[0]}

    return iterate
