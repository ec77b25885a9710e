"""BigGAN (Brock et al. 2019). The default is a small one: 32-px avatars by the colour of their hair, on a CPU.

    python -m ganjax.main --config=configs/biggan.py
    python -m ganjax sample --workdir=runs/biggan --label=all

Beside the paper: a twelfth of the channels, 32 images in the place of 2048, one move of D, rates of 10⁻³, attention at 16 px,
an average of 0.99. 0.17 s a step on one of two busy CPU cores; faces by hair after 1500 steps, 4 to 5 minutes, 3 seeds (half: 8;
experiments/large_scale measures them).

Variants
  64, 128, 256, 512         the paper's networks and optimisers on class folders of yours, batch 2048 in 8 parts
  published                 128 as the authors' PyTorch script for 8 GPUs has it; cifar10 as its other script
  baseline256, baseline512, baseline1024, baseline2048, wide, shared, skip, orthogonal, narrow
                            the rows of the paper's table 1, each with what the row says and no more
  half                      the default computed in bfloat16
  free                      the default without orthogonal regularisation
  clamped, clamped_ratio    σ₀ of G's first layer kept at 1.5, or at σ₁ (section 4.1)
  r1, r1_strong, dropout, dropout_strong, l2, l2_strong
                            what holds D's spectra back (section 4.2), at two strengths each
"""

from collections.abc import Callable

from ml_collections import ConfigDict

from ganjax.config import base, call, function, pick

ATTENTION = {64: (32,), 128: (64,), 256: (64,), 512: (64,)}
RATE = 1e-3  # of the small one
LATENTS = {64: 100, 128: 120, 256: 140, 512: 160}


def large(size: int) -> Callable[[ConfigDict], None]:
    """The paper's, at a size: 96 channels, skip-z, a shared embedding, orthogonal regularisation."""

    def variant(config: ConfigDict) -> None:
        _imagenet(config, size, 96, shared=128, skip=True, latent_dim=LATENTS[size])
        config.gan.orthogonal_weight = 1e-4

    return variant


def published(config: ConfigDict) -> None:
    """One move of D a step, G 10⁻⁴, D 4·10⁻⁴, no regularisation, the average from step 20,000 on, 150,000 steps."""
    large(128)(config)
    config.gan.orthogonal_weight = 0.0
    config.schedule.n_critic = 1
    _adam(config, 1e-4, 4e-4, eps=1e-6)
    config.generator.eps = config.critic.eps = 1e-6
    with config.train.ignore_type():
        config.train.ema_decay = function("transforms.average_from", start=20_000, decay=0.9999)
    config.train.steps = 150_000


def cifar10(config: ConfigDict) -> None:
    """Batch 50, four moves of D, N(0, 0.02) at first, tables in each BatchNorm, no attention; 500 epochs of D."""
    normal = function("nets.layers.normal_init")
    common = {"size": 32, "channels": 64, "classes": 10, "attention": (), "kernel_init": normal, "dtype": "float32"}
    config.generator = call("nets.biggan.generator", **common, shared=None, skip=False)
    config.critic = call("nets.biggan.critic", **common)
    config.gan.update(latent_dim=128, classes=10, orthogonal_weight=0.0)
    config.schedule.update(n_critic=4, accumulate=1)
    _adam(config, 2e-4, 2e-4)
    config.data.update(name="cifar10", image_size=32, channels=3, flip=True)
    with config.train.ignore_type():
        config.train.ema_decay = function("transforms.average_from", start=1000, decay=0.9999)
    config.train.update(steps=125_000, batch_size=50)


def row(batch: int, channels: int, shared: bool, skip: bool, orthogonal: bool, iterations: int) -> Callable[..., None]:
    """A row of table 1; the first is SAGAN's baseline, with its rates and one move of D."""

    def variant(config: ConfigDict) -> None:
        _imagenet(config, 128, channels, 128 if shared else None, skip, 120 if skip else 128)
        config.schedule.accumulate = batch // 256
        config.gan.orthogonal_weight = 1e-4 if orthogonal else 0.0
        config.train.steps = iterations
        if batch == 256:
            config.schedule.n_critic = 1
            _adam(config, 1e-4, 4e-4)

    return variant


def half(config: ConfigDict) -> None:
    """Parameters, optimisers, spectral norm and BatchNorm's statistics stay float32."""
    config.generator.dtype = config.critic.dtype = "bfloat16"


def free(config: ConfigDict) -> None:
    """β = 0."""
    config.gan.orthogonal_weight = 0.0


def clamped(config: ConfigDict) -> None:
    """σ_clamp = 1.5, half as much again as an orthogonal layer has at first."""
    config.optimizers.update(clamp=1.5, part="Dense_0")


def clamped_ratio(config: ConfigDict) -> None:
    """σ_clamp = σ₁."""
    config.optimizers.update(clamp_ratio=1.0, part="Dense_0")


def penalised(weight: float) -> Callable[[ConfigDict], None]:
    """γ of R1."""
    return lambda config: config.gan.update(penalty_weight=weight)


def dropped(share: float) -> Callable[[ConfigDict], None]:
    """So much of the features that D's last layer reads."""
    return lambda config: config.critic.update(dropout=share)


def decayed(weight: float) -> Callable[[ConfigDict], None]:
    """L2 of D's weights."""

    def variant(config: ConfigDict) -> None:
        config.disc_opt = call("transforms.decayed_adam", learning_rate=RATE, b1=0.0, b2=0.999, weight_decay=weight)

    return variant


def _imagenet(config: ConfigDict, size: int, channels: int, shared: int | None, skip: bool, latent_dim: int) -> None:
    common = {"size": size, "channels": channels, "classes": 1000, "attention": ATTENTION[size], "eps": 1e-12}
    common |= {"dtype": "float32", "remat": False}
    config.generator = call("nets.biggan.generator", **common, shared=shared, skip=skip)
    config.critic = call("nets.biggan.critic", **common)
    config.gan.update(latent_dim=latent_dim, classes=1000)
    config.schedule.update(n_critic=2, accumulate=8)
    _adam(config, 5e-5, 2e-4)
    config.data.update(name="folder", image_size=size, channels=3)
    config.train.update(steps=250_000, batch_size=256, ema_decay=0.9999)


def _adam(config: ConfigDict, gen_rate: float, disc_rate: float, eps: float = 1e-8) -> None:
    config.gen_opt = call("optax.adam", learning_rate=gen_rate, b1=0.0, b2=0.999, eps=eps)
    config.disc_opt = call("optax.adam", learning_rate=disc_rate, b1=0.0, b2=0.999, eps=eps)


TABLE_1 = {  # batch, channels, shared embedding, skip-z, orthogonal regularisation, iterations
    "baseline256": row(256, 64, False, False, False, 1_000_000),
    "baseline512": row(512, 64, False, False, False, 1_000_000),
    "baseline1024": row(1024, 64, False, False, False, 1_000_000),
    "baseline2048": row(2048, 64, False, False, False, 732_000),
    "wide": row(2048, 96, False, False, False, 295_000),
    "shared": row(2048, 96, True, False, False, 185_000),
    "skip": row(2048, 96, True, True, False, 152_000),
    "orthogonal": row(2048, 96, True, True, True, 165_000),
    "narrow": row(2048, 64, True, True, True, 371_000),
}
VARIANTS = {
    **{str(size): large(size) for size in ATTENTION},
    **{f.__name__: f for f in (published, cifar10)},
    **TABLE_1,
    **{f.__name__: f for f in (half, free, clamped, clamped_ratio)},
    **{"r1": penalised(1.0), "r1_strong": penalised(10.0), "dropout": dropped(0.2), "dropout_strong": dropped(0.5)},
    **{"l2": decayed(1e-4), "l2_strong": decayed(1e-2)},
}


def get_config(variant: str = "") -> ConfigDict:
    config = base("biggan")
    config.gan.update(latent_dim=64, classes=11, orthogonal_weight=1e-4, penalty_weight=0.0)
    common = {"size": 32, "channels": 8, "classes": 11, "attention": (16,), "dtype": "float32"}
    config.generator = call("nets.biggan.generator", **common, widths=(8, 8, 4, 2), shared=32, skip=True)
    config.critic = call("nets.biggan.critic", **common, widths=(2, 4, 8, 8), halvings=3, dropout=0.0)
    config.schedule.update(n_critic=1, accumulate=1)
    config.optimizers = ConfigDict()
    _adam(config, RATE, RATE)
    config.data.update(name="avatars", image_size=32, channels=3)
    config.train.update(steps=2000, batch_size=32, ema_decay=0.99)
    return pick(VARIANTS, variant, config)
