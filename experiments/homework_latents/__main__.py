"""``python -m experiments.homework_latents [--quick]``: the homework's latents on GAN and WGAN, and digits by class."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from experiments import on_device
from experiments.claims import Claim
from experiments.homework_latents import drawing, measuring
from experiments.homework_latents.measuring import Digits, Draw
from ganjax import config as configs
from ganjax.core import State
from ganjax.data import open_source
from ganjax.latents import latents
from ganjax.main import guarded
from ganjax.run import Run, prepare, root
from ganjax.samples import sampler

TEXT = (
    "Latents by hand, after training on random ones: a z as long as random ones are (all 1, all −1) gives an ordinary digit, one "
    "that is shorter or longer (all 0, 0.5, 0.3, 0 0 1 0 …, two coordinates at 10) does not; all 0.5 and all 0.3, one direction, "
    "give the same digit; one coordinate from 0 to 1 changes a detail of it. C-DCGAN draws the digit that it is told."
)
SOURCE = "decks 000 (homework 7: a WGAN and its latents) and 001 (homework: C-DCGAN); they ask, and do not say what is to be seen"
CLASSES, AT_ONCE = 10, 64


class Probed(NamedTuple):
    """What was measured of one seed, and the pictures of it."""

    numbers: dict[str, Any]
    shown: drawing.Shown


def probe(run: Run, state: State, digits: Digits, samples: int, sweeps: int) -> Probed:
    """Named latents, lengths and sweeps of one seed of a GAN or WGAN."""
    sample, dim = sampler(run), int(run.config.gan.latent_dim)

    def draw(z: np.ndarray) -> np.ndarray:
        filled = np.resize(z, (-(-len(z) // AT_ONCE) * AT_ONCE, dim))  # one shape, one program
        made = [sample(state, {"z": jnp.asarray(part)})["image"][..., 0] for part in filled.reshape(-1, AT_ONCE, dim)]
        return np.concatenate(made)[: len(z)]

    z = measuring.drawn(root(0, "evaluation"), samples, dim)
    made = draw(z).reshape(samples, -1)
    usual = measuring.place(made, made, digits, itself=True)
    apart = float(np.sqrt(((made - np.roll(made, 1, axis=0)) ** 2).mean(axis=1)).mean())
    lengths = np.linspace(0, 20, 11)
    numbers = {
        "named": measuring.named(draw, dim, made, usual, digits),
        "samples": {"to_sample": float(usual.sample.mean()), "to_real": float(usual.real.mean()), "apart": apart},
        "lengths": lengths.tolist(),
        "to_real_by_length": measuring.by_length(draw, dim, lengths, digits),
        "from_0_to_1": measuring.swept(draw, z[:sweeps], (0, 1), apart, digits),
        "from_−3_to_3": measuring.swept(draw, z[:sweeps], (-3, 3), apart, digits),
    }
    return Probed(numbers, drawing.Shown(draw(z[:8]), _named(draw, dim), _swept(draw, z)))


def _named(draw: Draw, dim: int) -> np.ndarray:
    z = [latents(each, np.zeros((1, dim), np.float32)) for each in measuring.NAMED.values()]
    return draw(np.concatenate(z))


def _swept(draw: Draw, z: np.ndarray) -> np.ndarray:
    lines = [measuring.line(z[k], k, ends, 8) for ends in ((0, 1), (-3, 3)) for k in (0, 1)]
    return draw(np.concatenate(lines))


def as_told(run: Run, state: State, digits: Digits, of_each: int) -> tuple[list[float], np.ndarray]:
    """(share of each digit's samples whose nearest real digit is of that class, a row of samples for each digit)."""
    inputs, sample = run.game.gan.inputs(root(0, "evaluation"), of_each), sampler(run)
    made = [sample(state, {**inputs, "label": jnp.full(of_each, k)})["image"][..., 0] for k in range(CLASSES)]
    read = [digits.labels[measuring.nearest(x.reshape(of_each, -1), digits.images)[1]] for x in made]
    return [float((each == k).mean()) for k, each in enumerate(read)], np.concatenate([x[:8] for x in made])


def checks(found: Mapping[str, Sequence[Probed]], told: Sequence[float]) -> dict[str, float]:
    """Shares: of named latents that are ordinary where their length is; of seeds whose all 0.5 and all 0.3 are one digit; of
    sweeps from 0 to 1 that stay one digit; of C-DCGAN's digits that are read as told."""
    seeds = [each.numbers for many in found.values() for each in many]
    named = [latent for each in seeds for latent in each["named"].values()]
    same = [each["named"]["0.5"]["digit"] == each["named"]["0.3"]["digit"] for each in seeds]
    return {
        "length_decides": float(np.mean([each["typical_length"] == each["ordinary_picture"] for each in named])),
        "half_is_a_third": float(np.mean(same)),
        "a_coordinate_is_a_detail": float(np.mean([each["from_0_to_1"]["same_digit"] for each in seeds])),
        "digit_as_told": float(np.mean(told)),
    }


def trained(claim: Claim, spec: str, seeds: int, *settings: str) -> tuple[Run, list[State]]:
    """A config's run, and its last state for each seed."""
    run = prepare(configs.load(spec, [f"--config.{each}" for each in settings]))
    play = on_device.player(run, run.steps, short=claim.quick)
    return run, [next(play(seed)).state for seed in range(seeds)]


def main(argv: Sequence[str]) -> None:
    """Trains, probes, draws."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    side = claim.few(32, 16)
    real = open_source("digits", image_size=side).fetch(np.arange(5000))
    digits = Digits((real["image"].astype(np.float32) / 127.5 - 1).reshape(5000, -1), real["label"])
    every = [f"train.batch_size={claim.few(32, 8)}", f"data.image_size={side}"]

    def small(*networks: str) -> list[str]:
        return [
            *every,
            *(f"{who}.{key}" for who in networks for key in (f"channels={claim.few(12, 4)}", f"size={side}")),
        ]

    faster = [f"{who}_opt.learning_rate=5e-4" for who in ("gen", "disc")]
    found = {}
    for name, spec, steps in (("GAN", "dcgan", 1500), ("WGAN", "wgan", 600)):
        settings = [*small("generator", "critic"), *faster, f"train.steps={claim.few(steps, 8)}"]
        run, states = trained(claim, f"configs/{spec}.py:digits", 2, *settings)
        found[name] = [probe(run, state, digits, claim.few(2000, 64), claim.few(50, 3)) for state in states]
    settings = [*small("generator.network", "critic.network"), *faster, f"train.steps={claim.few(1500, 8)}"]
    run, (state,) = trained(claim, "configs/cdcgan.py:homework", 1, *settings)
    conclude(claim, found, *as_told(run, state, digits, claim.few(200, 8)))


def conclude(claim: Claim, found: Mapping[str, Sequence[Probed]], told: list[float], rows: np.ndarray) -> None:
    """yes: each of four shares is 0.9 or more; no: none is; else partly."""
    drawing.draw(claim.out / "figure.png", {k: [each.shown for each in v] for k, v in found.items()}, rows,
                 {k: [each.numbers for each in v] for k, v in found.items()})  # fmt: skip
    share = checks(found, told)
    held = sum(each >= 0.9 for each in share.values())
    because = (
        f"A picture is as ordinary as its latent is long in {share['length_decides']:.0%} of the named latents; all 0.5 and all "
        f"0.3 are one digit in {share['half_is_a_third']:.0%} of the runs; a coordinate from 0 to 1 leaves the digit in "
        f"{share['a_coordinate_is_a_detail']:.0%} of the sweeps; {share['digit_as_told']:.0%} of C-DCGAN's digits are as told."
    )
    numbers = {"shares": share, "as_told": told, **{k: [each.numbers for each in v] for k, v in found.items()}}
    claim.conclude("yes" if held == 4 else "partly" if held else "no", because, numbers, len(found["GAN"]))


if __name__ == "__main__":
    guarded(main)(sys.argv)
