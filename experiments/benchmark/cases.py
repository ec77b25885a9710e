"""What is compared; both sides build their part from these numbers alone."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """One iteration: ``n_critic`` moves of D on batches of their own, then one of G (none for ``patchgan``)."""

    system: str
    network: str
    size: int
    channels: int
    batch: int
    n_critic: int = 1
    blocks: int = 6  # of a CycleGAN generator


CASES = {
    "dcgan_64": Case("dcgan", "dcgan", 64, 64, 64),
    "wgan_gp_32": Case("wgan_gp", "dcgan", 32, 32, 64, 5),
    "wgan_gp_64": Case("wgan_gp", "dcgan", 64, 64, 32, 5),
    "wgan_gp_resnet": Case("wgan_gp", "resnet", 32, 128, 16, 5),
    "cyclegan_64": Case("cyclegan", "cyclegan", 64, 64, 1),
    "patchgan": Case("patchgan", "patchgan", 256, 64, 1),
}
LATENT = {"dcgan": 100, "wgan_gp": 128}
