"""``python -m experiments.weight_clipping [--quick]``: what clipping makes of a critic, and what a penalty makes of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments import plane
from experiments.claims import Claim
from experiments.weight_clipping import drawing, measuring
from experiments.weight_clipping.critics import Bound, alone, deep
from experiments.weight_clipping.judging import judge
from experiments.weight_clipping.measuring import Layers
from ganjax.main import guarded

TEXT = (
    "Weight clipping pushes weights to the ends of their range, makes gradients explode or vanish through the layers as c "
    "happens to be, and gives critics that are too simple for the data; a gradient penalty does none of the three."
)
SOURCE = "decks 000 (weight clipping, gradient penalty); Gulrajani et al. 2017, section 3, figure 1"
BOUNDS: dict[str, Bound] = {"c = 0.001": 0.001, "c = 0.01": 0.01, "c = 0.1": 0.1, "penalty": None}
SHOWN = ("c = 0.01", "c = 0.1", "penalty")  # whose surfaces are drawn
DATA = ("ring8", "grid25", "swiss_roll")
PLACES = 512  # points of the data that gradients are taken at


def of_the_deep(c: Bound, before: Sequence[Layers], after: Sequence[Layers], seeds: int) -> dict[str, Any]:
    """Norms through the layers [start, seed, layer] and weights at the bound [start, seed]; He's start first."""
    x = plane.mixture("swiss_roll").points[:PLACES].astype(np.float64)

    def by_start(found: Sequence[Any]) -> list[Any]:
        return [list(found[i : i + seeds]) for i in range(0, len(found), seeds)]

    def at_bound(nets: Sequence[Layers]) -> list[Any]:  # without a bound: at the largest weight
        return by_start([measuring.at_the_bound(net, c or np.abs(measuring.kernels(net)).max()) for net in nets])

    norms = by_start([measuring.norms(net, x) for net in after])
    return {"norms": norms, "at_bound": at_bound(after), "at_bound_before": at_bound(before)}


def of_the_small(critics: dict[str, list[Layers]]) -> dict[str, Any]:
    """Of each data set and seed: contrast, and the slope where data and noise lie."""
    rng = np.random.default_rng(0)
    found: dict[str, Any] = {}
    for name, nets in critics.items():
        x = plane.mixture(name).points[:PLACES].astype(np.float64)
        both = np.concatenate([x, x + rng.standard_normal(x.shape)])
        slopes = [measuring.norms(net, both)[0] for net in nets]
        found[name] = {"contrast": [measuring.contrast(net, name, both) for net in nets], "slope": slopes}
    return found


def main(argv: Sequence[str]) -> None:
    """Trains, measures, draws."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    seeds = claim.few(3, 2)
    numbers: dict[str, Any] = {"deep": {}, "surfaces": {}}
    nets: dict[str, list[Layers]] = {}
    short = ("c = 0.01", "penalty")  # of the quick form
    for name in short if claim.quick else BOUNDS:
        c = BOUNDS[name]
        before, after = deep(c, seeds, claim.few(60, 3), claim.few(256, 16), claim.few(64, 16))
        numbers["deep"][name], nets[name] = of_the_deep(c, before, after, seeds), after
        print(f"{name}: deep critics", file=sys.stderr, flush=True)
    surfaces: dict[str, dict[str, list[Layers]]] = {}
    for name in short if claim.quick else SHOWN:
        surfaces[name] = alone(BOUNDS[name], DATA, seeds, claim.few(1500, 20), claim.few(64, 16), claim.few(256, 32))
        numbers["surfaces"][name] = of_the_small(surfaces[name])
        print(f"{name}: critics of {', '.join(DATA)}", file=sys.stderr, flush=True)
    drawing.figure(numbers, nets, surfaces, BOUNDS, claim.out / "figure.png")
    claim.conclude(*judge(numbers), numbers, seeds)


if __name__ == "__main__":
    guarded(main)(sys.argv)
