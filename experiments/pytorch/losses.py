"""Losses of logits or critic values `real` = D(x), `fake` = D(G(z)), each a mean and minimised; gradient penalties."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def bce(logits: Tensor, target: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def square(values: Tensor, target: float) -> Tensor:
    return F.mse_loss(values, torch.full_like(values, target))


def gan_disc(real: Tensor, fake: Tensor, real_label=1.0, fake_label=0.0) -> Tensor:
    return bce(real, real_label) + bce(fake, fake_label)


def minimax_gen(fake: Tensor) -> Tensor:
    return -bce(fake, 0.0)


def non_saturating_gen(fake: Tensor) -> Tensor:
    return bce(fake, 1.0)


dcgan_disc, dcgan_gen = gan_disc, non_saturating_gen


def lsgan_disc(real: Tensor, fake: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    return 0.5 * square(real, b) + 0.5 * square(fake, a)


def lsgan_gen(fake: Tensor, c: float = 1.0) -> Tensor:
    return 0.5 * square(fake, c)


def wgan_disc(real: Tensor, fake: Tensor) -> Tensor:
    return fake.mean() - real.mean()


def wgan_gen(fake: Tensor) -> Tensor:
    return -fake.mean()


def hinge_disc(real: Tensor, fake: Tensor) -> Tensor:
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


hinge_gen = wgan_gen


def relativistic_average_disc(real: Tensor, fake: Tensor) -> Tensor:
    return bce(real - fake.mean(), 1.0) + bce(fake - real.mean(), 0.0)


def relativistic_average_gen(real: Tensor, fake: Tensor) -> Tensor:
    return bce(fake - real.mean(), 1.0) + bce(real - fake.mean(), 0.0)


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
