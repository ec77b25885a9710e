"""U-GAT-IT: Unsupervised Generative Attentional Networks with Adaptive Layer-Instance Normalization for Image-to-Image
Translation (Kim et al. 2020, arXiv:1907.10830).

    D minimises, each of a domain's global and local one,  λ1 [E (D(b) − 1)² + E D(G(a))² + E (η_D(b) − 1)² + E η_D(G(a))²]
    G: a -> b and F: b -> a minimise together, of both directions,
        λ1 Σ_D [E (D(G(a)) − 1)² + E (η_D(G(a)) − 1)²]                                                    (eq. 3)
        + λ2 E ‖F(G(a)) − a‖₁ + λ3 E ‖G(b) − b‖₁                                                      (eq. 4, 5)
        + λ4 [−E log σ(η(a)) − E log(1 − σ(η(b)))],  η the attention's logits of G at a and at b           (eq. 6)
    λ1 = 1, λ2 = λ3 = 10, λ4 = 1000;  D's attention is under λ1 (eq. 7 as the official code has it), λ4 reaches G's alone.

Networks: gen {ab, ba}, disc {global_a, local_a, global_b, local_b}. D first; Adam 10⁻⁴, β₁ = ½, weight decay 10⁻⁴ in the
gradient, falling linearly to 0 in the second half; ρ stays in [0, 1] (``optimizers``); batch 1.

Deviations: 1. Networks without attention answer 0, whose terms are constants. 2. Heat maps are not normalised here.
"""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Tree
from ganjax.losses import accuracy, binary_cross_entropy, l1_distance, least_squares_disc, least_squares_gen
from ganjax.nets.bind import bind, bound, first_called, record
from ganjax.transforms import keep_in_unit_interval

SCALES = ("global", "local")


def build(
    generator: nn.Module,
    global_critic: nn.Module,
    local_critic: nn.Module,
    *,
    adversarial_weight: float = 1.0,
    cycle_weight: float = 10.0,
    identity_weight: float = 10.0,
    attention_weight: float = 1000.0,
) -> Gan:
    """The game of Kim et al. 2020, λ1 to λ4 in order; networks answer (images or values, logits of the attention, heat map)."""
    critics = {"global": global_critic, "local": local_critic}
    disc = {f"{scale}_{side}": critics[scale] for side in "ab" for scale in SCALES}
    networks = Players({"ab": generator, "ba": generator}, disc)

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        gen, D = bind(networks, params, carry, key)
        loss, metrics = jnp.zeros(()), {}
        for here, there in ("ab", "ba"):
            fake = gen[here + there](batch[here])[0]
            for scale in SCALES:
                judge = D[f"{scale}_{there}"]
                (real_values, real_logits, _), (values, logits, _) = judge(batch[there]), judge(fake)
                loss += least_squares_disc(real_values, values) + least_squares_disc(real_logits, logits)
                metrics[f"disc/accuracy_{scale}_{there}"] = accuracy(real_values, values)
        return adversarial_weight * loss, (record(carry, gen, D), metrics)

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        gen, D = bind(networks, params, carry, key)
        terms = dict.fromkeys(("adversarial", "cycle", "identity", "attention"), jnp.zeros(()))
        for here, there in ("ab", "ba"):
            G, F, x, y = gen[here + there], gen[there + here], batch[here], batch[there]
            (fake, seen, _), (same, unseen, _) = G(x), G(y)
            for scale in SCALES:
                values, logits, _ = D[f"{scale}_{there}"](fake)
                terms["adversarial"] += least_squares_gen(values) + least_squares_gen(logits)
            terms["cycle"] += l1_distance(F(fake)[0], x)
            terms["identity"] += l1_distance(same, y)
            terms["attention"] += binary_cross_entropy(seen, 1.0) + binary_cross_entropy(unseen, 0.0)
        weights = (adversarial_weight, cycle_weight, identity_weight, attention_weight)
        loss = sum((w * term for w, term in zip(weights, terms.values(), strict=True)), jnp.zeros(()))
        return loss, (record(carry, gen, D), {f"gen/{name}": term / 2 for name, term in terms.items()})

    def init(key: Key, batch: Batch) -> tuple[Players, Players, dict[str, Tree]]:
        def play(gen: Tree, D: Tree) -> None:
            for here, there in ("ab", "ba"):
                gen[here + there](batch[here])
                for scale in SCALES:
                    D[f"{scale}_{here}"](batch[here])

        return *first_called(networks, key, play), {}

    def generate(
        params: Tree, vars: Tree, inputs: Batch, key: Key, train: bool = False
    ) -> tuple[dict[str, jax.Array], Tree]:
        """The translations, and as "heat_b", "heat_a" what the attention looked at, [n, h/4, w/4]."""
        gen, made = bound(networks.gen, params, vars, key, train), {}
        for here, there in ("ab", "ba"):
            if here in inputs:
                made[there], _, made[f"heat_{there}"] = gen[here + there](inputs[here])
        return made, {name: each.vars for name, each in gen.items()}

    return Gan(init, lambda key, n: {}, disc_loss, gen_loss, generate)


def optimizers(gen_tx: optax.GradientTransformation, disc_tx: optax.GradientTransformation) -> Players:
    """G's optimiser with ρ kept in [0, 1] after each update (section 2.1.2)."""
    return Players(optax.chain(gen_tx, keep_in_unit_interval("rho")), disc_tx)
