"""pix2pixHD (Wang et al. 2018). The default paints faces by maps of their parts, at 32 px, on a CPU.

    python -m ganjax.main --config=configs/pix2pixhd.py

Three and a half minutes on 2 busy CPU cores, 1 seed: faces where the map says, noise on their colours, which no map tells (0.25
from the truth); the other variants were not trained to an end.

The paper's schedule at twice the size: G1 by the command above, then the local enhancer around it, G1 held still for the first
half, then both:

    python -m ganjax.main --config=configs/pix2pixhd.py:enhanced --config.train.start_from=runs/pix2pixhd

Variants: enhanced is that at 64 px; looks has the encoder of instances; image reads a as an image, outlines of faces; vgg adds
the perceptual term, with the VGG16 of the extra `metrics`; official and official_enhanced are the code's settings at 512 and
1024 px (squares: a departure) on --config.data.path with train_label, train_inst and train_img; for VGG19 add
--config.gan.perceptual.name=weights.perceptual.vgg19 --config.gan.perceptual.weights=FILE.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def enhanced(config: ConfigDict) -> None:
    """The enhancer around G1 at 64 px; G1 rests for 500 of 1,000 steps."""
    config.generator = call("nets.cyclegan.enhancer", channels=16, blocks=2, inner_blocks=3, inner_halvings=2)
    config.optimizers = ConfigDict({"fixed_until": 500})
    config.data.image_size = 64
    config.train.update(steps=1000, batch_size=4)


def looks(config: ConfigDict) -> None:
    """Three numbers more for each instance, its look in the picture."""
    config.encoder = call("nets.pix2pixhd.encoder", channels=8, features=3, halvings=2)


def image(config: ConfigDict) -> None:
    """Outlines, no classes and no instances."""
    config.gan.classes = 0
    config.data.update(name="avatar_outlines", channels=3)


def vgg(config: ConfigDict) -> None:
    """Maps of VGG16 compared as well."""
    config.gan.perceptual = call("weights.perceptual.vgg16", weights=None)


def official(config: ConfigDict) -> None:
    """G1 at 512 px: 64 channels, 9 blocks, four halvings; 35 classes; VGG; batch 1; 100 + 100 epochs of 2,975 steps."""
    config.generator = call("nets.cyclegan.generator", channels=64, blocks=9, halvings=4)
    config.critic.update(channels=64, layers=3, scales=2)
    config.gan.classes = 35
    vgg(config)
    decay = call("transforms.epoch_decay", epoch_steps=2975, constant=100, falling=100)
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("transforms.scheduled", optimiser=config[who], schedule=decay)
    config.data.update(name="label_folders", image_size=512, channels=None, classes=35, held_out=0, flip=True)
    config.train.update(epochs=200.0, batch_size=1, log_every=100, sample_every=1000, save_every=5000)


def official_enhanced(config: ConfigDict) -> None:
    """The enhancer at 1,024 px, 32 channels, 3 blocks, three critics; G1 rests for 20 epochs; needs train.start_from."""
    official(config)
    config.generator = call("nets.cyclegan.enhancer", channels=32, blocks=3, inner_blocks=9, inner_halvings=4)
    config.critic.scales = 3
    config.optimizers = ConfigDict({"fixed_until": 20 * 2975})
    config.data.image_size = 1024


VARIANTS = {
    "enhanced": enhanced,
    "looks": looks,
    "image": image,
    "vgg": vgg,
    "official": official,
    "official_enhanced": official_enhanced,
}


def get_config(variant: str = "") -> ConfigDict:
    config = base("pix2pixhd")
    config.gan.update(classes=9, feature_weight=10.0)
    config.generator = call("nets.cyclegan.generator", channels=32, blocks=3, halvings=2)
    config.critic = call("nets.patchgan.scales", channels=32, layers=2, scales=2)
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("optax.adam", learning_rate=2e-4, b1=0.5)
    config.data.update(name="avatar_parts", image_size=32, held_out=1000)
    config.train.update(steps=2000, batch_size=8, sample_every=250)
    return pick(VARIANTS, variant, config)
