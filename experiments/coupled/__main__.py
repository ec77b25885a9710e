"""``python -m experiments.coupled [--workdir=runs] [--out=DIR]``: digits and edges that CoGAN draws, half against half."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import jax
import numpy as np

from experiments import doors
from ganjax.data import open_source
from ganjax.data.pairs import edges
from ganjax.main import guarded
from ganjax.monitor import pictures
from ganjax.samples import drawn, sampler

SPEC = "configs/cogan.py"
PAIRS, SHOWN = 1000, 16


def agreement(digits: np.ndarray, lines: np.ndarray) -> dict[str, float]:
    """Mean |edges(digit) − edge image| over 0 to 255: of pairs, and of each digit with the edges of another one."""
    own = edges(digits).astype(float)
    other = np.roll(lines, len(lines) // 2, axis=0)
    apart = {"pairs": float(np.abs(own - lines).mean()), "shuffled": float(np.abs(own - other).mean())}
    return apart | {"ratio": apart["shuffled"] / max(apart["pairs"], 1e-9)}


def main(argv: Sequence[str]) -> None:
    """Trains, draws, measures, writes and prints."""
    args = doors.opened(doors.arguments(__file__, __doc__), argv)
    run, step, state = doors.trained(SPEC, args.workdir)
    made = sampler(run)(state, drawn(run, jax.random.key(1), PAIRS))
    digits, lines = (pictures.to_bytes(made[side]) for side in "ab")
    source = open_source("digit_edges")
    real = source.fetch(np.arange(PAIRS) * (source.size // PAIRS))
    result = {
        "step": step,
        "drawn": agreement(digits, lines),
        "other digits of the data": agreement(real["a"], real["b"]),
    }
    print(json.dumps(result), flush=True)
    doors.leave(args.out, result)
    shown = np.concatenate([digits[:SHOWN], lines[:SHOWN], edges(digits[:SHOWN])])
    pictures.save_png(args.out / "figure.png", pictures.sheet(shown, columns=SHOWN), scale=2)


if __name__ == "__main__":
    guarded(main)(sys.argv)
