"""Runs small enough for tests: 8-px images from an .npz, a handful of channels."""

import numpy as np
import pytest

from ganjax import __main__ as verbs
from ganjax import config as configs

SIZES = {
    "gan": ("--config.generator.shape=(8,8,3)", "--config.generator.hidden=(8,)", "--config.critic.hidden=(8,)"),
    "image": (
        "--config.generator.size=8",
        "--config.critic.size=8",
        "--config.generator.channels=4",
        "--config.critic.channels=4",
    ),
    "biggan": (
        *(
            f"--config.{part}.{key}"
            for part in ("generator", "critic")
            for key in ("size=8", "channels=4", "widths=(2,2)")
        ),
        *("--config.critic.halvings=1", "--config.generator.attention=(8,)", "--config.critic.attention=(4,)"),
        "--config.gan.latent_dim=6",
        *("--config.gen_opt.eps=1e-3", "--config.disc_opt.eps=1e-3"),  # or rounding is moved by a whole rate
    ),
}
NAMES = ("gan", "dcgan", "lsgan", "wgan", "wgan_gp")


def overrides(name, folder, **train):
    path = folder / "images.npz"
    if not path.exists():
        images = np.random.default_rng(0).integers(0, 255, (40, 8, 8, 3), np.uint8)
        np.savez(path, images=images, **({"labels": np.arange(40) % 11} if name == "biggan" else {}))
    settings = {"steps": 20, "batch_size": 8, "log_every": 5, "sample_every": 20, "save_every": 1000, **train}
    return [
        *SIZES.get(name, SIZES["image"]),
        "--config.data.name=npz",
        f"--config.data.path={path}",
        "--config.data.image_size=8",
        "--config.data.channels=3",
        *[f"--config.train.{key}={value}" for key, value in settings.items()],
    ]


def config(name, folder, **train):
    return configs.load(f"configs/{name}.py", overrides(name, folder, **train))


def call(capsys, *arguments):
    """What a verb prints."""
    verbs.main([str(argument) for argument in arguments])
    return capsys.readouterr().out


def refused(capsys, *arguments):
    """The line with which a verb refuses, exit code 2."""
    with pytest.raises(SystemExit) as stop:
        verbs.guarded(verbs.main)([str(argument) for argument in arguments])
    assert stop.value.code == 2
    return capsys.readouterr().err
