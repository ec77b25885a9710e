"""High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs (Wang et al. 2018, arXiv:1711.11585).

    D_k minimises  ½ [E (D_k(s, x) − 1)² + E D_k(s, G(s))²],  k = 1, 2, … at scales 1, ½, …       (eq. 3, least squares)
    G minimises  Σ_k E (D_k(s, G(s)) − 1)²
                 + λ Σ_k L_FM(G, D_k),  L_FM = E Σ_i ‖D_k^i(s, x) − D_k^i(s, G(s))‖₁              (eq. 4, 5; λ = 10)
                 + λ Σ_i w_i ‖F_i(x) − F_i(G(s))‖₁,  F_i maps of VGG                              (section 4; may be left out)
    s: classes of pixels, one-hot, with the edges of instances beside them (section 3.3), and, where there is an encoder E, the
    instance means of E(x) (section 3.4); D sees s without those. ‖·‖₁ are means; Adam 2·10⁻⁴, β₁ = ½; batch 1.

Networks: gen {ab: G, encoder: E where there is one}. G and E move first, D then judges the fake of their forward pass, which
is in the carry, as in the official code. G is ``nets.cyclegan.generator`` of four halvings, or the ``enhancer`` around it; for
the latter ``optimizers(fixed_until=n)`` holds G1 still for n steps, then all move (section 3.1).

Deviations: 1. L_FM weighs 4 / layers and 1 / scales, and D's loss ½, as in the official code. 2. G1's moments are kept while
it rests, where the official code starts its Adam anew. 3. Without an image to take looks from they are 0, where the official
code draws from clusters of them. 4. Where VGG19's weights are not at hand, VGG16's stand in (``weights.perceptual``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from ganjax import core
from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Schedule, Step, Tree
from ganjax.losses import accuracy, feature_matching, l1_distance, least_squares_disc, least_squares_gen
from ganjax.nets.bind import Bound, bind, initialise, record
from ganjax.nets.pix2pixhd import boundaries
from ganjax.transforms import rest_until

Perceptual = Callable[[jax.Array], list[jax.Array]]
beside: Callable[[list[jax.Array]], jax.Array] = partial(jnp.concatenate, axis=-1)
VGG_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    encoder: Any = None,
    classes: int = 0,
    feature_weight: float = 10.0,
    perceptual: Perceptual | None = None,
) -> Gan:
    """The game of Wang et al. 2018; batches have "a", whole numbers below ``classes`` or (0) an image, "b", and "instance"
    where there are any; the critic returns the maps of each scale."""
    networks = Players({"ab": generator, **({"encoder": encoder} if encoder else {})}, critic)

    def seen(batch: Batch) -> jax.Array:
        s = jax.nn.one_hot(batch["a"][..., 0], classes) if classes else batch["a"]
        return beside([s, boundaries(batch["instance"])]) if "instance" in batch else s

    def no_looks(s: jax.Array) -> jax.Array:
        return jnp.zeros((*s.shape[:3], encoder.features))

    def drawn(gen: dict[str, Bound], s: jax.Array, batch: Batch) -> jax.Array:
        if encoder is not None:
            s = beside([s, gen["encoder"](batch["b"], batch["instance"]) if "b" in batch else no_looks(s)])
        x_fake: jax.Array = gen["ab"](s)
        return x_fake

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        gen, D = bind(networks, params, carry, key)
        s, x = seen(batch), batch["b"]
        x_fake = drawn(gen, s, batch)
        fake = D(beside([s, x_fake]))
        real = jax.lax.stop_gradient(D(beside([s, x])))
        adversarial = sum((least_squares_gen(maps[-1]) for maps in fake), jnp.zeros(()))
        features = feature_matching(real, fake)
        metrics = {"gen/adversarial": adversarial, "gen/features": features, "gen/l1": l1_distance(x, x_fake)}
        loss = adversarial + feature_weight * features
        if perceptual is not None:
            pairs = zip(VGG_WEIGHTS, perceptual(x), perceptual(x_fake), strict=True)
            metrics["gen/perceptual"] = sum((w * l1_distance(f, g) for w, f, g in pairs), jnp.zeros(()))
            loss += feature_weight * metrics["gen/perceptual"]
        return loss, (record(carry, gen, D)._replace(memory={"fake": x_fake}), metrics)

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        gen, D = bind(networks, params, carry, key)
        s = seen(batch)
        real, fake = (D(beside([s, x])) for x in (batch["b"], carry.memory["fake"]))
        pairs = [(x[-1], y[-1]) for x, y in zip(real, fake, strict=True)]
        loss = sum((least_squares_disc(*pair) / 2 for pair in pairs), jnp.zeros(()))
        return loss, (record(carry, gen, D), {"disc/accuracy": accuracy(*pairs[0])})

    def init(key: Key, batch: Batch) -> tuple[Players, Players, dict[str, Tree]]:
        gen_key, enc_key, disc_key = jax.random.split(key, 3)
        s, x = seen(batch), batch["b"]
        made = {"ab": initialise(generator, gen_key, beside([s, no_looks(s)]) if encoder else s)}
        made |= {"encoder": initialise(encoder, enc_key, x, batch["instance"])} if encoder else {}
        disc = initialise(critic, disc_key, beside([s, x]))
        gen = [{name: each[i] for name, each in made.items()} for i in range(2)]
        return Players(gen[0], disc[0]), Players(gen[1], disc[1]), {"fake": jnp.zeros_like(x)}

    def generate(params: Tree, vars: Tree, inputs: Batch, key: Key, train: bool = False) -> tuple[Batch, Tree]:
        gen = {name: Bound(net, params[name], vars[name], key, train) for name, net in networks.gen.items()}
        return {"b": drawn(gen, seen(inputs), inputs)}, {name: G.vars for name, G in gen.items()}

    return Gan(init, lambda key, n: {}, disc_loss, gen_loss, generate)


def optimizers(gen_tx: Any, disc_tx: Any, *, fixed_until: int = 0) -> Players:
    """G1 within an enhancer stays as it is before step ``fixed_until``."""
    return Players(optax.chain(gen_tx, rest_until("inner", fixed_until)), disc_tx)


def moves(gan: Gan, tx: Players, *, n_critic: int | Schedule = 1) -> Step:
    """G and E on the last of n_critic batches, then n_critic moves of D."""
    disc, gen = core.play("disc", gan.disc_loss, tx.disc), core.play("gen", gan.gen_loss, tx.gen)
    return core.in_groups(lambda n: core.sequence(core.last(n, gen), core.repeat(n, disc)), n_critic)
