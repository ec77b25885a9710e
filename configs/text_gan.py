"""Text to image (Reed et al. 2016). The default draws the embedded 32-px avatars from sentences, on a CPU.

    python -m ganjax.main --config=configs/text_gan.py
    python -m ganjax sample --workdir=runs/text_gan --text="a person with red hair and round glasses"

GAN-CLS: wrong captions, no interpolated ones. Beside the official code: a quarter of the generator's channels, no BatchNorm in
the critic, which would tell it by a batch's mean that its captions are wrong, R1 on real pairs, and an average of G.
0.11 s a step on 2 busy CPU cores, 25 minutes. Seen, 1 seed: hair as asked 99.7 %, skin 98.5 %, glasses 96.3 %
(python -m experiments.text_control). With BatchNorm, without R1 and with one caption a face it was 84, 90 and 60 %.

Variants: vanilla is told no wrong captions; interpolation has both of the paper's; 64 its size; official its widths and training.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def vanilla(config: ConfigDict) -> None:
    """The paper's baseline, GAN: without wrong captions."""
    config.gan.wrong_weight = 0.0


def interpolation(config: ConfigDict) -> None:
    """GAN-INT-CLS: G answers on interpolated captions too."""
    config.gan.interpolation_weight = 1.0


def double(config: ConfigDict) -> None:
    """The paper's 64 px: the avatars at twice their size, four times the work."""
    config.generator.size = config.critic.size = config.data.image_size = 64


def official(config: ConfigDict) -> None:
    """The official code: its widths, rates that halve every 100 epochs of birds, 600 of them, images cut to 64 px of 76.

    Both wrong and interpolated captions. On your own images and embeddings, arrays ``images`` and ``text`` of
    --config.data.path=FILE.npz (docs/data.md).
    """
    config.gan.update(interpolation_weight=1.0, penalty_weight=0.0)
    config.generator = call("nets.text_gan.generator", size=64, channels=128, text_features=128)
    config.critic = call("nets.text_gan.critic", size=64, channels=64, text_features=128)
    halved = call("optax.exponential_decay", init_value=1.0, transition_steps=13_800, decay_rate=0.5, staircase=True)
    for who in ("gen_opt", "disc_opt"):
        adam = call("optax.adam", learning_rate=2e-4, b1=0.5)
        config[who] = call("transforms.scheduled", optimiser=adam, schedule=halved)
    config.data.update(name="npz", image_size=76, crop=64, crop_at="random", flip=True)
    config.train.update(steps=82_800, ema_decay=0.0, sample_every=1000, save_every=2000)


VARIANTS = {"vanilla": vanilla, "interpolation": interpolation, "64": double, "official": official}


def get_config(variant: str = "") -> ConfigDict:
    config = base("text_gan")
    config.gan.update(latent_dim=100, text_dim=1024, wrong_weight=0.5, interpolation_weight=0.0, penalty_weight=1.0)
    config.generator = call("nets.text_gan.generator", size=32, channels=32, text_features=64, image_channels=3)
    config.critic = call("nets.text_gan.critic", size=32, channels=32, text_features=64, noise=0.0, norm=False)
    for who, rate in (("gen_opt", 2e-4), ("disc_opt", 2e-4)):
        config[who] = call("optax.adam", learning_rate=rate, b1=0.5)
    config.data.update(name="captioned_avatars", image_size=32, channels=3)
    config.train.update(steps=12_000, batch_size=64, ema_decay=0.998)
    return pick(VARIANTS, variant, config)
