"""DiscoGAN (Kim et al. 2017). The default finds a face in the other style that answers to a face, on a CPU.

    python -m ganjax.main --config=configs/discogan.py
    python -m ganjax translate --workdir=runs/discogan --input=PICTURES --output=TRANSLATED --direction=ab

Three minutes on 2 busy CPU cores, 1 seed: dark faces become dark ones, hair keeps its hue or finds one that answers; grainy.
The phases change at step 1,500 of 3,000, the paper's at 10,000. The other variants were not trained to an end.

Variants: deck is the cost of the lectures: reconstruction plus −log D, no features, no phases; glasses are faces without (a) and
with glasses (b), never as pairs; official is the code's setting at 64 px (batch 64 of the larger domain's folder, trainA and
trainB in --config.data.path).
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick


def deck(config: ConfigDict) -> None:
    """½ (‖x − G(G(x))‖² − log D) at every step, D before G."""
    config.gan.update(adversarial_weight=1.0, feature_weight=0.0, rate=call("systems.discogan.two_phases", first=0.5))
    config.schedule.interval = 1


def glasses(config: ConfigDict) -> None:
    """avatar_pairs, a and b never of one face."""
    config.data.update(name="avatar_pairs", unpaired=True, held_out=200)


def official(config: ConfigDict) -> None:
    """64 px, 64 channels, batch 64, 100,000 iterations."""
    config.generator.update(size=64, channels=64)
    config.critic.update(size=64, channels=64)
    config.gan.rate = call("systems.discogan.two_phases", first=0.01, then=0.5, until=10_000)
    config.data.update(name="unpaired_folders", image_size=64, held_out=0)
    config.train.update(steps=100_000, batch_size=64, ema_decay=0.0, sample_every=1000, save_every=5000)


VARIANTS = {"deck": deck, "glasses": glasses, "official": official}


def get_config(variant: str = "") -> ConfigDict:
    config = base("discogan")
    config.gan.update(adversarial_weight=0.1, feature_weight=0.9)
    config.gan.rate = call("systems.discogan.two_phases", first=0.01, then=0.5, until=1500)
    config.schedule.interval = 3
    config.generator = call("nets.discogan.generator", size=32, channels=32)
    config.critic = call("nets.discogan.critic", size=32, channels=32)
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("transforms.decayed_adam", learning_rate=2e-4, b1=0.5, weight_decay=1e-5)
    config.data.update(name="avatar_styles", image_size=32, channels=3, held_out=64)
    config.train.update(steps=3000, batch_size=32, sample_every=500)
    return pick(VARIANTS, variant, config)
