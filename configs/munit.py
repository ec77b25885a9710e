"""MUNIT (Huang et al. 2018). The default colours outlines of faces, each in many ways, on a CPU.

    python -m ganjax.main --config=configs/munit.py
    python -m ganjax translate --workdir=runs/munit --input=PICTURES --output=TRANSLATED --styles=8
    python -m ganjax translate --workdir=runs/munit --input=PICTURES --output=TRANSLATED --style-from=IMAGE

Beside the paper: small networks of one halving, since outlines are a pixel wide; a rate of 3·10⁻⁴, batch 2, and an average of
G for the pictures. 10 minutes on one core; seen, 1 seed, 200 held-out outlines: two styles of one outline are 0.19 apart
(LPIPS; two faces of the data 0.43, CycleGAN's answers 0.00), and the outline is found in the face again as well as in CycleGAN's
(python -m experiments.many_styles).

Variants: voxels and critters make pixel-art faces other shapes; official is the code's size at 256 px (46,594,716 parameters
in all) on trainA and trainB of --config.data.path, cycle the same with the style-augmented cycle term (its weight 10).
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def voxels(config: ConfigDict) -> None:
    """Pixel-art faces (a) and voxel faces (b)."""
    config.data.update(name="avatar_styles", style="voxel_art", unpaired=False, held_out=200)


def critters(config: ConfigDict) -> None:
    """Pixel-art faces (a) and critters (b)."""
    voxels(config)
    config.data.style = "critters"


def official(config: ConfigDict) -> None:
    """64 channels, batch 1, the rate halved every 100,000 steps of a million."""
    config.content.update(channels=64, halvings=2, blocks=4)
    config.style.update(channels=64, halvings=4)
    config.generator.update(halvings=2, blocks=4, hidden=256)
    config.critic.update(channels=64, layers=4, scales=3)
    for who in ("gen_opt", "disc_opt"):
        config[who].learning_rate = 1e-4
        halved = call("transforms.halvings", every=100_000)
        config[who] = call("transforms.scheduled", optimiser=config[who], schedule=halved)
    config.data.update(name="unpaired_folders", image_size=256, flip=True, held_out=0)
    config.data.unpaired = False
    config.train.update(
        steps=1_000_000, batch_size=1, ema_decay=0.0, log_every=100, sample_every=1000, save_every=10_000
    )


def cycle(config: ConfigDict) -> None:
    """official, and ‖x_aba − a‖₁ with the weight 10."""
    official(config)
    config.gan.cycle_weight = 10.0


VARIANTS = {"voxels": voxels, "critters": critters, "official": official, "cycle": cycle}


def get_config(variant: str = "") -> ConfigDict:
    config = base("munit")
    config.gan.update(style_dim=8, image_weight=10.0, content_weight=1.0, style_weight=1.0, cycle_weight=0.0)
    config.content = call("nets.munit.content", channels=24, halvings=1, blocks=2)
    config.style = call("nets.munit.style", channels=24, halvings=3, style_dim=8)
    config.generator = call("nets.munit.decoder", halvings=1, blocks=2, hidden=128)
    config.critic = call("nets.munit.critic", channels=32, layers=2, scales=2)
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("transforms.decayed_adam", learning_rate=3e-4, b1=0.5, weight_decay=1e-4)
    config.data.update(name="avatar_outlines", image_size=32, channels=3, held_out=1000, unpaired=True)
    config.train.update(steps=4000, batch_size=2, ema_decay=0.99, log_every=100, sample_every=1000, save_every=2500)
    return pick(VARIANTS, variant, config)
