"""Auto-Encoding Variational Bayes (Kingma and Welling 2014, arXiv:1312.6114).

    D minimises  nothing: there is no D, its slot is empty
    G minimises  −ELBO = KL(q(z | x) ‖ N(0, 1)) − E_q log p(x | z)                                           (eq. 3)
    KL = ½ Σ (μ² + s² − 1 − log s²),  q(z | x) = N(μ(x), s²(x)),  z = μ + s ε,  ε ~ N(0, 1)   (appendix B; section 2.4)
    log p(x | z) = log N(x; G(z), σ²) = −½ ‖x − G(z)‖² / σ² − ½ n log 2πσ²,  n values in an image       (appendix C.2)

Encoder and decoder (``generator``) are one player. ELBO and its parts are logged in nats per image, of x in [−1, 1].

Deviations: 1. σ is one number. Left out it is the best of each batch, σ² = the mean of (x − G(z))², which needs no
tuning (Rybkin et al. 2021, arXiv:2006.13202); the paper's Gaussian decoder gives one for each pixel. 2. Convolutions and
Adam in the place of an MLP and Adagrad.
"""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players
from ganjax.nets.bind import autoencoder, bind, record


def build(generator: nn.Module, encoder: nn.Module, *, latent_dim: int = 128, scale: float | None = None) -> Gan:
    """The game of Kingma and Welling 2014, for one player; ``scale`` is σ, None the best of each batch."""
    networks = Players({"encoder": encoder, "generator": generator}, {})

    def inputs(key: Key, n: int) -> Batch:
        return {"z": jax.random.normal(key, (n, latent_dim))}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        del params, batch, key
        return jnp.zeros(()), (carry, {})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        gen, D = bind(networks, params, carry, key)
        E, G = gen["encoder"], gen["generator"]
        x = batch["image"]
        mean, log_variance = E(x)
        z = mean + jnp.exp(log_variance / 2) * jax.random.normal(z_key, mean.shape)
        squared = ((x - G(z)) ** 2).reshape(len(x), -1)
        variance = squared.mean() if scale is None else jnp.asarray(scale**2, x.dtype)
        reconstruction = -(squared / variance + jnp.log(2 * jnp.pi * variance)).sum(axis=1).mean() / 2
        kl = (mean**2 + jnp.exp(log_variance) - 1 - log_variance).sum(axis=1).mean() / 2
        elbo = reconstruction - kl
        metrics = {"gen/elbo": elbo, "gen/kl": kl, "gen/reconstruction": reconstruction, "gen/scale": variance**0.5}
        return -elbo, (record(carry, gen, D), metrics)

    init, generate = autoencoder(networks, inputs)
    return Gan(init, inputs, disc_loss, gen_loss, generate)
