"""UNIT (Liu, Breuel & Kautz 2017). The default makes pixel-art faces voxel faces and back, on a CPU.

    python -m ganjax.main --config=configs/unit.py
    python -m ganjax translate --workdir=runs/unit --input=PICTURES --output=TRANSLATED --direction=ab

Beside the paper: small networks, a rate of 3·10⁻⁴, batch 2, and an average of G for the pictures. 10 minutes on one core; seen,
1 seed: after 4,000 steps faces have the voxel heads' outline and their dark, patterned colours, no clear features yet, and the
way back finds the face again.

Variants: critters are the other style; official is the paper's size at 256 px (18,017,286 parameters in G, 25,149,057 in each
D) on trainA and trainB of --config.data.path; munit_repo is the form of MUNIT's code, nothing shared (11,140,483 for each
domain).
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, function, pick


def critters(config: ConfigDict) -> None:
    """Pixel-art faces (a) and critters (b)."""
    config.data.style = "critters"


def folders(config: ConfigDict) -> None:
    """trainA and trainB, 256 px, batch 1."""
    config.data.update(name="unpaired_folders", style=None, image_size=256, flip=True, held_out=0)
    for who in ("gen_opt", "disc_opt"):
        config[who].learning_rate = 1e-4
    config.train.update(steps=500_000, batch_size=1, ema_decay=0.0, log_every=100, sample_every=1000, save_every=10_000)


def official(config: ConfigDict) -> None:
    """64 channels, 3 blocks and 1 shared on each side, D of six halvings."""
    folders(config)
    config.encoder.update(channels=64, blocks=3)
    config.generator.update(channels=64, blocks=3)
    config.critic.update(channels=64, layers=6)


def munit_repo(config: ConfigDict) -> None:
    """Weights 1, 0.01, 10, 0.01, 10, least squares, critics at three scales, the rate halved every 100,000 steps; not its
    perceptual term."""
    folders(config)
    config.encoder = call("nets.munit.content", channels=64, halvings=2, blocks=4)
    config.generator = call("nets.munit.decoder", halvings=2, blocks=4)
    config.critic = call("nets.munit.critic", channels=64, layers=4, scales=3)
    del config.gan.shared
    config.gan.update(gan_weight=1.0, kl_weight=0.01, likelihood_weight=10.0)
    config.gan.update(cycle_kl_weight=0.01, cycle_likelihood_weight=10.0)
    for who in ("disc", "gen"):
        config.gan[f"{who}_objective"] = function(f"losses.least_squares_{who}")
        halved = call("transforms.halvings", every=100_000)
        config[f"{who}_opt"] = call("transforms.scheduled", optimiser=config[f"{who}_opt"], schedule=halved)
    config.train.steps = 1_000_000


VARIANTS = {"critters": critters, "official": official, "munit_repo": munit_repo}


def get_config(variant: str = "") -> ConfigDict:
    config = base("unit")
    config.gan.update(gan_weight=10.0, kl_weight=0.1, likelihood_weight=100.0)
    config.gan.update(cycle_kl_weight=0.1, cycle_likelihood_weight=100.0)
    config.gan.shared = call("nets.unit.shared", blocks=1)
    config.encoder = call("nets.unit.encoder", channels=24, blocks=2)
    config.generator = call("nets.unit.decoder", channels=24, blocks=2)
    config.critic = call("nets.unit.critic", channels=32, layers=3)
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("transforms.decayed_adam", learning_rate=3e-4, b1=0.5, weight_decay=1e-4)
    config.data.update(name="avatar_styles", style="voxel_art", image_size=32, channels=3, held_out=200)
    config.train.update(steps=4000, batch_size=2, ema_decay=0.99, log_every=100, sample_every=1000, save_every=2500)
    return pick(VARIANTS, variant, config)
