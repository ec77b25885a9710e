"""What the terms of CycleGAN are said to change: its colours, its swings, its pictures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.cycle_consistency.translators import Pairs, mean_error, ways
from ganjax.checkpoint import Checkpoints
from ganjax.core import State
from ganjax.evaluation import evaluator
from ganjax.run import Run, prepare
from ganjax.samples import Sampler
from ganjax.sets import Settings

Wears = Callable[[np.ndarray], np.ndarray]  # images in [-1, 1] -> whether there are glasses


def translations(sample: Sampler, state: State, pairs: Pairs) -> dict[str, np.ndarray]:
    """{"on": glasses put on, "off": taken off}."""
    way = ways(sample, state)
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


def of_checkpoints(folder: Path, sample: Sampler, state: State, pairs: Pairs) -> list[dict[str, np.ndarray]]:
    """Translations of the checkpoints that are kept, in their order; ``state`` is any of that run."""
    with Checkpoints(folder) as checkpoints:
        found = [checkpoints.restore(state, step) for step in sorted(checkpoints.steps())]
    return [translations(sample, each[1], pairs) for each in found if each]


def kid(run: Run, state: State, n: int) -> float:
    """kd_efflite0 × 100 of n faces without glasses, put on, beside n faces with glasses of the data."""
    evaluate = evaluator(prepare(run.config), Settings(("kd_efflite0",), n_fake=n, n_real=n))
    (result,) = evaluate(state, run.steps, 0)
    return 100 * float(result.measures["kd_efflite0"])


def measure(
    made: Mapping[str, np.ndarray], past: Sequence[Mapping[str, np.ndarray]], pairs: Pairs, wears: Wears
) -> Any:
    """Of translations, and those of the checkpoints before."""
    return {
        "error_off": mean_error(made["off"], pairs.a),
        "changed_off": float((~wears(made["off"])).mean()),
        "changed_on": float(wears(made["on"]).mean()),
        "colour_shift": (colour_shift(made["on"], pairs.a) + colour_shift(made["off"], pairs.b)) / 2,
        "swing": (swing([each["on"] for each in past]) + swing([each["off"] for each in past])) / 2,
    }
