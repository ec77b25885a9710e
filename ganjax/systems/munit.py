"""Multimodal Unsupervised Image-to-Image Translation (Huang et al. 2018, arXiv:1804.04732).

    a has content c_a = E^c_a(a) and style s_a = E^s_a(a);  x_ab = G_b(c_a, s_b),  s_b ~ N(0, I)
    D_b minimises  E (D_b(b) − 1)² + E D_b(x_ab)²,  of each scale,  D_a likewise                           (eq. 4, least squares)
    E, G minimise, of both directions,
        E (D_b(x_ab) − 1)²
        + λ_x E ‖G_a(c_a, s_a) − a‖₁                                                               (eq. 1, λ_x = 10)
        + λ_c E ‖E^c_b(x_ab) − c_a‖₁ + λ_s E ‖E^s_b(x_ab) − s_b‖₁                              (eq. 2, 3, λ_c = λ_s = 1)
        + λ_cyc E ‖G_a(E^c_b(x_ab), s_a) − a‖₁                                   (section 5.1, style-augmented; 0 or 10)
        + λ_vgg E ‖IN(VGG(x_ab)) − IN(VGG(a))‖²                                            (section 5.1; may be left out)

Networks: gen {content, style, generator}_{a, b}, disc {a, b}. D first, styles drawn anew; Adam 10⁻⁴, β₁ = ½, weight decay 10⁻⁴
in the gradient, the rate halved every 100,000 steps; batch 1. ‖·‖ are means.

Deviations: 1. Least squares and weights are the official code's, which has no ½ for D. 2. ‖·‖² of VGG's maps is of the last
one: relu5_3 of weights.perceptual.vgg16(at=-1, shifted=True), as there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Tree
from ganjax.losses import accuracy, l1_distance, l2_distance, least_squares_disc, least_squares_gen, over_maps
from ganjax.nets.bind import bind, bound, first_called, record
from ganjax.nets.layers import instance_norm

Perceptual = Callable[[jax.Array], list[jax.Array]]
WAYS = (("a", "b"), ("b", "a"))


def build(
    content: nn.Module,
    style: nn.Module,
    generator: nn.Module,
    critic: nn.Module,
    *,
    style_dim: int = 8,
    image_weight: float = 10.0,
    content_weight: float = 1.0,
    style_weight: float = 1.0,
    cycle_weight: float = 0.0,
    perceptual_weight: float = 0.0,
    perceptual: Perceptual | None = None,
) -> Gan:
    """The game of Huang et al. 2018; ``perceptual`` are maps of VGG, of which the last is compared."""
    kinds = {"content": content, "style": style, "generator": generator}
    networks = Players(
        {f"{kind}_{side}": net for kind, net in kinds.items() for side in "ab"}, {"a": critic, "b": critic}
    )

    def drawn(key: Key, n: int) -> jax.Array:
        return jax.random.normal(key, (n, style_dim))

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        *keys, key = jax.random.split(key, 3)
        gen, D = bind(networks, params, carry, key)
        loss, metrics = jnp.zeros(()), {}
        for (here, there), own in zip(WAYS, keys, strict=True):
            x = batch[here]
            fake = gen[f"generator_{there}"](gen[f"content_{here}"](x), drawn(own, len(x)))
            answers = D[there].each(batch[there], fake)
            loss += over_maps(least_squares_disc, *answers)
            metrics[f"disc/accuracy_{there}"] = over_maps(accuracy, *answers) / len(answers[0])
        return loss, (record(carry, gen, D), metrics)

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        *keys, key = jax.random.split(key, 3)
        gen, D = bind(networks, params, carry, key)
        names = ("adversarial", "image", "content", "style", "cycle", "perceptual")
        terms = dict.fromkeys(names, jnp.zeros(()))
        for (here, there), own in zip(WAYS, keys, strict=True):
            x, s_new = batch[here], drawn(own, len(batch[here]))
            c, s = gen[f"content_{here}"](x), gen[f"style_{here}"](x)
            fake = gen[f"generator_{there}"](c, s_new)
            c_again = gen[f"content_{there}"](fake)
            terms["adversarial"] += over_maps(least_squares_gen, D[there](fake))
            terms["image"] += l1_distance(gen[f"generator_{here}"](c, s), x)
            terms["content"] += l1_distance(c_again, c)
            terms["style"] += l1_distance(gen[f"style_{there}"](fake), s_new)
            terms["cycle"] += l1_distance(gen[f"generator_{here}"](c_again, s), x) if cycle_weight else 0
            terms["perceptual"] += _unlike(perceptual, fake, x) if perceptual else 0
        weights = (1.0, image_weight, content_weight, style_weight, cycle_weight, perceptual_weight)
        loss = sum((w * term for w, term in zip(weights, terms.values(), strict=True)), jnp.zeros(()))
        return loss, (record(carry, gen, D), {f"gen/{name}": term / 2 for name, term in terms.items()})

    def init(key: Key, batch: Batch) -> tuple[Players, Players, dict[str, Tree]]:
        def play(gen: Any, D: Any) -> None:
            for side in "ab":
                x = batch[side]
                D[side](gen[f"generator_{side}"](gen[f"content_{side}"](x), gen[f"style_{side}"](x)))

        return *first_called(networks, key, play), {}

    def generate(
        params: Tree, vars: Tree, inputs: Batch, key: Key, train: bool = False
    ) -> tuple[dict[str, jax.Array], Tree]:
        """Translations of "a" and "b" in a "style" [n, s], in that of "style_image", or in one that is drawn for each."""
        gen, made = bound(networks.gen, params, vars, key, train), {}
        for (here, there), own in zip(WAYS, jax.random.split(key), strict=True):
            if here in inputs:
                s = inputs["style"] if "style" in inputs else drawn(own, len(inputs[here]))
                s = gen[f"style_{there}"](inputs["style_image"]) if "style_image" in inputs else s
                made[there] = gen[f"generator_{there}"](gen[f"content_{here}"](inputs[here]), s)
        return made, {name: each.vars for name, each in gen.items()}

    return Gan(init, lambda key, n: {}, disc_loss, gen_loss, generate)


def _unlike(perceptual: Perceptual, x: jax.Array, y: jax.Array) -> jax.Array:
    """Mean squared distance of what VGG's last maps are without their means and scales: what is left of a change of domain."""
    a, b = (jnp.asarray(instance_norm().apply({}, perceptual(each)[-1])) for each in (x, y))
    return l2_distance(a, b)
