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


def start(case: Case, memory: str) -> Callable[[], None]:
    """One iteration."""
    form = FORMATS[memory]
    if case.system in ("cyclegan", "patchgan"):
        return _translate(case, form)
    generator, discriminator = (net.to(memory_format=form) for net in networks(case))
    optimizers = iterations.make_optimizers(case.system, generator, discriminator)
    shape = (case.batch, 3, case.size, case.size)
    reals = [torch.rand(shape).mul(2).sub(1).contiguous(memory_format=form) for _ in range(case.n_critic)]
    play = {"dcgan": iterations.dcgan_iteration, "wgan_gp": iterations.wgan_gp_iteration}[case.system]

    def iterate() -> None:
        z = torch.randn(case.n_critic + 1, case.batch, LATENT[case.system]).unbind()
        eps = [torch.rand(case.n_critic, case.batch).unbind()] if case.system == "wgan_gp" else []
        play(generator, discriminator, optimizers, reals, z[:-1], z[-1], *eps).numbers()

    return iterate


def _translate(case: Case, form: torch.memory_format) -> Callable[[], None]:
    def net(build: Callable[[int], nn.Module]) -> nn.Module:
        return build(case.channels).to(memory_format=form)

    shape = (case.batch, 3, case.size, case.size)
    a, b = (torch.rand(shape).mul(2).sub(1).contiguous(memory_format=form) for _ in range(2))
    if case.system == "patchgan":
        critic = net(nets.patch_discriminator)
        optimizer = iterations.make_optimizer("patchgan", critic)
        return lambda: iterations.patchgan_iteration(critic, optimizer, a, b).item()
    generators = iterations.Generators(net(nets.cyclegan_generator), net(nets.cyclegan_generator))
    critics = iterations.Discriminators(net(nets.patch_discriminator), net(nets.patch_discriminator))
    optimizers = iterations.make_optimizers("cyclegan", generators, critics)
    return lambda: iterations.cyclegan_iteration(generators, critics, optimizers, a, b).numbers()
