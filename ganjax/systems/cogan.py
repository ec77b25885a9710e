"""Coupled Generative Adversarial Networks (Liu & Tuzel 2016, arXiv:1606.07536).

    D minimises  −E log D_a(a) − E log(1 − D_a(G_a(z))) − E log D_b(b) − E log(1 − D_b(G_b(z)))
    G minimises  −E log D_a(G_a(z)) − E log D_b(G_b(z))                                            (section 3)
    G = (G_a, G_b) of one θ in all layers but the last,  D = (D_a, D_b) of one in all but the first;  z ~ N(0, I)

Networks: gen is both G in one module, z -> (a, b); disc both D, (a, b) -> (logits, logits): what they share is there once.
D first; Adam 2·10⁻⁴, β₁ = ½, weight decay 5·10⁻⁴ in the gradient.

Deviations: 1. G minimises −log D where the paper has log(1 − D), and means are over the images of both domains together, half of
the sum above, both as the official code does. 2. Its softmax over (fake, real) is a sigmoid of the difference of the two.
"""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Tree
from ganjax.losses import accuracy, minimax_disc, non_saturating_gen
from ganjax.nets.bind import Bound, bind, first_called, record


def build(generator: nn.Module, critic: nn.Module, *, latent_dim: int = 100) -> Gan:
    """The game of Liu & Tuzel 2016; batches have "a" and "b", of which none belong together."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        return {"z": jax.random.normal(key, (n, latent_dim))}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        real, fake = D(batch["a"], batch["b"]), D(*G(**inputs(z_key, len(batch["a"]))))
        metrics = {f"disc/accuracy_{side}": accuracy(*each) for side, *each in zip("ab", real, fake, strict=True)}
        metrics["disc/accuracy"] = (metrics["disc/accuracy_a"] + metrics["disc/accuracy_b"]) / 2
        return minimax_disc(jnp.stack(real), jnp.stack(fake)), (record(carry, G, D), metrics)

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        fake = D(*G(**inputs(z_key, len(batch["a"]))))
        metrics = {"gen/fake_score": nn.sigmoid(jnp.stack(fake)).mean()}
        return non_saturating_gen(jnp.stack(fake)), (record(carry, G, D), metrics)

    def init(key: Key, batch: Batch) -> tuple[Players, Players, dict[str, Tree]]:
        z = inputs(key, len(batch["a"]))
        return *first_called(networks, key, lambda G, D: (G(**z), D(batch["a"], batch["b"]))), {}

    def generate(
        params: Tree, vars: Tree, inputs: Batch, key: Key, train: bool = False
    ) -> tuple[dict[str, jax.Array], Tree]:
        G = Bound(generator, params, vars, key, train)
        a, b = G(**inputs)
        return {"image": jnp.concatenate([a, b], axis=2), "a": a, "b": b}, G.vars

    return Gan(init, inputs, disc_loss, gen_loss, generate)
