"""Unsupervised Image-to-Image Translation Networks (Liu, Breuel & Kautz 2017, arXiv:1703.00848).

    q_a(z | a) = N(E_a(a), I),  E_a and E_b end in layers, G_a and G_b begin with layers that are the same (one latent space)
    D_b minimises  λ0 [−E log D_b(b) − E log(1 − D_b(G_b(z_a)))],  D_a likewise                            (eq. 5)
    E, G minimise, of both domains,
        λ0 · −E log D_b(G_b(z_a))                                                                           (eq. 5)
        + λ1 E KL(E_a(a)) + λ2 E ‖G_a(z_a) − a‖₁                                                    (eq. 3, the VAE)
        + λ3 E [KL(E_a(a)) + KL(E_b(G_b(z_a)))] + λ4 E ‖G_a(z_aba) − a‖₁,  z_aba ~ q_b(z | G_b(z_a))       (eq. 7)
    KL(μ) = mean μ²,  ‖·‖₁ a mean over pixels;  λ0 = 10, λ1 = λ3 = 0.1, λ2 = λ4 = 100

Networks: gen {encoder_a, encoder_b, generator_a, generator_b, and encode, decode where layers are shared}, disc {a, b}. D
first; Adam 10⁻⁴, β₁ = ½, weight decay 10⁻⁴ in the gradient; batch 1. Translations decode the mean, without noise.

Deviations: 1. As the official code has all of these, KL is mean μ², where KL(N(μ, I) ‖ N(0, I)) is ½ ‖μ‖² summed over the
latents. 2. λ3 weighs the second KL alone, as λ1 has the first. 3. −log D where eq. 5 has log(1 − D).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Tree
from ganjax.losses import accuracy, l1_distance, minimax_disc, non_saturating_gen, over_maps
from ganjax.nets.bind import Bound, bind, bound, first_called, record

Objective = Callable[..., jax.Array]


def build(
    encoder: nn.Module,
    generator: nn.Module,
    critic: nn.Module,
    *,
    shared: Any = None,
    gan_weight: float = 10.0,
    kl_weight: float = 0.1,
    likelihood_weight: float = 100.0,
    cycle_kl_weight: float = 0.1,
    cycle_likelihood_weight: float = 100.0,
    disc_objective: Objective = minimax_disc,
    gen_objective: Objective = non_saturating_gen,
) -> Gan:
    """The game of Liu, Breuel & Kautz 2017, λ0 to λ4 in order; ``shared`` is the network of the layers that both domains share,
    once after the encoders and once before the decoders (None: they share none, as in MUNIT's code)."""
    gen = {f"{kind}_{side}": net for kind, net in (("encoder", encoder), ("generator", generator)) for side in "ab"}
    gen |= {"encode": shared, "decode": shared} if shared else {}
    networks = Players(gen, {"a": critic, "b": critic})

    def encoded(gen: dict[str, Bound], side: str, x: jax.Array) -> jax.Array:
        h = gen[f"encoder_{side}"](x)
        mean: jax.Array = gen["encode"](h) if shared else h
        return mean

    def decoded(gen: dict[str, Bound], side: str, z: jax.Array) -> jax.Array:
        image: jax.Array = gen[f"generator_{side}"](gen["decode"](z) if shared else z)
        return image

    def noisy(mean: jax.Array, key: Key) -> jax.Array:
        return mean + jax.random.normal(key, mean.shape)

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        *keys, key = jax.random.split(key, 3)
        gen, D = bind(networks, params, carry, key)
        loss, metrics = jnp.zeros(()), {}
        for way, own in zip(("ab", "ba"), keys, strict=True):
            fake = decoded(gen, way[1], noisy(encoded(gen, way[0], batch[way[0]]), own))
            answers = D[way[1]].each(batch[way[1]], fake)
            loss += gan_weight * over_maps(disc_objective, *answers)
            metrics[f"disc/accuracy_{way[1]}"] = over_maps(accuracy, *answers) / len(jax.tree.leaves(answers[0]))
        return loss, (record(carry, gen, D), metrics)

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        keys, key = jax.random.split(key, 5)[:4], jax.random.split(key, 5)[4]
        gen, D = bind(networks, params, carry, key)
        terms = dict.fromkeys(("adversarial", "kl", "likelihood", "cycle_kl", "cycle"), jnp.zeros(()))
        for way, own, again in (("ab", *keys[:2]), ("ba", *keys[2:])):
            x, mean = batch[way[0]], encoded(gen, way[0], batch[way[0]])
            z = noisy(mean, own)
            fake = decoded(gen, way[1], z)
            mean_of_fake = encoded(gen, way[1], fake)
            terms["adversarial"] += over_maps(gen_objective, D[way[1]](fake))
            terms["kl"] += (mean**2).mean()
            terms["likelihood"] += l1_distance(decoded(gen, way[0], z), x)
            terms["cycle_kl"] += (mean_of_fake**2).mean()
            terms["cycle"] += l1_distance(decoded(gen, way[0], noisy(mean_of_fake, again)), x)
        weights = (gan_weight, kl_weight, likelihood_weight, cycle_kl_weight, cycle_likelihood_weight)
        loss = sum((w * term for w, term in zip(weights, terms.values(), strict=True)), jnp.zeros(()))
        return loss, (record(carry, gen, D), {f"gen/{name}": term / 2 for name, term in terms.items()})

    def init(key: Key, batch: Batch) -> tuple[Players, Players, dict[str, Tree]]:
        def play(gen: Any, D: Any) -> None:
            for side in "ab":
                D[side](decoded(gen, side, encoded(gen, side, batch[side])))

        return *first_called(networks, key, play), {}

    def generate(
        params: Tree, vars: Tree, inputs: Batch, key: Key, train: bool = False
    ) -> tuple[dict[str, jax.Array], Tree]:
        gen = bound(networks.gen, params, vars, key, train)
        ways = [way for way in ("ab", "ba") if way[0] in inputs]
        made = {way[1]: decoded(gen, way[1], encoded(gen, way[0], inputs[way[0]])) for way in ways}
        return made, {name: each.vars for name, each in gen.items()}

    return Gan(init, lambda key, n: {}, disc_loss, gen_loss, generate)
