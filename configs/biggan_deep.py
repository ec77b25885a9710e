"""BigGAN-deep (Brock et al. 2019, appendix B). The default is a small one: 32-px avatars by the colour of their hair, on a CPU.

    python -m ganjax.main --config=configs/biggan_deep.py

The game is BigGAN's; the networks are deeper and narrower between. Variants: 128, 256, 512 are the paper's, on class folders of
yours, batch 2048 in 8 parts; hub128, hub256, hub512 the networks of the published TF-Hub generators, which end with 128 maps.
"""

from collections.abc import Callable

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def large(size: int, **generator: int) -> Callable[[ConfigDict], None]:
    """The paper's, at a size: 128 channels, z of 128 numbers for all blocks."""

    def variant(config: ConfigDict) -> None:
        common = {
            "size": size,
            "channels": 128,
            "classes": 1000,
            "attention": (64,),
            "dtype": "float32",
            "remat": False,
        }
        config.generator = call("nets.biggan_deep.generator", **{**common, "shared": 128, "maps": 3, **generator})
        config.critic = call("nets.biggan_deep.critic", **common)
        config.gan.update(latent_dim=128, classes=1000)
        config.schedule.update(n_critic=2, accumulate=8)
        _adam(config, 5e-5, 2e-4)
        config.data.update(name="folder", image_size=size, channels=3)
        config.train.update(steps=250_000, batch_size=256, ema_decay=0.9999)

    return variant


def _adam(config: ConfigDict, gen_rate: float, disc_rate: float) -> None:
    config.gen_opt = call("optax.adam", learning_rate=gen_rate, b1=0.0, b2=0.999)
    config.disc_opt = call("optax.adam", learning_rate=disc_rate, b1=0.0, b2=0.999)


SIZES = (128, 256, 512)
VARIANTS = {**{str(n): large(n) for n in SIZES}, **{f"hub{n}": large(n, maps=128) for n in SIZES}}


def get_config(variant: str = "") -> ConfigDict:
    config = base("biggan")
    config.gan.update(latent_dim=64, classes=11, orthogonal_weight=1e-4, penalty_weight=0.0)
    common = {"size": 32, "channels": 16, "classes": 11, "attention": (16,), "dtype": "float32"}
    config.generator = call("nets.biggan_deep.generator", **common, widths=(8, 8, 4, 2), shared=32)
    config.critic = call("nets.biggan_deep.critic", **common, widths=(2, 4, 8, 8))
    config.schedule.update(n_critic=1, accumulate=1)
    _adam(config, 1e-3, 1e-3)
    config.data.update(name="avatars", image_size=32, channels=3)
    config.train.update(steps=2000, batch_size=32, ema_decay=0.99)
    return pick(VARIANTS, variant, config)
