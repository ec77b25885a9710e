"""Consistency regularisation (Zhang et al. 2020, Zhao et al. 2021). The default is bCR on the 500 avatars of crafted.

    python -m ganjax.main --config=configs/consistency.py

Variants: cr, zcr and icr are the other choices of terms, weights as in the papers; avatars is bCR on all 10,000.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def cr(config: ConfigDict) -> None:
    """Real images alone."""
    config.gan.fake_weight = 0.0


def zcr(config: ConfigDict) -> None:
    """Latents alone."""
    config.gan.update(real_weight=0.0, fake_weight=0.0, disc_latent_weight=20.0, gen_latent_weight=0.5)


def icr(config: ConfigDict) -> None:
    """Images and latents."""
    config.gan.update(disc_latent_weight=20.0, gen_latent_weight=0.5)


def avatars(config: ConfigDict) -> None:
    """All 10,000 avatars, one seed."""
    config.data.held_out = 0
    config.train.num_seeds = 1


VARIANTS = {"cr": cr, "zcr": zcr, "icr": icr, "avatars": avatars}


def get_config(variant: str = "") -> ConfigDict:
    config = base("consistency")
    config.gan.update(latent_dim=100, view=call("augment.diffaugment", policy="flip,translation"), latent_noise=0.05)
    config.gan.update(real_weight=10.0, fake_weight=10.0, disc_latent_weight=0.0, gen_latent_weight=0.0)
    config.generator = call("nets.dcgan.generator", size=32, channels=32)
    config.critic = call("nets.dcgan.critic", size=32, channels=32)
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("optax.adam", learning_rate=2e-4, b1=0.5)
    config.data.update(name="avatars", image_size=32, channels=3, held_out=9500)
    config.train.update(steps=2000, batch_size=64, num_seeds=3, ema_decay=0.995)
    return pick(VARIANTS, variant, config)
