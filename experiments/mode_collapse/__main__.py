"""``python -m experiments.mode_collapse [--quick]``: eight and 25 modes, and which of them each game keeps."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from experiments import plane
from experiments.claims import Claim
from experiments.mode_collapse import drawing
from experiments.mode_collapse.measuring import Seen, judge, look, summary
from ganjax import config as configs
from ganjax import game
from ganjax.main import guarded

TEXT = "GANs drop modes of the data (mode collapse); Wasserstein GANs do not, or less."
SOURCE = (
    "decks 000, 001 and 002; Metz et al. 2017, figure 2 (8 Gaussians); Arjovsky et al. 2017, abstract; "
    "Gulrajani et al. 2017, gan_toy (25 Gaussians)"
)
MIXTURES = ("ring8", "grid25")
STEPS, BATCH = 6000, 256  # of the configs


class Row(NamedTuple):
    """A config and what is different in it."""

    system: str
    overrides: tuple[str, ...] = ()


ROWS = {
    "gan": Row("gan"),
    "gan, 5 D moves": Row("gan", ("schedule.n_critic=5",)),
    "lsgan": Row("lsgan"),
    "wgan": Row("wgan"),
    "wgan_gp": Row("wgan_gp"),
}


def moments(steps: int, count: int) -> list[int]:
    """Steps at which the samples are looked at, from 0 on: even ones, and the strip's."""
    even = np.linspace(0, steps, count + 1).round().astype(int)
    return sorted({*even.tolist(), *strip(steps)})


def strip(steps: int) -> list[int]:
    """Columns of the figure."""
    return [int(steps * part) for part in (0.02, 0.1, 0.3, 0.6, 1)]


def play(row: Row, steps: int, seeds: int, looks: int, samples: int, own: Sequence[str]) -> list[Seen]:
    """The row's game on both mixtures, all seeds in one program; what is seen at each moment."""
    overrides = [f"--config.{each}" for each in (*own, *row.overrides)]
    played = game.build(configs.load(f"configs/{row.system}.py:grid25", overrides))  # ring8 differs in its data alone
    data = [plane.mixture(name) for name in MIXTURES]
    points = jnp.stack([each.points for each in data])
    kinds = [kind for kind in range(len(data)) for _ in range(seeds)]
    runs = plane.begin(
        lambda _: (played.gan, played.tx), kinds, jnp.zeros(len(kinds)), [*range(seeds)] * len(data), ("gen",)
    )
    on = plane.player(lambda _: played.step, played.micro(0), BATCH)
    sample, seen, done = plane.sampler(played.gan, samples), list[Seen](), 0
    for step in moments(steps, looks):
        runs, done = on(runs, points, done, step), step
        drawn = sample(runs).reshape(len(data), seeds, samples, 2)
        seen.append(look(step, dict(zip(MIXTURES, zip(data, drawn, strict=True), strict=True))))
    return seen


def main(argv: Sequence[str]) -> None:
    """Plays, measures, draws."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    steps, seeds, looks = claim.few(STEPS, 60), claim.few(5, 2), claim.few(40, 4)
    own = ("generator.hidden=(8,8,8)", "critic.hidden=(8,8,8)") if claim.quick else ()
    found: dict[str, list[Seen]] = {}
    for name, row in ROWS.items():
        begun = time.process_time()
        found[name] = play(row, steps, seeds, looks, claim.few(2500, 500), own)
        print(f"{name}: {(time.process_time() - begun) / 60:.1f} core minutes", file=sys.stderr, flush=True)
    numbers: dict[str, Any] = {name: summary(seen) for name, seen in found.items()}
    drawing.figure(found, strip(steps), claim.out / "figure.png")
    drawing.film(found, claim.out / "film.gif")
    claim.conclude(*judge(numbers), numbers, seeds)


if __name__ == "__main__":
    guarded(main)(sys.argv)
