"""StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image Translation (Choi et al. 2018,
arXiv:1711.09020).

    D minimises  −E D_src(x) + E D_src(G(x, c)) + λ_gp E (‖∇D_src(x̂)‖₂ − 1)² + λ_cls E −log D_cls(c' | x)         (eq. 8, 5, 2)
    G minimises  −E D_src(G(x, c)) + λ_cls E −log D_cls(c | G(x, c)) + λ_rec E ‖x − G(G(x, c), c')‖₁          (eq. 6, 3, 4)
    c' are the attributes of x, c those of another image of the batch; λ_cls = 1, λ_rec = λ_gp = 10; ‖·‖₁ is a mean.
    Several data sets: G reads what is known of c, zeros for the rest, and one number for each set that c is of  (section 3.3)

Networks: gen (x, c) -> image, disc x -> (values of patches, logits of attributes). Five moves of D to one of G; Adam 10⁻⁴,
β₁ = ½, falling linearly to 0 in the second half; batch 16.

Deviations: 1. The gradient of the penalty is of the sum over patches, as in the official code. 2. Attributes of two values
pay a sigmoid's cross-entropy, of more values a softmax's, each summed over attributes: the official code has the first for
CelebA and the second for RaFD. 3. Instance norm sees each image alone at test time too. 4. c may be of another data set than x.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax import core
from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Schedule, Step, Tree
from ganjax.losses import accuracy, attribute_cross_entropy, l1_distance, wasserstein_disc, wasserstein_gen
from ganjax.nets.attributes import likeliest, planes
from ganjax.nets.bind import Bound, bind, first_called, record
from ganjax.penalties import gradient_penalty, interpolate

Objective = Callable[..., jax.Array]


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    values: Sequence[int],
    sets: Sequence[int] = (),
    class_weight: float = 1.0,
    reconstruction_weight: float = 10.0,
    penalty_weight: float = 10.0,
    disc_objective: Objective = wasserstein_disc,
    gen_objective: Objective = wasserstein_gen,
) -> Gan:
    """The game of Choi et al. 2018; batches have "image" and "attribute", whole numbers, of which number i has ``values[i]``
    values and is known in data set ``sets[i]`` alone (left out: there is one set), else −1."""
    networks = Players(generator, critic)

    def read(attribute: jax.Array) -> jax.Array:
        c = planes(attribute, values)
        known = [(attribute[:, sets.index(each)] >= 0).astype(c.dtype)[:, None] for each in sorted(set(sets))]
        return jnp.concatenate([c, *known], axis=1)

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        target_key, eps_key, key = jax.random.split(key, 3)
        G, D = bind(networks, params, carry, key)
        x, own = batch["image"], batch["attribute"]
        x_fake = G(x, read(jax.random.permutation(target_key, own)))
        (real, logits), (fake, _) = D.each(x, x_fake)
        classes = attribute_cross_entropy(logits, own, values)
        metrics = {"disc/classes": classes, "disc/accuracy": accuracy(real, fake)}
        loss = disc_objective(real, fake) + class_weight * classes
        if penalty_weight:
            x_hat = interpolate(eps_key, x, x_fake)
            metrics["disc/penalty"] = gradient_penalty(lambda x: D.frozen(x)[0], x_hat).mean()
            loss += penalty_weight * metrics["disc/penalty"]
        return loss, (record(carry, G, D), metrics)

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        target_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        x, own = batch["image"], batch["attribute"]
        wanted = jax.random.permutation(target_key, own)
        x_fake = G(x, read(wanted))
        fake, logits = D(x_fake)
        adversarial, classes = gen_objective(fake), attribute_cross_entropy(logits, wanted, values)
        reconstruction = l1_distance(x, G(x_fake, read(own)))
        loss = adversarial + class_weight * classes + reconstruction_weight * reconstruction
        metrics = {"gen/adversarial": adversarial, "gen/classes": classes, "gen/reconstruction": reconstruction}
        return loss, (record(carry, G, D), metrics)

    def init(key: Key, batch: Batch) -> tuple[Players, Players, dict[str, Tree]]:
        x = batch["image"]
        return *first_called(networks, key, lambda G, D: (G(x, read(batch["attribute"])), D(x))), {}

    def generate(
        params: Tree, vars: Tree, inputs: Batch, key: Key, train: bool = False
    ) -> tuple[dict[str, jax.Array], Tree]:
        G = Bound(generator, params, vars, key, train)
        return {"image": G(inputs["image"], read(inputs["attribute"]))}, G.vars

    def recognise(params: Tree, vars: Tree, images: jax.Array) -> jax.Array:
        return likeliest(Bound(critic, params, vars, jax.random.key(0), train=False)(images)[1], values)

    return Gan(init, lambda key, n: {}, disc_loss, gen_loss, generate, recognise)


def moves(gan: Gan, tx: Players, *, n_critic: int | Schedule = 5, accumulate: int = 1) -> Step:
    """``alternate`` with five moves of D."""
    return core.alternate(gan, tx, n_critic, accumulate)
