"""A run trained where it is not, measured with and without truncation, and what is left of several seeds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ml_collections import ConfigDict

from ganjax import config as configs
from ganjax import evaluation
from ganjax.core import State
from ganjax.latents import Truncation
from ganjax.metrics import measures
from ganjax.monitor import pictures, plots
from ganjax.run import Run, prepare
from ganjax.samples import sampler
from ganjax.sets import Settings, samples_of
from ganjax.sweep import truncations
from ganjax.train import train
from ganjax.workdir import reopen

SETTINGS = Settings(
    ("fd_efflite0", "kd_efflite0", "cs_efflite0", "prdc_efflite0"), n_fake=2000, n_real=10_000, batch_norm="standing"
)
CUTS = "0.25,0.5,1"
SHOWN = 12
Point = dict[str, float]  # {measure: number}


class Measured(NamedTuple):
    """What a seed's samples measure, and at each truncation; minutes that its training took."""

    minutes: float
    plain: Point
    cut: dict[str, Point]


def measure(spec: str, folder: Path, settings: Sequence[str], cut: bool) -> Measured:
    """A config's run, trained and measured where it is not yet."""
    config = configs.load(spec, [f"--config.{each}" for each in settings])
    train(config, folder)
    return Measured(_minutes(folder), *measurements(config, folder, cut))


def measurements(
    config: ConfigDict, folder: Path, cut: bool, way: Settings = SETTINGS
) -> tuple[Point, dict[str, Point]]:
    """(without truncation, at each) of a run that is trained; kept in its measured.json."""
    kept = folder / "measured.json"
    if not kept.is_file():
        run = prepare(config)
        _, _, state = reopen(folder)
        measured = measurer(run, way)
        cuts = {str(each): measured(state, each) for each in truncations(CUTS) if each} if cut else {}
        found = {"plain": measured(state, None), "cut": cuts}
        pictures.write_whole(kept, json.dumps(found).encode())
    found = json.loads(kept.read_bytes())
    return found["plain"], found["cut"]


def measurer(run: Run, way: Settings = SETTINGS) -> Callable[[State, Truncation | None], Point]:
    """The settings' measures of a state, truncated or not, and two that move where precision and recall are near 0:
    ``nearest``, a sample's mean distance to the nearest datum over the data's own to the nearest other; ``spread``, the mean
    distance of two samples over that of two data."""
    sample, seen = sampler(run), evaluation.view(run, way, "efflite0", logits=True)

    def measured(state: State, cut: Truncation | None) -> Point:
        settings = way._replace(truncation=cut)
        real, fake, _ = evaluation.look(run, settings, seen, samples_of(run, settings, sample)(state), str(cut))
        found = {key: v for name in seen.asked for key, v in measures.measure(name, seen.extractor, real, fake).items()}
        x, y, half = real.features, fake.features, len(real.features) // 2
        own = distances(x[half:], x[:half])
        nearest = distances(y, x[:half]).min(axis=1).mean() / own.min(axis=1).mean()
        spread = distances(y[: len(y) // 2], y[len(y) // 2 :]).mean() / own.mean()
        return {**found, "nearest": float(nearest), "spread": float(spread)}

    return measured


def distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of each row of x to each of y."""
    squares = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T
    return np.sqrt(np.maximum(squares, 0))


def images(folder: Path) -> np.ndarray:
    """The first samples of a run, bytes: of the same latents in each."""
    run, _, state = reopen(folder)
    first = next(samples_of(run, SETTINGS._replace(n_fake=SHOWN), sampler(run))(state))
    return pictures.to_bytes(first["image"])


def _minutes(folder: Path) -> float:
    """Of all steps, at the median pace between two lines of the log: without compilation, pictures and interruptions."""
    log = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    paces = [(b["time"] - a["time"]) / (b["step"] - a["step"]) for a, b in pairwise(log) if b["step"] > a["step"]]
    return float(np.median(paces) * log[-1]["step"] / 60)


def summary(seeds: Sequence[Measured]) -> dict[str, Any]:
    """{measure: [mean, standard deviation, each seed's]}, for each truncation where there are some."""
    cuts = {cut: _over([seed.cut[cut] for seed in seeds]) for cut in seeds[0].cut}
    plain = {"minutes": _spread([seed.minutes for seed in seeds]), **_over([seed.plain for seed in seeds])}
    return {**plain, "truncation": cuts} if cuts else plain


def _over(points: Sequence[Point]) -> dict[str, list[Any]]:
    return {name: _spread([point[name] for point in points]) for name in points[0]}


def _spread(values: Sequence[float]) -> list[Any]:
    return [float(np.mean(values)), float(np.std(values)), [*map(float, values)]]


def curves(found: Mapping[str, Sequence[Measured]]) -> np.ndarray:
    """Fidelity against variety of each name, three ways, a dot for each truncation and the last without: means of seeds."""
    pages = []
    for x, y in (("spread", "nearest"), ("recall_efflite0", "precision_efflite0"), ("cs_efflite0", "fd_efflite0")):
        series, notes = {}, {}
        for name, seeds in found.items():
            points = [{**seed.cut, "none": seed.plain} for seed in seeds]
            notes[name] = [*points[0]]
            series[name] = [[float(np.mean([seed[cut][m] for seed in points])) for cut in notes[name]] for m in (x, y)]
        pages.append(np.asarray(plots.lines({k: (v[0], v[1]) for k, v in series.items()}, "", x, y, notes)))
    return np.concatenate(pages, axis=1)
