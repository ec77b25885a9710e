"""Large Scale GAN Training for High Fidelity Natural Image Synthesis (Brock et al. 2019, arXiv:1809.11096): BigGAN, BigGAN-deep.

    D minimises  E max(0, 1 − D(x, y)) + E max(0, 1 + D(G(z, y'), y'))                                     (as SAGAN)
    G minimises  −E D(G(z, y'), y') + R_β,   R_β(W) = β ‖WᵀW ∘ (1 − I)‖²_F for each weight but the embedding    (eq. 3)
    z ~ N(0, 1)¹²⁰, y' uniform; batch 2048, D moves twice; Adam, β = (0, 0.999), G 5·10⁻⁵, D 2·10⁻⁴; average 0.9999
    What they tried against collapse: γ/2 E ‖∇D(x)‖² (section 4.2), dropout in D (nets/biggan.py), and after each of G's
    updates  W ← W − max(0, σ₀ − σ_clamp) v₀ u₀ᵀ                                                            (section 4.1)

Differs from sagan: the networks (skip-z, a shared embedding, orthogonal beginnings), the batch, two moves of D, R_β.

Deviations: 1. The PyTorch code adds β · 2 (WWᵀ ∘ (1 − I)) W to G's gradient, half of R_β's: β = 10⁻⁴ here is 2·10⁻⁴ there.
2. A move's gradient is the mean over ``accumulate`` parts of a batch, and BatchNorm sees one part, as in that code; the paper
normalised over the whole batch. 3. σ_clamp's vectors take one step of the power iteration an update.
"""

from __future__ import annotations

import flax.linen as nn
import jax
import optax

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players
from ganjax.losses import accuracy, hinge_disc, wasserstein_gen
from ganjax.nets.bind import bind, noise_to_image, record
from ganjax.penalties import orthogonal, r1
from ganjax.transforms import clamp_singular_values


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    latent_dim: int = 120,
    classes: int = 1000,
    orthogonal_weight: float = 0.0,
    penalty_weight: float = 0.0,
) -> Gan:
    """The game of Brock et al. 2019; ``orthogonal_weight`` is β, ``penalty_weight`` γ, each absent where it is 0."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        z_key, label_key = jax.random.split(key)
        z = jax.random.normal(z_key, (n, latent_dim))
        return {"z": z, "label": jax.random.randint(label_key, (n,), 0, classes)}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        x, y, drawn = batch["image"], batch["label"], inputs(z_key, len(batch["image"]))
        real, fake = D.together((x, y), (G(**drawn), drawn["label"]))
        loss, metrics = hinge_disc(real, fake), {"disc/real_score": real.mean(), "disc/fake_score": fake.mean()}
        if penalty_weight:
            slope = r1(lambda x: D.frozen(x, y), x).mean()
            loss, metrics = loss + penalty_weight / 2 * slope, {**metrics, "disc/slope": slope}
        return loss, (record(carry, G, D), {**metrics, "disc/accuracy": accuracy(real, fake)})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        drawn = inputs(z_key, len(batch["image"]))
        fake = D(G(**drawn), drawn["label"])
        loss, metrics = wasserstein_gen(fake), {"gen/fake_score": fake.mean()}
        if orthogonal_weight:
            between = orthogonal({name: tree for name, tree in params.gen.items() if name != "shared"})
            loss, metrics = loss + orthogonal_weight * between, {**metrics, "gen/orthogonal": between}
        return loss, (record(carry, G, D), metrics)

    init, generate = noise_to_image(generator, critic, inputs, ("label",))
    return Gan(init, inputs, disc_loss, gen_loss, generate)


def optimizers(
    gen_tx: optax.GradientTransformation,
    disc_tx: optax.GradientTransformation,
    clamp: float | None = None,
    clamp_ratio: float | None = None,
    part: str = "",
) -> Players:
    """G's σ₀ of weights whose path has ``part`` in it kept at σ_clamp = ``clamp``, or ``clamp_ratio`` · σ₁ (section 4.1)."""
    if clamp is None and clamp_ratio is None:
        return Players(gen_tx, disc_tx)
    return Players(optax.chain(gen_tx, clamp_singular_values(clamp, clamp_ratio, part)), disc_tx)
