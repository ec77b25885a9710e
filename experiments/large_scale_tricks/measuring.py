"""What is read off the runs: qualities, singular values, what D remembers, and what differences of few seeds say."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments.large_scale import measuring as large_scale
from experiments.large_scale_tricks.rows import Opened
from ganjax.data import pipeline
from ganjax.monitor.collapse import FEW_APART
from ganjax.monitor.pictures import write_whole
from ganjax.run import open_data, root
from ganjax.sets import Settings

SETTINGS = large_scale.SETTINGS._replace(metrics=("kd_efflite0", "cs_efflite0"), n_fake=1000)
QUICK = SETTINGS._replace(n_fake=64, n_real=128, batch_norm="running")
FIRST = "gen/blocks/Dense_0"  # G's first layer
WERE_APART = 0.5  # of the data's distance: samples that have been so far apart are no beginners
SURE = 2.0  # standard errors
Point = dict[str, float]


class Spectra(NamedTuple):
    """The steps that were looked at, and σ₀ of each layer at each; every weight begins orthogonal, at σ₀ = 1."""

    steps: list[int]
    sigma: dict[str, list[float]]

    def of(self, player: str) -> np.ndarray:
        """The geometric mean of a player's σ₀ over its layers, at each look."""
        layers = [values for name, values in self.sigma.items() if name.startswith(player)]
        out: np.ndarray = np.exp(np.log(layers).mean(axis=0))
        return out


def quality(opened: Opened, way: Settings) -> Point:
    """The samples of a state beside all faces, held out or not; kept in measured-STEP.json of the run's folder."""
    run, step, state, folder = opened
    kept = folder / f"measured-{step}.json"
    if not kept.is_file():
        data = copy.deepcopy(run.config.data)
        data.held_out = 0
        whole = run._replace(source=open_data(data)[0])
        write_whole(kept, json.dumps(large_scale.measurer(whole, way)(state, None)).encode())
    found: Point = json.loads(kept.read_bytes())
    return found


def log_of(folder: Path) -> list[dict[str, float]]:
    """The lines of a run's log."""
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def spectra(log: Sequence[Mapping[str, float]]) -> Spectra:
    """σ₀ of what the watch looked at."""
    lines = [line for line in log if f"watch/{FIRST}/sigma0" in line]
    names = [name for name in lines[0] if name.startswith("watch/") and name.endswith("/sigma0")]
    sigma = {name.removeprefix("watch/").removesuffix("/sigma0"): [line[name] for line in lines] for name in names}
    return Spectra([int(line["step"]) for line in lines], sigma)


def collapsed(log: Sequence[Mapping[str, float]]) -> bool:
    """Whether samples that were half as far apart as the data were later less than a quarter, where the watch warns."""
    apart = [line["watch/apart"] for line in log if "watch/apart" in line]
    once = next((i for i, value in enumerate(apart) if value > WERE_APART), len(apart))
    return any(value < FEW_APART for value in apart[once:])


def remembered(opened: Opened, n: int) -> Point:
    """How often D puts a face above a made one: of n that it was trained on and n that it was not; of the same made ones."""
    run, _, state, _ = opened
    judge = jax.jit(lambda batch: run.game.gan.disc_loss(state.params, state.carry, batch, root(0, "evaluation")))
    seen: Point = {}
    for name, source in zip(("train", "held_out"), open_data(run.config.data), strict=True):
        assert source is not None
        host = next(pipeline.batches(source, batch_size=n, micro=lambda _: 1))
        batch = pipeline.to_model_range({k: jnp.asarray(x[0]) for k, x in host.items()}, root(0, "data"), False)
        seen[name] = float(judge(batch)[1][1]["disc/accuracy"])
    error = math.sqrt(sum(share * (1 - share) / n for share in seen.values()))
    return {**seen, "gap": seen["train"] - seen["held_out"], "error": error}


def pooled(groups: Sequence[Sequence[float]]) -> float:
    """The standard deviation of seeds, of all groups that have several; 0 where none has."""
    several = [np.asarray(group) for group in groups if len(group) > 1]
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in several)
    return math.sqrt(squares / max(1, sum(len(group) - 1 for group in several)))


def error(new: Sequence[float], old: Sequence[float], spread: float) -> float:
    """The standard error of the difference of two means of seeds, each of which deviates by ``spread``."""
    return spread * math.sqrt(1 / len(new) + 1 / len(old))


def standing(new: Sequence[float], old: Sequence[float], spread: float) -> str:
    """``better``, ``worse`` or ``level``: whether the mean of a distance fell, rose, or moved by less than two errors."""
    moved, least = float(np.mean(new)) - float(np.mean(old)), SURE * error(new, old, spread)
    return "better" if moved < -least else "worse" if moved > least else "level"


def moves(cut: Mapping[str, Sequence[Point]], name: str) -> list[list[float]]:
    """Of each seed, by how much a measure moves from one threshold to the next lower one, from none on."""
    order = ["none", *sorted((each for each in cut if each != "none"), key=float, reverse=True)]
    values = np.array([[point[name] for point in cut[each]] for each in order])
    out: list[list[float]] = np.diff(values, axis=0).T.tolist()
    return out


def means(points: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    """{measure: [mean, each seed's]}."""
    return {name: [float(np.mean(own)), own] for name in names for own in [[p[name] for p in points]]}
