"""Both sides compute the same: equal counts of parameters, and equal losses from equal weights, images and noise."""

from __future__ import annotations

import json
import sys
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import torch

from experiments.benchmark import ganjax_side, pytorch_side, translation
from experiments.benchmark.cases import CASES, LATENT, Case
from experiments.pytorch import iterations
from experiments.pytorch.networks import randomise
from experiments.pytorch.weights import convert
from ganjax.core import Carry, Players
from ganjax.nets.conv import library
from ganjax.systems import wgan_gp

SEEN: list[np.ndarray] = []


class Spy(nn.Module):
    """The generator, noting the latents that it is given."""

    inner: nn.Module

    def __call__(self, z: jax.Array, train: bool = True) -> jax.Array:
        if not isinstance(z, jax.core.Tracer):
            SEEN.append(np.asarray(z))
        out: jax.Array = self.inner(z, train=train)
        return out


def losses(name: str) -> dict[str, tuple[float, float]]:
    """{loss: (ganjax, PyTorch)} at the start of a case, with the number of parameters beside them."""
    case = CASES[name]
    torch.manual_seed(0)
    return _between_images(case) if case.system in translation.GAMES else _from_noise(case)


def _from_noise(case: Case) -> dict[str, tuple[float, float]]:
    side = ganjax_side.build(case, Spy)
    theirs = [randomise(net, i) for i, net in enumerate(pytorch_side.networks(case))]
    x = np.asarray(side.batch["image"][0])
    gen, gen_vars = convert(side.networks.gen, np.zeros((2, LATENT[case.system]), np.float32), theirs[0], 4)
    disc, disc_vars = convert(side.networks.disc, x[:2], theirs[1], None, "disc")
    params = Players({"inner": gen}, disc)
    vars = Players({key: {"inner": tree} for key, tree in gen_vars.items()}, disc_vars)
    carry = Carry(jnp.zeros((), jnp.int32), vars, {})
    ours, eps = {}, []

    def noted(key: jax.Array, x: jax.Array, x_fake: jax.Array) -> jax.Array:
        eps.append(torch.tensor(np.asarray(interpolate(key, jnp.zeros((len(x), 1)), jnp.ones((len(x), 1))))[:, 0]))
        return interpolate(key, x, x_fake)

    interpolate = wgan_gp.interpolate
    wgan_gp.interpolate = noted
    SEEN.clear()
    try:
        with library():
            for who, loss in {"disc": side.gan.disc_loss, "gen": side.gan.gen_loss}.items():
                ours[who] = float(loss(params, carry, {"image": jnp.asarray(x)}, jax.random.key(3))[0])
    finally:
        wgan_gp.interpolate = interpolate
    z_disc, z_gen = (torch.tensor(z) for z in SEEN)
    still = iterations.make_optimizers(case.system, *theirs, lr=0.0)  # G answers the D that our loss saw
    play = pytorch_side.ITERATIONS[case.system]
    made = play(*theirs, still, [torch.tensor(x.transpose(0, 3, 1, 2))], [z_disc], z_gen, *([eps] if eps else []))
    disc_value, gen_value = made.numbers()
    return {
        "disc": (ours["disc"], disc_value[0]),
        "gen": (ours["gen"], gen_value),
        "parameters": (_count(params), float(sum(p.numel() for net in theirs for p in net.parameters()))),
    }


def _between_images(case: Case) -> dict[str, tuple[float, float]]:
    side = ganjax_side.build(case)
    nets = pytorch_side.translators(case)
    theirs = {name: randomise(net, i) for i, (name, net) in enumerate(nets.items())}
    images = {name: np.asarray(image[0]) for name, image in side.batch.items()}
    slots = [
        {name: convert(net, images["a"], theirs[name], None, who)[0] for name, net in slot.items()}
        for who, slot in zip(("gen", "disc"), side.networks, strict=True)
    ]
    params, batch = Players(*slots), {name: jnp.asarray(x) for name, x in images.items()}
    ours: dict[str, Any] = {}
    with library():
        carry = side.state().carry
        if params.gen:
            ours["gen"], (carry, _) = side.gan.gen_loss(params, carry, batch, jax.random.key(0))
        ours["disc"], _ = side.gan.disc_loss(params, carry, batch, jax.random.key(0))
    a, b = (torch.tensor(images[name].transpose(0, 3, 1, 2)) for name in "ab")
    expected = pytorch_side.translate(case, theirs, a, b, lr=0.0)()
    count = float(sum(p.numel() for net in theirs.values() for p in net.parameters()))
    return {name: (float(ours[name]), expected[name]) for name in ours} | {"parameters": (_count(params), count)}


def _count(params: Any) -> float:
    return float(sum(leaf.size for leaf in jax.tree.leaves(params)))


if __name__ == "__main__":
    print(json.dumps(losses(sys.argv[1])))
