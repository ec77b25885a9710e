"""Image-to-Image Translation with Conditional Adversarial Networks (Isola et al. 2017, arXiv:1611.07004).

    D minimises  ½ [−E log D(a, b) − E log(1 − D(a, G(a)))]                                     (eq. 1; the ½: section 3.3)
    G minimises  −E log D(a, G(a)) + λ E ‖b − G(a)‖₁,  λ = 100                                   (eq. 4, non-saturating)
    ‖·‖₁ is a mean over pixels; there is no z: dropout in G is the only noise, at test time too, where BatchNorm goes by the
    test batch (``train=True`` of ``generate``); Adam 2·10⁻⁴, β₁ = ½; batch 1 to 10              (section 3.3)

Networks: gen {ab} is G. D moves first. As in the official code both players see one fake: G answers with the dropout masks
that D has just seen (their key is in the carry), and BatchNorm's running statistics are counted once.

Deviations: 1. G's forward pass is computed again for its own move, from the same parameters, to the same fake. 2. The paper
itself names no decay of the learning rate; configs have the PyTorch code's.
"""

from __future__ import annotations

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Schedule, Step, alternate
from ganjax.losses import accuracy, l1_distance, minimax_disc, non_saturating_gen
from ganjax.nets.bind import bind, record, translators

Objective = Callable[..., jax.Array]


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    l1_weight: float = 100.0,
    adversarial_weight: float = 1.0,
    disc_objective: Objective = minimax_disc,
    gen_objective: Objective = non_saturating_gen,
) -> Gan:
    """The game of Isola et al. 2017; the critic sees a and b as channels of one image."""
    networks = Players({"ab": generator}, critic)

    def pair(a: jax.Array, b: jax.Array) -> jax.Array:
        return jnp.concatenate([a, b], axis=-1)

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        gen, D = bind(networks, params, carry, key)
        a, b = batch["a"], batch["b"]
        real, fake = D.each(pair(a, b), pair(a, gen["ab"](a)))
        carry = record(carry, gen, D)._replace(memory={"noise": jax.random.key_data(key)})
        return disc_objective(real, fake) / 2, (carry, {"disc/accuracy": accuracy(real, fake)})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        gen = bind(networks, params, carry, jax.random.wrap_key_data(carry.memory["noise"])).gen
        D = bind(networks, params, carry, key).disc
        fake_b = gen["ab"].frozen(batch["a"])
        adversarial = gen_objective(D(pair(batch["a"], fake_b)))
        close = l1_distance(batch["b"], fake_b)
        metrics = {"gen/adversarial": adversarial, "gen/l1": close}
        return adversarial_weight * adversarial + l1_weight * close, (record(carry, gen, D), metrics)

    def memory(batch: Batch) -> dict[str, jax.Array]:
        return {"noise": jax.random.key_data(jax.random.key(0))}

    init, generate = translators(networks, lambda batch: pair(batch["a"], batch["b"]), memory)
    return Gan(init, lambda key, n: {}, disc_loss, gen_loss, generate)


def moves(gan: Gan, tx: Players, *, n_critic: int | Schedule = 1) -> Step:
    """``alternate``, on whole batches: one fake serves both players."""
    return alternate(gan, tx, n_critic)
