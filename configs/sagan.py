"""SAGAN (Zhang et al. 2019). The default draws 32-px avatars by the colour of their hair, on a CPU.

    python -m ganjax.main --config=configs/sagan.py
    python -m ganjax sample --workdir=runs/sagan --label=all

Beside the paper: an eighth of the channels, 32 images, rates of 10⁻³ and 2·10⁻³, attention at 16 px, and an average of G.
0.16 s a step on one of two busy CPU cores; faces by hair after 1800 steps, 4½ minutes, 3 seeds (experiments/large_scale).

Variants: imagenet128 is the official code's default, with attention at 32 px; attention64 the other of its graphs, the networks
that later work calls SAGAN.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def imagenet128(config: ConfigDict) -> None:
    """A million steps of 256 images, in class folders of yours."""
    config.generator = call(
        "nets.sagan.generator", size=128, channels=64, classes=1000, attention=(32,), dtype="float32", remat=False
    )
    config.critic = call(
        "nets.sagan.critic", size=128, channels=64, classes=1000, attention=(32,), dtype="float32", remat=False
    )
    config.gan.update(latent_dim=128, classes=1000)
    _adam(config, 1e-4, 4e-4)
    config.data.update(name="folder", image_size=128, channels=3)
    config.train.update(steps=1_000_000, batch_size=256, ema_decay=0.0)


def attention64(config: ConfigDict) -> None:
    """imagenet128 with attention at 64 px."""
    imagenet128(config)
    config.generator.attention = config.critic.attention = (64,)


def _adam(config: ConfigDict, gen_rate: float, disc_rate: float) -> None:
    config.gen_opt = call("optax.adam", learning_rate=gen_rate, b1=0.0, b2=0.9)
    config.disc_opt = call("optax.adam", learning_rate=disc_rate, b1=0.0, b2=0.9)


VARIANTS = {f.__name__: f for f in (imagenet128, attention64)}


def get_config(variant: str = "") -> ConfigDict:
    config = base("sagan")
    config.gan.update(latent_dim=128, classes=11)
    common = {"size": 32, "channels": 8, "classes": 11, "attention": (16,), "dtype": "float32"}
    config.generator = call("nets.sagan.generator", **common, widths=(8, 8, 4, 2))
    config.critic = call("nets.sagan.critic", **common, widths=(2, 4, 8, 8), halvings=3)
    config.schedule.n_critic = 1
    _adam(config, 1e-3, 2e-3)
    config.data.update(name="avatars", image_size=32, channels=3)
    config.train.update(steps=2000, batch_size=32, ema_decay=0.99)
    return pick(VARIANTS, variant, config)
