"""DCGAN with the craft of training. The default shows D every image through DiffAugment: for few data. 500 avatars, on a CPU.

    python -m ganjax.main --config=configs/crafted.py
    python -m ganjax.main --config=configs/crafted.py:ada

8 minutes on 2 CPU cores that have other work too. Seen after 2,000 steps, three seeds: fd_efflite0 to the avatars that are
held out 538 ± 7, plain 527 ± 6 (python -m experiments.few_images): no gain from DiffAugment yet.

Each variant is one trick (or none: ``plain``) on the same game, networks and data; keys of config.gan and config.schedule
combine them. Three seeds in one program; 9,500 of the 10,000 avatars are held out.
"""

from ml_collections import ConfigDict

from ganjax.config import base, call, pick, put

EPOCH = 8  # steps: 500 images in batches of 64


def plain(config: ConfigDict) -> None:
    """No trick: dcgan on 500 images."""
    del config.gan.augment


def one_sided(config: ConfigDict) -> None:
    """D's label of real images is 0.9 (Salimans et al. 2016)."""
    plain(config)
    config.gan.real_label = 0.9


def two_sided(config: ConfigDict) -> None:
    """Labels 0.9 and 0.1."""
    one_sided(config)
    config.gan.fake_label = 0.1


def flipped(config: ConfigDict) -> None:
    """One label in twenty is the other one."""
    plain(config)
    config.gan.flip = 0.05


def noise(config: ConfigDict) -> None:
    """D sees images through noise of deviation 0.2, which is gone after 1000 steps (Sønderby et al. 2017)."""
    config.gan.augment = call("augment.instance_noise", std=0.2, steps=1000)


def replay(config: ConfigDict) -> None:
    """Half of D's fakes are from a history of 512 (Shrivastava et al. 2017)."""
    plain(config)
    config.gan.replay = call("memory.replay", size=512, share=0.5)


def ada(config: ConfigDict) -> None:
    """Augmentation with a probability that follows D's overfitting (Karras et al. 2020)."""
    config.gan.augment = call("augment.ada", target=0.6, every=4, images=100_000)


def lecam(config: ConfigDict) -> None:
    """D's values are held near their averages (Tseng et al. 2021)."""
    plain(config)
    config.gan.update(lecam=call("memory.lecam", decay=0.99, start=500), lecam_weight=0.3)


def second_step(config: ConfigDict) -> None:
    """D moves every second step."""
    plain(config)
    config.schedule.disc_turn = call("turns.every_steps", n=2)


def second_epoch(config: ConfigDict) -> None:
    """D moves in every second epoch, as in the decks' homework."""
    plain(config)
    config.schedule.disc_turn = call("turns.every_epochs", n=2, steps=EPOCH)


def resting(config: ConfigDict) -> None:
    """D rests while its loss is below 0.5."""
    plain(config)
    config.schedule.disc_turn = call("turns.resting", metric="disc/loss", below=0.5)


def more_critic(config: ConfigDict) -> None:
    """Five moves of D in each of the first 100 steps, then one."""
    plain(config)
    put(config.schedule, n_critic=call("turns.more_at_first", n=1, first=5, until=100))


def two_time_scales(config: ConfigDict) -> None:
    """D learns four times as fast as G (Heusel et al. 2017), both down to nothing at the last step."""
    plain(config)
    decay = call("transforms.linear_decay", steps=2000)
    for who, rate in (("gen_opt", 1e-4), ("disc_opt", 4e-4)):
        adam = call("optax.adam", learning_rate=rate, b1=0.5)
        config[who] = call("transforms.scheduled", optimiser=adam, schedule=decay)


def warm_average(config: ConfigDict) -> None:
    """An average of G that does not remember the first steps."""
    plain(config)
    put(config.train, ema_decay=call("transforms.ema_warm_up", decay=0.999))


VARIANTS = {
    f.__name__: f for f in (plain, one_sided, two_sided, flipped, noise, replay, ada, lecam, second_step, second_epoch,
                            resting, more_critic, two_time_scales, warm_average)
}  # fmt: skip


def get_config(variant: str = "") -> ConfigDict:
    config = base("crafted")
    config.gan.update(latent_dim=100, augment=call("augment.diffaugment", policy="color,translation,cutout"))
    config.generator = call("nets.dcgan.generator", size=32, channels=32)
    config.critic = call("nets.dcgan.critic", size=32, channels=32)
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("optax.adam", learning_rate=2e-4, b1=0.5)
    config.schedule.update(n_critic=1, accumulate=1)
    config.data.update(name="avatars", image_size=32, channels=3, held_out=9500)
    config.train.update(steps=2000, batch_size=64, num_seeds=3, ema_decay=0.995)
    return pick(VARIANTS, variant, config)
