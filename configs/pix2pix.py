"""pix2pix (Isola et al. 2017). The default takes glasses off the embedded faces, learnt from pairs, on a CPU.

    python -m ganjax.main --config=configs/pix2pix.py
    python -m ganjax translate --workdir=runs/pix2pix --input=PICTURES --output=TRANSLATED

Three minutes on 2 busy CPU cores; seen, 1 seed, 200 held-out faces: 0.037 from the truth, where the picture as it is has 0.082
(python -m experiments.glasses). A U-Net of 32 px has no inner layers for dropout but the innermost, which drops here.

Variants: facades is the official PyTorch code's settings at 256 px (labels into photographs, 200 epochs) on datasets/facades,
or --config.data.path=DIR, of images A|B side by side; colours paints grey images of any folder; outlines draws faces from their
outlines; instance takes instance norm for BatchNorm; l1 and gan are the two terms alone.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, function, pick


def facades(config: ConfigDict) -> None:
    """datasets/facades, 400 pairs, photograph | labels: labels into photographs."""
    _official(config, epoch_steps=400)
    config.data.update(name="paired_folders", path="datasets/facades", direction="ba", held_out=0)
    config.data.update(image_size=286, crop=256, crop_at="random", flip=True)


def colours(config: ConfigDict) -> None:
    """The two chroma channels of Lab from lightness, of the folder in --config.data.path at 256 px."""
    _official(config, epoch_steps=1000)
    config.generator.image_channels = 2
    config.data.update(name="colours", direction=None, held_out=0, channels=None)
    config.data.update(image_size=286, crop=256, crop_at="random", flip=True)


def _official(config: ConfigDict, epoch_steps: int) -> None:
    config.generator.update(size=256, channels=64, innermost_dropout=False)
    config.critic.update(channels=64, layers=3)
    decay = call("transforms.epoch_decay", epoch_steps=epoch_steps, constant=100, falling=100)
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("transforms.scheduled", optimiser=config[who], schedule=decay)
    config.train.update(epochs=200.0, batch_size=1, ema_decay=0.0, log_every=100, sample_every=1000, save_every=5000)


def outlines(config: ConfigDict) -> None:
    """Outlines of the 10,000 faces into faces."""
    config.data.update(name="avatar_outlines", direction=None, held_out=1000)


def instance(config: ConfigDict) -> None:
    """Instance norm in both networks."""
    config.generator.batch_norm = config.critic.batch_norm = False


def l1(config: ConfigDict) -> None:
    """100 · L1 alone."""
    config.gan.adversarial_weight = 0.0


def gan(config: ConfigDict) -> None:
    """The adversary alone."""
    config.gan.l1_weight = 0.0


VARIANTS = {"facades": facades, "colours": colours, "outlines": outlines, "instance": instance, "l1": l1, "gan": gan}


def get_config(variant: str = "") -> ConfigDict:
    config = base("pix2pix")
    config.gan.update(l1_weight=100.0, adversarial_weight=1.0)
    config.gan.disc_objective = function("losses.minimax_disc")
    config.gan.gen_objective = function("losses.non_saturating_gen")
    config.generator = call(
        "nets.unet.generator",
        size=32,
        channels=32,
        image_channels=3,
        batch_norm=True,
        dropout=0.5,
        innermost_dropout=True,
    )
    config.critic = call("nets.patchgan.critic", channels=32, layers=2, batch_norm=True)
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("optax.adam", learning_rate=2e-4, b1=0.5)
    config.data.update(name="avatar_pairs", image_size=32, channels=3, held_out=200, direction="ba")
    config.eval.train_mode = True
    config.train.update(steps=5000, batch_size=8, log_every=100, sample_every=1000, save_every=2500)
    return pick(VARIANTS, variant, config)
