"""What the terms of CycleGAN are said to change: its colours, its swings, its pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from experiments.cycle_consistency.translators import Pairs, mean_error, ways
from ganjax.core import State
from ganjax.evaluation import evaluator
from ganjax.run import Run, prepare
from ganjax.sets import Settings
from ganjax.workdir import reopen

Wears = Callable[[np.ndarray], np.ndarray]  # images in [-1, 1] -> whether there are glasses


def translations(run: Run, state: State, pairs: Pairs) -> dict[str, np.ndarray]:
    """{"on": glasses put on, "off": taken off}."""
    way = ways(run, state)
    return {"on": way["ab"](pairs.a), "off": way["ba"](pairs.b)}


def colour_shift(made: np.ndarray, given: np.ndarray) -> float:
    """How far the mean of a channel moves, in [-1, 1], averaged over channels and images."""
    return float(np.abs(made.mean(axis=(1, 2)) - given.mean(axis=(1, 2))).mean())


def swing(made: list[np.ndarray]) -> float:
    """Mean |change| of a translation from one checkpoint to the next."""
    return float(np.mean([mean_error(x, y) for x, y in zip(made[1:], made[:-1], strict=True)]))


def variation(values: np.ndarray) -> float:
    """Standard deviation over mean: of losses, whatever their scale."""
    return float(values.std() / values.mean())


def of_log(folder: Path, name: str) -> np.ndarray:
    """A metric in the last half of a run's log."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    values: np.ndarray = np.array([line[name] for line in lines if line["step"] > lines[-1]["step"] / 2])
    return values


def of_checkpoints(folder: Path, pairs: Pairs) -> list[dict[str, np.ndarray]]:
    """Translations of the checkpoints that are kept, in their order."""
    steps = sorted(int(each.name) for each in (folder / "checkpoints").iterdir() if each.name.isdecimal())
    return [translations(run, state, pairs) for run, _, state in (reopen(folder, step) for step in steps)]


def kid(run: Run, state: State, n: int) -> float:
    """kd_efflite0 × 100 of n faces without glasses, put on, beside n faces with glasses of the data."""
    evaluate = evaluator(prepare(run.config), Settings(("kd_efflite0",), n_fake=n, n_real=n))
    (result,) = evaluate(state, run.steps, 0)
    return 100 * float(result.measures["kd_efflite0"])


def measure(run: Run, state: State, folder: Path, pairs: Pairs, wears: Wears, n: int) -> dict[str, Any]:
    """All of them, of a run."""
    made = translations(run, state, pairs)
    few = Pairs(pairs.a[:50], pairs.b[:50])
    past = of_checkpoints(folder, few)
    return {
        "error_off": mean_error(made["off"], pairs.a),
        "changed_off": float((~wears(made["off"])).mean()),
        "changed_on": float(wears(made["on"]).mean()),
        "kid_100": kid(run, state, n),
        "colour_shift": (colour_shift(made["on"], pairs.a) + colour_shift(made["off"], pairs.b)) / 2,
        "swing": (swing([each["on"] for each in past]) + swing([each["off"] for each in past])) / 2,
        "disc_loss_variation": variation(of_log(folder, "disc/loss")),
    }
