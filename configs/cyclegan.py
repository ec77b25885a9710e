"""CycleGAN (Zhu et al. 2017). The default puts glasses on faces, and takes them off, without ever seeing a pair; on a CPU.

    python -m ganjax.main --config=configs/cyclegan.py
    python -m ganjax translate --workdir=runs/cyclegan --input=PICTURES --output=TRANSLATED --direction=ba

Seven minutes on 2 busy CPU cores (0.04 s a step); seen, 1 seed, 200 held-out faces: glasses taken off to 0.074 of the truth
(0.082 is the picture as it is), on and off again 0.053, a classifier sees 99.5 % without and 100 % with them; unet 0.065, 0.054,
99.5 and 98.5 % (python -m experiments.glasses). Batch 1 as in the paper; the average of G (0.999) is not in it.

Variants: horse2zebra, apple2orange and selfie2anime are the official settings at 256 px (9 blocks, batch 1, 200 epochs, the rate
falling to 0 in the last 100) on datasets/NAME, or --config.data.path=DIR, with trainA and trainB; log has the paper's first
loss; disc_first and unet change the default in one thing, the decks' order and the decks' U-Net; deck is the decks' PyTorch
notebook at 256 px: maps averaged before the loss; styles are the avatars as pixel art (a) and as voxels (b); outlines are
drawings (a) and faces (b) without pairs.
"""

from collections.abc import Callable

from ml_collections import ConfigDict

from ganjax.config import base, call, function, pick

EPOCH = {"horse2zebra": 1334, "apple2orange": 1019, "selfie2anime": 3400}  # steps: images of the larger domain


def falling(config: ConfigDict, schedule: ConfigDict) -> None:
    """Adam 2·10⁻⁴, β₁ = ½, times a schedule."""
    adam = call("optax.adam", learning_rate=2e-4, b1=0.5)
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("transforms.scheduled", optimiser=adam, schedule=schedule)


def official(name: str) -> Callable[[ConfigDict], None]:
    """The official code's settings on datasets/NAME."""

    def variant(config: ConfigDict) -> None:
        config.generator.update(channels=64, blocks=9)
        config.critic.update(channels=64, layers=3)
        config.data.update(name="unpaired_folders", path=f"datasets/{name}", unpaired=False, held_out=0)
        config.data.update(image_size=286, crop=256, crop_at="random", flip=True)
        config.train.update(
            epochs=200.0, batch_size=1, ema_decay=0.0, log_every=100, sample_every=1000, save_every=5000
        )
        falling(config, call("transforms.epoch_decay", epoch_steps=EPOCH[name], constant=100, falling=100))

    variant.__doc__ = f"datasets/{name}: 286 px, cut to 256, 200 epochs of {EPOCH[name]} steps."
    return variant


def log(config: ConfigDict) -> None:
    """−log D in the place of squares: the paper's eq. 1."""
    config.gan.disc_objective = function("losses.minimax_disc")
    config.gan.gen_objective = function("losses.non_saturating_gen")


def disc_first(config: ConfigDict) -> None:
    """Fakes for D, D, then G and F."""
    config.schedule.order = function("systems.cyclegan.disc_first")


def unet(config: ConfigDict) -> None:
    """The decks' U-Net, 32 channels: 1,545,411 parameters."""
    config.generator = call("nets.unet.small", channels=32)


def deck(config: ConfigDict) -> None:
    """apple2orange as the decks' notebook: 9 blocks, each map averaged to one number before the loss."""
    official("apple2orange")(config)
    config.gan.pooled = True


def styles(config: ConfigDict) -> None:
    """Faces as pixel art and as voxel art."""
    config.data.update(name="avatar_styles", unpaired=False, held_out=64)


def outlines(config: ConfigDict) -> None:
    """Outlines of one half of the faces, the other half in colour."""
    config.data.update(name="avatar_outlines", held_out=1000)


VARIANTS = {
    **{name: official(name) for name in EPOCH},
    "log": log,
    "disc_first": disc_first,
    "unet": unet,
    "deck": deck,
    "styles": styles,
    "outlines": outlines,
}


def get_config(variant: str = "") -> ConfigDict:
    config = base("cyclegan")
    config.gan.update(cycle_weight=10.0, identity_weight=0.5, pool=call("memory.pool", size=50), pooled=False)
    for who in ("disc", "gen"):
        config.gan[f"{who}_objective"] = function(f"losses.least_squares_{who}")
    config.schedule.order = function("systems.cyclegan.gen_first")
    config.generator = call("nets.cyclegan.generator", channels=32, blocks=3)
    config.critic = call("nets.patchgan.critic", channels=32, layers=2, last_stride=1)
    falling(config, call("transforms.linear_decay", steps=10_000, start=5000))
    config.data.update(name="avatar_pairs", image_size=32, channels=3, held_out=200, unpaired=True)
    config.train.update(steps=10_000, batch_size=1, ema_decay=0.999, log_every=100, sample_every=1000, save_every=2500)
    return pick(VARIANTS, variant, config)
