"""U-GAT-IT (Kim et al. 2020). The default, its light form, makes pixel-art faces critters and back, on a CPU.

    python -m ganjax.main --config=configs/ugatit.py
    python -m ganjax translate --workdir=runs/ugatit --input=PICTURES --output=TRANSLATED --heatmap

8 minutes on 2 CPU cores; seen, 3 seeds: KID × 100 of faces into critters 162 ± 17, where the faces as they are have 262 and
CycleGAN gets to 151 ± 1 (python -m experiments.unlike_shapes; experiments/ugatit_weights and ugatit_ablation have the rest).

Variants: voxels are the other style; instance, layer, adain, group change the norm of the decoder, no_cam, no_cam_gen and
no_cam_disc leave the attention out, as the lectures' ablation does; selfie2anime is the code's setting at 256 px, light
(134,021,248 parameters in all), full the same with γ and β of all pixels (670,761,088), on trainA and trainB of
datasets/selfie2anime or --config.data.path.
"""

from collections.abc import Callable

from ml_collections import ConfigDict

from ganjax.config import base, call, pick

NORMS = ("instance", "layer", "adain", "group")


def voxels(config: ConfigDict) -> None:
    """Pixel-art faces (a) and voxel faces (b)."""
    config.data.style = "voxel_art"


def norm(name: str) -> Callable[[ConfigDict], None]:
    """Another norm in the decoder."""

    def variant(config: ConfigDict) -> None:
        config.generator.norm = call(f"nets.ugatit.{name}")

    variant.__doc__ = f"{name} norm in the decoder."
    return variant


def no_cam_gen(config: ConfigDict) -> None:
    """No attention in G."""
    config.generator.cam_gen = False


def no_cam_disc(config: ConfigDict) -> None:
    """No attention in D."""
    for critic in (config.global_critic, config.local_critic):
        critic.cam_disc = False


def no_cam(config: ConfigDict) -> None:
    """No attention."""
    no_cam_gen(config)
    no_cam_disc(config)


def selfie2anime(config: ConfigDict) -> None:
    """64 channels, 256 px, a million steps of batch 1, the rate falling to 0 in the second half."""
    config.generator.update(channels=64, blocks=4)
    config.global_critic.update(channels=64, layers=7)
    config.local_critic.update(channels=64, layers=5)
    for who in ("gen_opt", "disc_opt"):
        config[who].schedule.update(steps=1_000_000, start=500_000)
    config.data.update(name="unpaired_folders", style=None, path="datasets/selfie2anime", image_size=286, crop=256)
    config.data.update(crop_at="random", flip=True, held_out=0)
    config.train.update(steps=1_000_000, batch_size=1, ema_decay=0.0, log_every=100, sample_every=1000)
    config.train.save_every = 10_000


def full(config: ConfigDict) -> None:
    """selfie2anime with γ and β of all pixels."""
    selfie2anime(config)
    config.generator.light = False


VARIANTS = {
    "voxels": voxels,
    **{name: norm(name) for name in NORMS},
    "no_cam": no_cam,
    "no_cam_gen": no_cam_gen,
    "no_cam_disc": no_cam_disc,
    "selfie2anime": selfie2anime,
    "full": full,
}


def get_config(variant: str = "") -> ConfigDict:
    config = base("ugatit")
    config.gan.update(adversarial_weight=1.0, cycle_weight=10.0, identity_weight=10.0, attention_weight=1000.0)
    config.generator = call("nets.ugatit.generator", channels=24, blocks=2, light=True, cam_gen=True, remat=False)
    config.generator.norm = call("nets.ugatit.adalin")
    config.global_critic = call("nets.ugatit.critic", channels=24, layers=5, cam_disc=True)
    config.local_critic = call("nets.ugatit.critic", channels=24, layers=4, cam_disc=True)
    adam = call("transforms.decayed_adam", learning_rate=1e-4, b1=0.5, weight_decay=1e-4)
    for who in ("gen_opt", "disc_opt"):
        falling = call("transforms.linear_decay", steps=5000, start=2500)
        config[who] = call("transforms.scheduled", optimiser=adam, schedule=falling)
    config.data.update(name="avatar_styles", style="critters", image_size=32, channels=3, held_out=200)
    config.train.update(steps=5000, batch_size=1, ema_decay=0.999, log_every=100, sample_every=1000, save_every=2500)
    return pick(VARIANTS, variant, config)
