"""StarGAN (Choi et al. 2018). The default changes the colour of hair and skin and puts glasses on or off, on a CPU.

    python -m ganjax.main --config=configs/stargan.py
    python -m ganjax translate --workdir=runs/stargan --input=PICTURES --output=TRANSLATED --to=blond,glasses

12 minutes on 2 CPU cores (0.36 s a step), 16 on one; seen, 1 seed, 1,000 held-out faces, by a classifier that is right on 98 %
of hair, 100 % of skin and of glasses (python -m experiments.attributes): what is asked for is there in 98.0, 99.5 and 97.6 %
(of single values in 95.9 % at least), the others stay as they were in 97.5 % at least.

Variants: log has the lectures' loss in the place of Wasserstein's; partly knows the hair of one half of the faces and the
glasses of the other, with a mask of which; celeba and rafd are the code's settings at 128 px (8,430,528 and 44,762,048
parameters, or 8,439,936 and 44,786,624) on --config.data.path, with list_attr_celeba.txt or a folder for each expression.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, function, pick
from ganjax.nets.attributes import width


def shown(config: ConfigDict, attributes: str | None, values: tuple[int, ...]) -> None:
    """Which attributes, and how many values each has."""
    config.data.attributes = attributes
    config.gan.values = values
    config.critic.outputs = width(values)


def log(config: ConfigDict) -> None:
    """−log D and −log(1 − D), no penalty, one move of D to one of G."""
    config.gan.disc_objective = function("losses.minimax_disc")
    config.gan.gen_objective = function("losses.non_saturating_gen")
    config.gan.penalty_weight = 0.0
    config.schedule.n_critic = 1


def partly(config: ConfigDict) -> None:
    """Two sets of faces, each with labels of its own."""
    shown(config, "hair,glasses", (5, 2))
    config.gan.sets = (0, 1)
    config.data.partly = True


def folders(config: ConfigDict) -> None:
    """The code's networks and schedule: 200,000 iterations of D, every fifth with one of G."""
    config.generator.update(channels=64, blocks=6)
    config.critic.update(channels=64, layers=6)
    config.data.update(name="attribute_folders", image_size=128, flip=True, held_out=2000)
    config.train.update(steps=40_000, batch_size=16, ema_decay=0.0, log_every=100, sample_every=1000, save_every=5000)
    for who in ("gen_opt", "disc_opt"):
        config[who].optimiser.learning_rate = 1e-4
        config[who].schedule.update(steps=40_000, start=20_000)


def celeba(config: ConfigDict) -> None:
    """Three colours of hair, gender, age."""
    folders(config)
    shown(config, "Black_Hair,Blond_Hair,Brown_Hair,Male,Young", (2, 2, 2, 2, 2))


def rafd(config: ConfigDict) -> None:
    """Eight expressions, each a folder."""
    folders(config)
    shown(config, None, (8,))
    config.data.held_out = 0


VARIANTS = {"log": log, "partly": partly, "celeba": celeba, "rafd": rafd}


def get_config(variant: str = "") -> ConfigDict:
    config = base("stargan")
    config.gan.update(class_weight=1.0, reconstruction_weight=10.0, penalty_weight=10.0)
    config.gan.disc_objective = function("losses.wasserstein_disc")
    config.gan.gen_objective = function("losses.wasserstein_gen")
    config.schedule.n_critic = 5
    config.generator = call("nets.stargan.generator", channels=16, blocks=3)
    config.critic = call("nets.stargan.critic", outputs=7, channels=24, layers=4)
    adam = call("optax.adam", learning_rate=2e-4, b1=0.5)
    for who in ("gen_opt", "disc_opt"):
        falling = call("transforms.linear_decay", steps=2000, start=1000)
        config[who] = call("transforms.scheduled", optimiser=adam, schedule=falling)
    config.data.update(name="avatar_attributes", image_size=32, channels=3, held_out=1000)
    shown(config, "hair,skin,glasses", (5, 2, 2))
    config.train.update(steps=2000, batch_size=16, ema_decay=0.999, log_every=100, sample_every=500, save_every=1000)
    return pick(VARIANTS, variant, config)
