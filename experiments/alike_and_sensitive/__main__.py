"""``python -m experiments.alike_and_sensitive [--quick]``: five games at many settings, all of them as much arithmetic."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import numpy as np

from experiments import plane
from experiments.alike_and_sensitive import drawing
from experiments.alike_and_sensitive.judging import judge, summary
from experiments.alike_and_sensitive.sweep import SYSTEMS, Sizes, Trial, fresh, sweep
from experiments.claims import Claim
from ganjax.main import guarded
from ganjax.metrics import wasserstein_1

TEXT = "GANs are sensitive to their settings and their performance has a large range; different GANs perform alike."
SOURCE = "decks 000 and 004; Lucic et al. 2018, Are GANs Created Equal?"
NAMED = (1e-4, 1e-3)  # Adam's rates of Gulrajani et al. 2017, and of the decks' code (003) and Mao et al. 2017
RATES = (3e-5, *NAMED, 4e-3)  # one on each side, so that the best need not be the last
# Brock et al. 2019, and the large networks of Gulrajani et al. 2017; Radford et al. 2016, and their toys; Adam's own
B1S = (0.0, 0.5, 0.9)
MOVES = (1, 5)  # Goodfellow et al. 2014; Arjovsky et al. 2017


def main(argv: Sequence[str]) -> None:
    """Plays all settings, measures, draws."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    seeds = claim.few(3, 2)
    sizes = Sizes(*((8, 16, 128, 40) if claim.quick else (64, 64, 750, 6000)))
    rates, b1s, moves = (NAMED, B1S[1:], MOVES[:1]) if claim.quick else (RATES, B1S, MOVES)
    found: dict[str, list[Trial]] = {}
    steps: dict[str, dict[str, int]] = {}
    for name in ("gan", "hinge", "wgan_gp") if claim.quick else SYSTEMS:
        found[name], steps[name], begun = [], {}, time.process_time()
        for n_critic in moves:
            steps[name][str(n_critic)], trials = sweep(name, n_critic, rates, b1s, seeds, sizes)
            found[name] += trials
        print(f"{name}: {(time.process_time() - begun) / 60:.1f} core minutes", file=sys.stderr, flush=True)
    data = plane.mixture("grid25")
    n = sizes.samples
    floor = float(np.mean([wasserstein_1(data.points[i * n : (i + 1) * n], fresh(data, n)) for i in range(3)]))
    numbers = {name: summary(trials, NAMED) for name, trials in found.items()}
    drawing.figure(found, NAMED, np.asarray(data.modes), floor, claim.out / "figure.png")
    claim.conclude(*judge(numbers, floor), {"floor": floor, "steps": steps, "systems": numbers}, seeds)


if __name__ == "__main__":
    guarded(main)(sys.argv)
