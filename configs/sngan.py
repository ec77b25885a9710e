"""SNGAN with projection (Miyato et al. 2018). The default draws 32-px avatars by the colour of their hair, on a CPU.

    python -m ganjax.main --config=configs/sngan.py
    python -m ganjax sample --workdir=runs/sngan --label=all

Beside the papers: an eighth of the channels, 32 images for both players, one move of D, rates of 10⁻³ that do not fall, and an
average of G. 0.13 s a step on one of two busy CPU cores; faces by hair after 2200 steps, 4½ minutes, 3 seeds
(experiments/large_scale).

Variants: cifar10 and cifar10_plain (told nothing) are the official code's settings, dcgan is SNDCGAN on CIFAR-10, imagenet128 the
projection paper's, on class folders of yours.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def cifar10(config: ConfigDict) -> None:
    """50,000 steps of 64 images, G on 128, n_critic 5, learning rate from 2·10⁻⁴ to 0; the files in --config.data.path."""
    _cifar10(config)
    config.generator = call("nets.sngan.generator", size=32, channels=64, classes=10, dtype="float32")
    config.critic = call("nets.sngan.critic", size=32, channels=32, classes=10, dtype="float32")
    config.gan.classes = 10


def cifar10_plain(config: ConfigDict) -> None:
    """The unconditional one."""
    _cifar10(config)
    config.generator = call("nets.sngan.generator", size=32, channels=64, dtype="float32")
    config.critic = call("nets.sngan.critic", size=32, channels=32, dtype="float32")
    del config.gan.classes


def dcgan(config: ConfigDict) -> None:
    """SNDCGAN, the convolutional networks, unconditional: β = (0.5, 0.999), one move each, as the paper's setting C."""
    cifar10_plain(config)
    config.generator = call("nets.sndcgan.generator", size=32, channels=64)
    config.critic = call("nets.sndcgan.critic", size=32, channels=64)
    config.schedule.n_critic = 1
    _adam(config, 2e-4, 0.5, 0.999, 100_000)
    config.train.steps = 100_000


def imagenet128(config: ConfigDict) -> None:
    """450,000 steps of 64 images, G on 128; learning rate falling from 400,000 on; a folder for each class."""
    config.generator = call("nets.sngan.generator", size=128, channels=64, classes=1000, dtype="float32", remat=False)
    config.critic = call(
        "nets.sngan.critic", size=128, channels=64, classes=1000, wide=False, last_bias=True, dtype="float32"
    )
    config.gan.update(classes=1000, gen_batch=2)
    config.schedule.n_critic = 5
    decay = call("transforms.linear_decay", steps=450_000, start=400_000)
    for who in ("gen_opt", "disc_opt"):
        adam = call("optax.adam", learning_rate=2e-4, b1=0.0, b2=0.9)
        config[who] = call("transforms.scheduled", optimiser=adam, schedule=decay)
    config.data.update(name="folder", image_size=128, channels=3)
    config.train.update(steps=450_000, batch_size=64, ema_decay=0.0)


def _cifar10(config: ConfigDict) -> None:
    config.gan.gen_batch = 2
    config.schedule.n_critic = 5
    _adam(config, 2e-4, 0.0, 0.9, 50_000)
    config.data.update(name="cifar10", image_size=32, channels=3, dequantise=True)
    config.train.update(steps=50_000, batch_size=64, ema_decay=0.0)


def _adam(config: ConfigDict, learning_rate: float, b1: float, b2: float, steps: int) -> None:
    for who in ("gen_opt", "disc_opt"):
        adam = call("optax.adam", learning_rate=learning_rate, b1=b1, b2=b2)
        decay = call("transforms.linear_decay", steps=steps)
        config[who] = call("transforms.scheduled", optimiser=adam, schedule=decay)


VARIANTS = {f.__name__: f for f in (cifar10, cifar10_plain, dcgan, imagenet128)}


def get_config(variant: str = "") -> ConfigDict:
    config = base("sngan")
    config.gan.update(latent_dim=128, classes=11, gen_batch=1)
    config.generator = call(
        "nets.sngan.generator", size=32, channels=8, classes=11, widths=(8, 8, 4, 2), dtype="float32"
    )
    config.critic = call(
        "nets.sngan.critic", size=32, channels=8, classes=11, widths=(2, 4, 8, 8), halvings=3, dtype="float32"
    )
    config.schedule.n_critic = 1
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("optax.adam", learning_rate=1e-3, b1=0.0, b2=0.9)
    config.data.update(name="avatars", image_size=32, channels=3)
    config.train.update(steps=2000, batch_size=32, ema_decay=0.99)
    return pick(VARIANTS, variant, config)
