"""Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks (Zhu et al. 2017, arXiv:1703.10593).

    D_b minimises  ½ [E (D_b(b) − 1)² + E D_b(G(a))²],  D_a likewise                                     (section 4)
    G: a -> b and F: b -> a minimise together
        E (D_b(G(a)) − 1)² + E (D_a(F(b)) − 1)²                                                          (eq. 1)
        + λ [E ‖F(G(a)) − a‖₁ + E ‖G(F(b)) − b‖₁]                                                        (eq. 2, λ = 10)
        + ½ λ [E ‖G(b) − b‖₁ + E ‖F(a) − a‖₁]                                                  (section 5.2, identity)
    ‖·‖₁ is a mean over pixels; D is shown the images of a pool of 50; Adam 2·10⁻⁴, β₁ = ½, falling linearly to 0 in the
    second half; batch 1.

Networks: gen {ab, ba} is G and F, disc {a, b}. G moves first, as in the official code: the fakes of its forward pass, made
before its update, go through the pool (both in the carry) to D, and no second pass is made. ``order=disc_first`` is the
decks' text: fakes are made for D, then G answers the new D.

Deviations: 1. Several moves of D in a step (``n_critic``) see the same fakes, each through the pool of its own draw. 2. Without
the identity term its forward passes are not made. 3. ``pooled`` averages D's map of an image before the loss, as the decks'
notebook does: (mean D − 1)². 4. The paper's log loss (its eq. 1) are the objectives ``losses.minimax_disc`` and
``losses.non_saturating_gen``. 5. ``channel`` is what a translation passes through on its way back: F(channel(G(a))). Noise
there leaves no room to hide what D does not see (Chu et al. 2017, arXiv:1712.02950); it has no memory.
"""

from __future__ import annotations

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax import core
from ganjax.augment import Augment, nothing
from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Schedule, State, Step
from ganjax.losses import accuracy, l1_distance, least_squares_disc, least_squares_gen
from ganjax.memory import FRESH, Pool
from ganjax.nets.bind import bind, record, translators

Objective = Callable[..., jax.Array]
Order = Callable[[Step, Step, Step], Step]
CLEAR = nothing()


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    generator_ba: nn.Module | None = None,
    cycle_weight: float = 10.0,
    identity_weight: float = 0.5,
    pool: Pool = FRESH,
    pooled: bool = False,
    channel: Augment = CLEAR,
    disc_objective: Objective = least_squares_disc,
    gen_objective: Objective = least_squares_gen,
) -> Gan:
    """The game of Zhu et al. 2017; ``identity_weight`` is a share of ``cycle_weight``, and needs as many channels in a as in
    b; ``generator_ba`` is for domains of different channels."""
    networks = Players({"ab": generator, "ba": generator_ba or generator}, {"a": critic, "b": critic})

    def judged(x: jax.Array) -> jax.Array:
        return x.mean(axis=range(1, x.ndim)) if pooled else x

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        gen, D = bind(networks, params, carry, key)
        G, F, a, b = gen["ab"], gen["ba"], batch["a"], batch["b"]
        (fake_b, *same_b), (fake_a, *same_a) = (G.each(a, b), F.each(b, a)) if identity_weight else ([G(a)], [F(b)])
        identity = l1_distance(same_b[0], b) + l1_distance(same_a[0], a) if identity_weight else jnp.zeros(())
        ways = enumerate((fake_b, fake_a), start=2)  # keys 0 and 1 are bind's
        sent_b, sent_a = (channel.apply((), carry.step, jax.random.fold_in(key, i), x) for i, x in ways)
        cycle = l1_distance(F(sent_b), a) + l1_distance(G(sent_a), b)
        adversarial = gen_objective(judged(D["b"](fake_b))) + gen_objective(judged(D["a"](fake_a)))
        loss = adversarial + cycle_weight * (cycle + identity_weight * identity)
        carry = record(carry, gen, D)
        carry = carry._replace(memory={**carry.memory, "fakes": {"a": fake_a, "b": fake_b}})
        return loss, (carry, {"gen/adversarial": adversarial, "gen/cycle": cycle / 2, "gen/identity": identity / 2})

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        keys = dict(zip("ab", jax.random.split(key, 3)[:2], strict=True))
        gen, D = bind(networks, params, carry, key)
        loss, memory, metrics = jnp.zeros(()), dict(carry.memory), {}
        for side in "ab":
            memory[f"pool_{side}"], x_fake = pool.apply(memory[f"pool_{side}"], keys[side], memory["fakes"][side])
            real, fake = (judged(x) for x in D[side].each(batch[side], x_fake))
            loss += disc_objective(real, fake) / 2
            metrics[f"disc/accuracy_{side}"] = accuracy(real, fake)
        metrics["disc/accuracy"] = (metrics["disc/accuracy_a"] + metrics["disc/accuracy_b"]) / 2
        return loss, (record(carry, gen, D)._replace(memory=memory), metrics)

    def memory(batch: Batch) -> dict[str, core.Tree]:
        fakes = {side: jnp.zeros_like(batch[side]) for side in "ab"}
        return {"fakes": fakes, **{f"pool_{side}": pool.init(batch[side].shape[1:]) for side in "ab"}}

    init, generate = translators(networks, lambda batch: {side: batch[side] for side in "ab"}, memory)
    return Gan(init, lambda key, n: {}, disc_loss, gen_loss, generate)


def gen_first(draw: Step, disc: Step, gen: Step) -> Step:
    """G and F, whose fakes D then sees: the official code's order."""
    del draw
    return core.sequence(gen, disc)


def disc_first(draw: Step, disc: Step, gen: Step) -> Step:
    """Fakes for D, D, then G and F: the decks' order."""
    return core.sequence(draw, disc, gen)


def moves(gan: Gan, tx: Players, *, n_critic: int | Schedule = 1, order: Order = gen_first) -> Step:
    """One move of G and F, on the last of n_critic batches, and n_critic of D."""

    def draw(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
        inputs = {side: batch[side][-1] for side in "ab"}
        fakes, _ = gan.generate(state.params.gen, state.carry.vars.gen, inputs, key, True)
        return state._replace(carry=state.carry._replace(memory={**state.carry.memory, "fakes": fakes})), {}

    disc, gen = core.play("disc", gan.disc_loss, tx.disc), core.play("gen", gan.gen_loss, tx.gen)
    return core.in_groups(lambda n: order(core.last(n, draw), core.repeat(n, disc), core.last(n, gen)), n_critic)
