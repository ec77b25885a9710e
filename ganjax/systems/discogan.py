"""Learning to Discover Cross-Domain Relations with Generative Adversarial Networks (Kim et al. 2017, arXiv:1703.05192).

    D_B minimises  ½ [−E log D_B(b) − E log(1 − D_B(G_AB(a)))],  D_A likewise                              (eq. 9, 10)
    G_AB and G_BA minimise together, of both directions,
        (1 − r) [0.1 · −E log D_B(G_AB(a)) + 0.9 · Σ_l ‖E f_l(b) − E f_l(G_AB(a))‖²]                       (eq. 4, 7)
        + r · E ‖G_BA(G_AB(a)) − a‖²                                                                       (eq. 3)
    f_l the maps of D_B's hidden layers, ‖·‖² a mean over their units and over pixels; r is 0.01 for the first 10,000 steps,
    then ½; D moves at every third step, G at the others (official code); Adam 2·10⁻⁴, β₁ = ½, weight decay 10⁻⁵ in the gradient.

Networks: gen {ab, ba}, disc {a, b}. A step is an iteration: of three, one moves D and two move G. Without ``interval`` (1) both
move at every step, D first.

Deviations: 1. r, both weights and feature matching are the official code's; the paper's eq. 7 is the plain sum of
reconstruction and −log D, which is twice r = ½, weight 1 and no features. 2. ‖·‖² is of images in [0, 1], as there. 3. Only
the player that moves runs its forward passes, so BatchNorm's running statistics count fewer batches.
"""

from __future__ import annotations

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax import core
from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Schedule, Step
from ganjax.losses import accuracy, l2_distance, minimax_disc, non_saturating_gen
from ganjax.nets.bind import bind, record, translators
from ganjax.nets.layers import unit_range


def two_phases(first: float = 0.01, then: float = 0.5, until: int = 10_000) -> Schedule:
    """r: ``first`` before step ``until``, ``then`` from there on."""
    return lambda step: jnp.where(step < until, jnp.float32(first), jnp.float32(then))


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    rate: Callable[[jax.Array], jax.Array] | float = 0.5,
    adversarial_weight: float = 0.1,
    feature_weight: float = 0.9,
) -> Gan:
    """The game of Kim et al. 2017; ``rate`` is r, a number or a function of the step (``two_phases()``); the critic returns
    (logits, maps)."""
    networks = Players({"ab": generator, "ba": generator}, {"a": critic, "b": critic})

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        gen, D = bind(networks, params, carry, key)
        fakes = {"b": gen["ab"](batch["a"]), "a": gen["ba"](batch["b"])}
        logits = {side: (D[side](batch[side])[0], D[side](fakes[side])[0]) for side in "ab"}
        loss = sum((minimax_disc(*each) / 2 for each in logits.values()), jnp.zeros(()))
        right = {f"disc/accuracy_{side}": accuracy(*each) for side, each in logits.items()}
        mean = (right["disc/accuracy_a"] + right["disc/accuracy_b"]) / 2
        return loss, (record(carry, gen, D), {**right, "disc/accuracy": mean})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        gen, D = bind(networks, params, carry, key)
        r = rate(carry.step) if callable(rate) else rate
        adversarial = features = reconstruction = jnp.zeros(())
        for there, back in (("ab", "ba"), ("ba", "ab")):
            x, y = batch[there[0]], batch[there[1]]
            fake = gen[there](x)
            reconstruction += l2_distance(unit_range(gen[back](fake)), unit_range(x))
            (_, real_maps), (logits, fake_maps) = D[there[1]](y), D[there[1]](fake)
            adversarial += non_saturating_gen(logits)
            features += matched(real_maps, fake_maps) if feature_weight else 0
        loss = (1 - r) * (adversarial_weight * adversarial + feature_weight * features) + r * reconstruction
        metrics = {"gen/adversarial": adversarial, "gen/features": features, "gen/reconstruction": reconstruction}
        return loss, (record(carry, gen, D), metrics)

    init, generate = translators(networks, lambda batch: {side: batch[side] for side in "ab"})
    return Gan(init, lambda key, n: {}, disc_loss, gen_loss, generate)


def matched(real: list[jax.Array], fake: list[jax.Array]) -> jax.Array:
    """Σ_l ‖E f_l(x) − E f_l(G(z))‖², means over the batch first.  Salimans et al. 2016, section 3.1, of several layers."""
    return sum((l2_distance(f.mean(axis=0), g.mean(axis=0)) for f, g in zip(real, fake, strict=True)), jnp.zeros(()))


def moves(gan: Gan, tx: Players, *, n_critic: int | Schedule = 1, interval: int = 3) -> Step:
    """D at steps 0, ``interval``, 2 · ``interval``, …, both G at the others; at interval 1 D, then both G, at each."""
    disc, gen = core.play("disc", gan.disc_loss, tx.disc), core.play("gen", gan.gen_loss, tx.gen)

    def turns(n: int) -> Step:
        each = core.repeat(n, disc), core.last(n, gen)
        if interval == 1:
            return core.sequence(*each)
        return core.sequence(core.every(interval, each[0]), core.every(lambda step: step % interval != 0, each[1]))

    return core.in_groups(turns, n_critic)
