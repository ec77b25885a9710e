"""The verdict on clipping, by rules that were written before the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.claims import Answer

PILED = 0.5  # of the weights at the bound, where they began evenly between the bounds
FACTOR = 10.0  # from the last layer to the input: a gradient that has grown or shrunk so much explodes or vanishes
HALF = 0.5  # of the penalty's contrast: a critic below it is too simple
Numbers = Mapping[str, Any]


def growth(norms: Any) -> np.ndarray:
    """The norm at the input over that at the last layer [start, seed]."""
    n = np.asarray(norms)
    return np.asarray(n[..., 0] / n[..., -1])


def geometric(x: np.ndarray) -> float:
    """The geometric mean; 0 where one is 0."""
    return float(np.exp(np.log(np.maximum(x, 1e-300)).mean()))


def judge(numbers: Numbers) -> tuple[Answer, str]:
    """Yes: all three hold; no: none or one does.

    1. For every c more than PILED of the weights end at the bound though they began evenly between the bounds. 2. For some c
    gradients grow more than FACTOR times through the layers and for some they shrink as much; the penalty's do neither, in
    all seeds. 3. On all data the penalty's contrast is above 0 and clipping's, for both c, below HALF of it.
    """
    deep, surfaces = numbers["deep"], numbers["surfaces"]
    bounds = [name for name in deep if name != "penalty"]
    piled = {name: float(np.mean(deep[name]["at_bound"][-1])) for name in bounds}
    grown = {name: geometric(growth(each["norms"][0])) for name, each in deep.items()}
    steady = growth(deep["penalty"]["norms"])
    either = max(grown[name] for name in bounds) > FACTOR and min(grown[name] for name in bounds) < 1 / FACTOR
    even = bool((steady < FACTOR).all() and (steady > 1 / FACTOR).all())
    contrast = {
        name: {of: float(np.mean(each["contrast"])) for of, each in by.items()} for name, by in surfaces.items()
    }
    best = contrast["penalty"]
    simple = all(
        best[of] > 0 and by[of] < HALF * best[of] for name, by in contrast.items() if name != "penalty" for of in by
    )
    held = sum([min(piled.values()) > PILED, either and even, simple])
    answer: Answer = "yes" if held == 3 else "partly" if held == 2 else "no"
    listed = ", ".join(f"{share:.0%} ({name})" for name, share in piled.items())
    through = ", ".join(f"{each:.1e} ({name})" for name, each in grown.items())
    sharp = "; ".join(f"{of}: " + ", ".join(f"{by[of]:.2f} ({name})" for name, by in contrast.items()) for of in best)
    return answer, (
        f"Weights within 1 % of the bound, begun evenly: {listed}; gradient at the input over that at the last of 12 layers: "
        f"{through}; D on the data above D in the gaps, in deviations of D: {sharp}. {held} of 3 parts hold."
    )
