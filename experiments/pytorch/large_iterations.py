"""One iteration of BigGAN in PyTorch, as ajbrock/BigGAN-PyTorch trains: train_fns.py, and `ortho` and `ema` of utils.py.

All randomness comes in as tensors, as in `iterations`; losses are `hinge_disc` and `hinge_gen` of `losses`.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from experiments.pytorch.iterations import Losses, constants, frozen
from experiments.pytorch.losses import hinge_disc, hinge_gen


@torch.no_grad()
def ortho(network: nn.Module, weight: float = 1e-4, skip: Iterable[Tensor] = ()) -> None:
    """Adds weight · 2 (WWᵀ ∘ (1 - I)) W to the gradient of every parameter of two axes or more but those in `skip`.

    W is (first axis, the rest), as stored, before spectral normalisation. The factor is the repository's: half the
    gradient of weight · ‖WWᵀ ∘ (1 - I)‖².
    """
    skipped = {id(p) for p in skip}
    for p in network.parameters():
        if p.dim() < 2 or id(p) in skipped:
            continue
        w = p.flatten(1)
        between = w @ w.T
        between.fill_diagonal_(0)
        p.grad += weight * 2 * (between @ w).reshape(p.shape)


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, decay: float = 0.9999) -> None:
    """average = decay · average + (1 - decay) · network, running statistics and vectors u too; 0 copies."""
    now = network.state_dict()
    for key, value in average.state_dict().items():
        value.copy_(decay * value + (1 - decay) * now[key])


def big_disc_loss(gen: nn.Module, disc: nn.Module, x: Tensor, y: Tensor, z: Tensor, gy: Tensor) -> Tensor:
    """Fakes, constants to D, and reals behind them judged in one pass: one power iteration."""
    fake = constants(lambda z: gen(z, gy), z)
    scores = disc(torch.cat([fake, x]), torch.cat([gy, y]))
    return hinge_disc(scores[len(fake) :], scores[: len(fake)])


def big_gen_loss(gen: nn.Module, disc: nn.Module, z: Tensor, gy: Tensor) -> Tensor:
    return hinge_gen(disc(gen(z, gy), gy))


def big_step(
    gen: nn.Module,
    disc: nn.Module,
    gen_optimizer: torch.optim.Optimizer,
    disc_optimizer: torch.optim.Optimizer,
    x: Tensor,
    y: Tensor,
    zs: Sequence[Tensor],
    gys: Sequence[Tensor],
    accumulate: int = 1,
    num_d_steps: int = 1,
    gen_ortho: float = 0.0,
    average: nn.Module | None = None,
    decay: float = 0.9999,
) -> Losses:
    """`num_d_steps` moves of D, then one of G, each on the mean gradient of `accumulate` passes.

    x (num_d_steps · accumulate · batch, 3, h, w) and its labels y are cut in order; zs and gys hold the latents and
    labels of every pass, D's (num_d_steps · accumulate, of the batch's size) and then G's (accumulate, of any
    size). Networks run in the mode they are in: in training mode every pass moves the running statistics and the
    vectors u, D's too while G learns. A loss is the mean of its move's passes. The state dict `average` follows G.
    """
    passes = num_d_steps * accumulate
    if len(zs) != passes + accumulate:
        raise ValueError(
            f"{passes} passes of D and {accumulate} of G take {passes + accumulate} latents, not {len(zs)}"
        )
    size = len(x) // passes
    shown = list(zip(x.split(size), y.split(size), zs[:passes], gys[:passes], strict=True))
    disc_losses = []
    for start in range(0, passes, accumulate):
        batches = shown[start : start + accumulate]
        disc_optimizer.zero_grad()
        disc_losses.append(accumulated((big_disc_loss(gen, disc, *batch) for batch in batches), accumulate))
        disc_optimizer.step()
    gen_optimizer.zero_grad()
    with frozen(disc):
        latents = zip(zs[passes:], gys[passes:], strict=True)
        gen_loss = accumulated((big_gen_loss(gen, disc, z, gy) for z, gy in latents), accumulate)
    if gen_ortho:
        ortho(gen, gen_ortho, skip=gen.shared.parameters())
    gen_optimizer.step()
    if average is not None:
        follow(average, gen, decay)
    return Losses(disc_losses, gen_loss)


def accumulated(losses: Iterable[Tensor], n: int) -> Tensor:
    """The mean of n losses; the gradient of one is added before the next is computed."""
    parts = []
    for loss in losses:
        (loss / n).backward()
        parts.append(loss.detach() / n)
    return torch.stack(parts).sum()
