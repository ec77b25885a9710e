"""``python -m experiments.coupled [--workdir=runs] [--out=DIR]``: digits and edges that CoGAN draws, half against half."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import jax
import numpy as np

from experiments import doors
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


def found(own: np.ndarray, lines: np.ndarray) -> dict[str, float]:
    """Correlation of pairs and of shuffled ones, over what is common to all images of their kind; how often the edge image
    that is most like a digit's edges is the one drawn with it.
    """
    a, b = (_unit(each.reshape(len(each), -1).astype(float)) for each in (own, lines))
    alike = a @ b.T
    other = np.roll(np.arange(len(a)), len(a) // 2)
    return {
        "correlation": float(np.diag(alike).mean()),
        "correlation_shuffled": float(alike[np.arange(len(a)), other].mean()),
        "retrieved": float((alike.argmax(axis=1) == np.arange(len(a))).mean()),
    }


def _unit(x: np.ndarray) -> np.ndarray:
    x = x - x.mean(axis=0)
    out: np.ndarray = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    return out


def main(argv: Sequence[str]) -> None:
    """Trains, draws, measures, writes and prints."""
    parser = doors.arguments(__file__, __doc__)
    parser.add_argument("--steps", type=int, help="of the run, which goes on where it has fewer (the config's)")
    args = doors.opened(parser, argv)
    run, step, state = doors.trained(SPEC, args.workdir, *([f"train.steps={args.steps}"] if args.steps else []))
    made = sampler(run)(state, drawn(run, jax.random.key(1), PAIRS))
    digits, lines = (pictures.to_bytes(made[side]) for side in "ab")
    result = {"step": step, **agreement(digits, lines), **found(edges(digits), lines)}
    print(json.dumps(result), flush=True)
    doors.leave(args.out, result)
    shown = np.concatenate([digits[:SHOWN], lines[:SHOWN], edges(digits[:SHOWN])])
    pictures.save_png(args.out / "figure.png", pictures.sheet(shown, columns=SHOWN), scale=2)


if __name__ == "__main__":
    guarded(main)(sys.argv)
