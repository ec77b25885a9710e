"""A run trained where it is not, measured with and without truncation, and what is left of several seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ganjax import config as configs
from ganjax import sweep
from ganjax.evaluation import evaluator
from ganjax.monitor import pictures, plots
from ganjax.run import prepare
from ganjax.samples import sampler
from ganjax.sets import Settings, samples_of
from ganjax.train import train
from ganjax.workdir import reopen

SETTINGS = Settings(("fd_efflite0", "kd_efflite0", "cs_efflite0", "prdc_efflite0"), n_fake=2000, n_real=10_000)
CUTS = "0.3,0.5,0.75,1,1.5,none"
SHOWN = 12
Point = dict[str, float]  # {measure: number}


class Measured(NamedTuple):
    """What a seed's samples measure, and at each truncation; minutes that its training took."""

    minutes: float
    plain: Point
    cut: dict[str, Point]


def measure(spec: str, folder: Path, settings: Sequence[str], cut: bool) -> Measured:
    """A config's run, trained and measured where it is not yet; its numbers stay in measured.json."""
    config = configs.load(spec, [f"--config.{each}" for each in settings])
    train(config, folder)
    kept = folder / "measured.json"
    if not kept.is_file():
        run = prepare(config)
        _, step, state = reopen(folder)
        (result,) = evaluator(run, SETTINGS)(state, step, 0)
        found = sweep.sweeper(run, SETTINGS, sweep.truncations(CUTS))(state, step, 0).points if cut else []
        cuts = {sweep.name_of(point): point.measures for point in found}
        pictures.write_whole(kept, json.dumps(Measured(_minutes(folder), result.measures, cuts)._asdict()).encode())
    return Measured(**json.loads(kept.read_bytes()))


def images(folder: Path) -> np.ndarray:
    """The first samples of a run, bytes: of the same latents in each."""
    run, _, state = reopen(folder)
    first = next(samples_of(run, SETTINGS._replace(n_fake=SHOWN), sampler(run))(state))
    return pictures.to_bytes(first["image"])


def _minutes(folder: Path) -> float:
    """Of all steps by the log's clock, without what the first lines waited for: compilation."""
    log = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    first, last = log[0], log[-1]
    return float((last["time"] - first["time"]) / (last["step"] - first["step"]) * last["step"] / 60)


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
    """Fidelity against variety of each name, means of seeds, and Fréchet distance against the threshold."""

    def mean(seeds: Sequence[Measured], measure: str) -> list[float]:
        return [float(np.mean([seed.cut[cut][f"{measure}_efflite0"] for seed in seeds])) for cut in seeds[0].cut]

    notes = {name: [*seeds[0].cut] for name, seeds in found.items()}
    pages = []
    for x, y in (("recall", "precision"), ("coverage", "density"), ("cs", "fd")):
        series = {name: (mean(seeds, x), mean(seeds, y)) for name, seeds in found.items()}
        pages.append(np.asarray(plots.lines(series, f"{y} over {x}, a dot for each truncation", x, y, notes)))
    return np.concatenate(pages, axis=1)
