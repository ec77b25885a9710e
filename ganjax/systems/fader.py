"""Fader Networks: Manipulating Images by Sliding Attributes (Lample et al. 2017, arXiv:1706.00409).

    D minimises  −E log P_D(y | E(x)):  which attributes y does the code still show                              (eq. 2)
    E and G minimise  E ‖G(E(x), y) − x‖² − λ_E E log P_D(1 − y | E(x))                                    (eq. 1, 3)
    ‖·‖² is a mean over pixels; λ_E rises from 0 to 10⁻⁴ in 500,000 steps (section 4)

Networks: gen {encoder, generator}, disc the judge of codes: a domain discriminator, D of the common space of two domains, where y
is the domain. D first; Adam 2·10⁻⁴, β₁ = ½, gradients clipped to the norm 5; batch 32.

Deviations: 1. λ_E counts generator updates. 2. D learns of codes with running statistics in E, and E of a D in evaluation
mode, as in the official code. 3. Of more than two values "1 − y" is another value, drawn evenly, likewise.
"""

from __future__ import annotations

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Schedule, Tree
from ganjax.losses import cross_entropy, l2_distance
from ganjax.nets.attributes import one_hot
from ganjax.nets.bind import bind, bound, first_called, record


def ramp(weight: float = 1e-4, steps: int = 500_000) -> Schedule:
    """λ_E: weight · min(t / steps, 1)."""
    return lambda step: jnp.float32(weight) * jnp.minimum(step / steps, 1.0)


def build(
    encoder: nn.Module,
    generator: nn.Module,
    critic: nn.Module,
    *,
    values: Sequence[int],
    reconstruction_weight: float = 1.0,
    latent_weight: float | Schedule = 1e-4,
) -> Gan:
    """The game of Lample et al. 2017; batches have "image" and "attribute", whole numbers, of which number i has ``values[i]``
    values, or −1, unknown; ``latent_weight`` is λ_E, a number or a function of the step (``ramp()``)."""
    networks = Players({"encoder": encoder, "generator": generator}, critic)

    def judged(logits: jax.Array, attribute: jax.Array) -> jax.Array:
        """The cross-entropy of each attribute, summed; an unknown one, −1, adds nothing."""
        total, end = jnp.zeros(()), 0
        for i, n in enumerate(values):
            end += n
            costs = jax.vmap(lambda own, y: cross_entropy(own[None], y[None]))(
                logits[:, end - n : end], attribute[:, i]
            )
            total += jnp.where(attribute[:, i] < 0, 0.0, costs).mean()
        return total

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        _, D = bind(networks, params, carry, key)
        gen = bound(networks.gen, params.gen, carry.vars.gen, key, train=False)
        logits = D(gen["encoder"](batch["image"]))
        return judged(logits, batch["attribute"]), (record(carry, gen, D), {})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        other_key, key = jax.random.split(key)
        gen, _ = bind(networks, params, carry, key)
        D = bound(critic, params.disc, carry.vars.disc, key, train=False)
        x, y = batch["image"], batch["attribute"]
        code = gen["encoder"](x)
        reconstruction = l2_distance(gen["generator"](code, one_hot(y, values)), x)
        n = jnp.asarray(values)
        other = jnp.where(y < 0, y, (y + jax.random.randint(other_key, y.shape, 1, n)) % n)
        hidden = judged(D(code), other)
        rate = latent_weight(carry.step) if callable(latent_weight) else latent_weight
        loss = reconstruction_weight * reconstruction + rate * hidden
        return loss, (record(carry, gen, D), {"gen/reconstruction": reconstruction, "gen/hidden": hidden})

    def init(key: Key, batch: Batch) -> tuple[Players, Players, dict[str, Tree]]:
        def play(gen: Tree, D: Tree) -> None:
            code = gen["encoder"](batch["image"])
            gen["generator"](code, one_hot(batch["attribute"], values)), D(code)

        return *first_called(networks, key, play), {}

    def generate(
        params: Tree, vars: Tree, inputs: Batch, key: Key, train: bool = False
    ) -> tuple[dict[str, jax.Array], Tree]:
        """Of "image" with other attributes: "attribute" [n, k], or "slide" [n, Σ values], any numbers in the place of one-hot."""
        gen = bound(networks.gen, params, vars, key, train)
        y = inputs["slide"] if "slide" in inputs else one_hot(inputs["attribute"], values)
        made = gen["generator"](gen["encoder"](inputs["image"]), y)
        return {"image": made}, {name: each.vars for name, each in gen.items()}

    return Gan(init, lambda key, n: {}, disc_loss, gen_loss, generate)
