"""The small CycleGANs that three claims share, each trained once: outlines or glasses, with and without each term."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from experiments.claims import Claim
from ganjax.core import State
from ganjax.errors import UserError
from ganjax.monitor import pictures
from ganjax.run import Run, open_data
from ganjax.samples import Sampler

GLASSES, OUTLINES = "configs/cyclegan.py", "configs/cyclegan.py:outlines"
NOISY = str(Path(__file__).parents[1] / "hidden_information" / "noisy.py")
RUNS = {  # {name: (config, what it changes there)}
    "outlines": (OUTLINES, ("gan.identity_weight=0.0",)),
    "outlines-free": (OUTLINES, ("gan.identity_weight=0.0", "gan.cycle_weight=0.0")),
    "outlines-noisy": (NOISY, ("gan.identity_weight=0.0",)),
    "glasses": (GLASSES, ()),
    "glasses-no_identity": (GLASSES, ("gan.identity_weight=0.0",)),
    "glasses-log": ("configs/cyclegan.py:log", ()),
    "glasses-no_history": (GLASSES, ("gan.pool.size=0",)),
}
STEPS = {"outlines": 2500, "glasses": 2000}
SEEDS = 3
PER_CALL = {"outlines": 1, "glasses": 25}  # steps in one dispatch: what is trained is the same
SAVED, AT_ONCE = 250, 100
RATE = 4e-4  # twice the paper's: the runs are short
Translate = Callable[[np.ndarray], np.ndarray]  # images [n, h, w, 3] in [-1, 1] -> images


class Pairs(NamedTuple):
    """What is held out of all runs, in [-1, 1]: a and b of the same face."""

    a: np.ndarray
    b: np.ndarray


def trained(claim: Claim, name: str, seed: int) -> tuple[Run, State, Path]:
    """(run, its last state, its folder) of a name in RUNS; trains what is not trained."""
    spec, changes = RUNS[name]
    folder = f"cycle-{name}-{seed}"
    run, _, state = claim.run(spec, *_small(claim, *name.split("-")[:1]), *changes, f"train.seed={seed}", name=folder)
    return run, state, claim.workdir / folder


def _small(claim: Claim, domain: str) -> list[str]:
    channels, steps, saved = claim.few(16, 4), claim.few(STEPS[domain], 4), claim.few(SAVED, 1)
    fall = [f"steps={steps}", f"start={steps // 2}"]
    players = ("gen_opt", "disc_opt")
    return [
        f"generator.channels={channels}",
        f"generator.blocks={claim.few(2, 1)}",
        f"critic.channels={channels}",
        f"critic.layers={claim.few(2, 1)}",
        *(f"{who}.optimiser.learning_rate={RATE}" for who in players),
        *(f"{who}.schedule.{each}" for who in players for each in fall),
        f"train.steps={steps}",
        f"train.steps_per_call={claim.few(PER_CALL[domain], 1)}",
        f"train.log_every={claim.few(25, 1)}",
        f"train.save_every={saved}",
        f"train.keep={1 + steps // saved // 2}",
        "train.sample_every=100000",
        "train.ema_decay=0.0",
    ]


def held_out(run: Run, n: int) -> Pairs:
    """The first n pairs that no run has seen."""
    _, kept = open_data(run.config.data)
    if kept is None:
        raise UserError("configs/cyclegan.py holds no pairs out: set config.data.held_out")
    found = kept.fetch(np.arange(min(n, kept.size)))
    return Pairs(*(found[side].astype(np.float32) / 127.5 - 1 for side in "ab"))


def ways(sample: Sampler, state: State) -> dict[str, Translate]:
    """{"ab": translate, "ba": translate} of a state."""

    def way(origin: str, target: str) -> Translate:
        def some(x: np.ndarray) -> np.ndarray:
            filled = np.concatenate([x, np.zeros((AT_ONCE - len(x), *x.shape[1:]), x.dtype)])  # one program for all
            return sample(state, {origin: jnp.asarray(filled)})[target][: len(x)]

        return lambda x: np.concatenate([some(x[i : i + AT_ONCE]) for i in range(0, len(x), AT_ONCE)])

    return {"ab": way("a", "b"), "ba": way("b", "a")}


def mean_error(x: np.ndarray, y: np.ndarray) -> float:
    """Mean |x − y| over images, pixels and channels; images are in [-1, 1]."""
    return float(np.abs(x - y).mean())


def others(x: np.ndarray) -> np.ndarray:
    """Another's image at each place: all moved by half of them."""
    return np.roll(x, len(x) // 2, axis=0)


def retrieved(made: np.ndarray, truth: np.ndarray) -> float:
    """How often an image's own truth is, by mean square, the nearest of all: 1/n by chance."""
    x, y = (each.reshape(len(each), -1).astype(np.float64) for each in (made, truth))
    squares = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T
    return float((squares.argmin(axis=1) == np.arange(len(x))).mean())


def show(axis: Any, rows: Mapping[str, np.ndarray], columns: int, title: str = "") -> None:
    """Rows of images in [-1, 1], each with its name at its left."""
    shown = [pictures.to_bytes(x[:columns]) for x in rows.values()]
    height = shown[0].shape[1] + 2
    axis.imshow(pictures.sheet(np.concatenate(shown), columns=columns), interpolation="nearest")
    axis.set_yticks([1 + height * (i + 0.5) for i in range(len(rows))], [*rows], fontsize=8)
    axis.set_xticks([])
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.set_title(title, fontsize=9)
