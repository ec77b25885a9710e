"""Fidelity against variety: a run measured at many truncations of its latents, and the columns that are read off.

Brock et al. 2019, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", sections 3.1 and 4.1, figure 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from ganjax import evaluation, protocol
from ganjax.core import State
from ganjax.errors import UserError
from ganjax.latents import Truncation, truncation
from ganjax.metrics import measures
from ganjax.metrics.measures import Seen
from ganjax.metrics.score import classifier_score
from ganjax.monitor import pictures, plots
from ganjax.protocol import Result
from ganjax.run import Run
from ganjax.samples import sampler
from ganjax.sets import Drawing, Settings, samples_of

THRESHOLDS = "0.04,0.1,0.2,0.3,0.4,0.5,0.6,0.8,1,1.2,1.5,2,none"
SHOWN = 10  # samples in a row of the sheet


class Sweep(NamedTuple):
    """A result for each truncation; the names of their Fréchet distance and classifier score, and that score of the data.

    ``shown`` are the first samples of each, bytes: of the same latents and labels.
    """

    points: list[Result]
    distance: str
    score: str
    of_data: float
    shown: dict[str, np.ndarray]


def truncations(text: str) -> list[Truncation | None]:
    """0.5,2,none -> truncations from the lowest threshold to none, which is always among them.

    Raises:
        UserError: one that is none, or nothing but none.
    """
    found = {truncation(name.strip()) for name in text.split(",") if name.strip()} - {None}
    if not found:
        raise UserError(f"--truncation-sweep={text}: thresholds are needed, such as 0.04,0.5,1,2,none")
    return [*sorted((each for each in found if each), key=lambda each: (each.kind, each.threshold)), None]


def asked(settings: Settings, own: bool) -> Settings:
    """Settings with a Fréchet distance, a classifier score and prdc of one extractor: the first that is measured by.

    ``own``: the measures were asked for, and stay as they are.

    Raises:
        UserError: they have no distance or score, or are of several extractors.
    """
    first = settings.metrics[0]
    if not own and first != "modes" and not first.startswith("lpips_"):
        measure, extractor = measures.split(first, [*evaluation.EXTRACTORS])
        names = ("fid", "is", "prdc") if measure in measures.PUBLISHED else ("fd", "cs", "prdc")
        settings = settings._replace(metrics=tuple(f"{name}_{extractor}" for name in names))
    if None in _axes(settings) or len(evaluation.extractors(settings)) > 1:
        raise UserError(
            f"--truncation-sweep cannot go by {','.join(settings.metrics)}: it sets a Fréchet distance against a classifier "
            "score of one extractor, such as --metrics=fd_efflite0,cs_efflite0,prdc_efflite0"
        )
    return settings


def _axes(settings: Settings) -> list[str | None]:
    """The Fréchet distance and the classifier score among the measures, by their whole names."""

    def named(names: tuple[str, str]) -> str | None:
        return next((each for each in settings.metrics if each.rpartition("_")[0] in names), None)

    return [named(names) for names in (("fd", "fid"), ("cs", "is"))]


def sweeper(run: Run, settings: Settings, cuts: list[Truncation | None]) -> Callable[[State, int, int], Sweep]:
    """All that does not depend on the state, checked, as ``evaluation.evaluator`` does; one compiled sampler for all.

    Raises:
        UserError: a measure that is not there, or that these data cannot have; no normal latents to truncate.
    """
    run, settings = evaluation.compared(run, settings)
    distance, score = map(str, _axes(settings))
    seen = evaluation.view(run, settings, evaluation.extractors(settings)[0], logits=True)
    sample = sampler(run, train=settings.batch_norm == "batch", raw=settings.raw)
    samples_of(run, settings._replace(n_fake=1, truncation=cuts[0]), sample)

    def sweep(state: State, step: int, index: int) -> Sweep:
        points, shown = [], {}
        for cut in tqdm(cuts, desc="truncations", unit="threshold", disable=None):
            way = settings._replace(truncation=cut)
            first: list[np.ndarray] = []
            made = _noting(samples_of(run, way, sample), first)
            points.append(evaluation.result(run, way, seen, made, state, step, index))
            shown[str(cut or "none")] = pictures.to_bytes(np.stack(first))
        of_data = score_of(seen.data()[0], settings.n_fake)
        return Sweep(points, distance, score, of_data, shown)

    return sweep


def _noting(made: Drawing, first: list[np.ndarray]) -> Drawing:
    """The same samples; the first of them are noted as they pass."""

    def drawing(state: State) -> Iterator[dict[str, np.ndarray]]:
        for chunk in made(state):
            first.extend(chunk["image"][: SHOWN - len(first)])
            yield chunk

    return drawing


def score_of(real: Seen, n: int) -> float:
    """The data's own classifier score, of n images at most: a score of fewer is lower. Shuffled, for data sorted by class."""
    logits = np.zeros((0, 1)) if real.logits is None else real.logits
    order = np.random.default_rng(0).permutation(len(logits))
    return classifier_score(logits[order][:n])[0]


def columns(sweep: Sweep) -> dict[str, Result]:
    """The four columns of Brock et al. 2019, table 2: without truncation, at the best distance, where the score is nearest to
    that of the data, at the best score."""

    def least(value: Callable[[Result], float]) -> Result:
        return min(sweep.points, key=lambda point: math.inf if math.isnan(value(point)) else value(point))

    return {
        "none": next(point for point in sweep.points if point.protocol["truncation"] is None),
        f"best {sweep.distance}": least(lambda point: point.measures[sweep.distance]),
        f"data's {sweep.score}": least(lambda point: abs(point.measures[sweep.score] - sweep.of_data)),
        f"best {sweep.score}": least(lambda point: -point.measures[sweep.score]),
    }


def name_of(point: Result) -> str:
    """The truncation of a result by name."""
    cut = point.protocol.get("truncation")
    return str(Truncation(**cut)) if cut else "none"


def curves(sweep: Sweep) -> np.ndarray:
    """The distance against the score, and beside it fidelity against variety where they were measured: a dot for each
    truncation."""
    names, extractor = [*map(name_of, sweep.points)], sweep.distance.rpartition("_")[2]

    def values(name: str) -> list[float]:
        return [point.measures.get(f"{name}_{extractor}", math.nan) for point in sweep.points]

    own = [[point.measures[name] for point in sweep.points] for name in (sweep.score, sweep.distance)]
    step = f"step {sweep.points[0].of['step']}, truncated"
    pages = [plots.lines({step: (own[0], own[1])}, step, sweep.score, sweep.distance, {step: names})]
    if f"recall_{extractor}" in sweep.points[0].measures:
        pairs = {f"{y} over {x}": (values(x), values(y)) for x, y in (("recall", "precision"), ("coverage", "density"))}
        axes = f"variety, {extractor}", f"fidelity, {extractor}"
        pages.append(plots.lines(pairs, step, *axes, dict.fromkeys(pairs, names)))
    return np.concatenate([np.asarray(page) for page in pages], axis=1)


def write(workdir: Path, sweep: Sweep) -> Path:
    """Each result into eval/, and eval/truncation/<stem>/ with sweep.json, sheet.png and curve.png; returns that folder."""
    cuts = [point.protocol["truncation"] for point in sweep.points]
    whole = sweep.points[0]._replace(protocol={**sweep.points[0].protocol, "truncation": cuts})
    folder = workdir / "eval" / "truncation" / protocol.stem(whole)
    for point in sweep.points:
        protocol.write(workdir, point)
    pictures.save_png(folder / "sheet.png", plots.rows(sweep.shown))
    pictures.save_png(folder / "curve.png", curves(sweep))
    pictures.write_whole(folder / "sweep.json", protocol.to_json(report(sweep)).encode())
    return folder


def report(sweep: Sweep) -> dict[str, Any]:
    """What a sweep found, for JSON."""
    shared = {key: value for key, value in sweep.points[0].protocol.items() if key != "truncation"}
    return {
        "columns": {name: name_of(point) for name, point in columns(sweep).items()},
        "data": {sweep.score: sweep.of_data},
        "points": {name_of(point): point.measures for point in sweep.points},
        "protocol": shared,
        "of": sweep.points[0].of,
        "marks": sweep.points[0].marks,
    }


def table(sweep: Sweep) -> str:
    """The four columns for people, a row for each measure."""
    found = columns(sweep)
    wide = max(20, *map(len, found))
    head = f"{'':<32}" + "".join(f" {name:>{wide}}" for name in found)
    cuts = f"{'truncation':<32}" + "".join(f" {name_of(point):>{wide}}" for point in found.values())
    rows = [
        f"{name:<32}" + "".join(f" {point.measures[name]:>{wide}.6g}" for point in found.values())
        for name in sweep.points[0].measures
    ]
    notes = [f"note: {mark}" for mark in sweep.points[0].marks]
    return "\n".join((head, cuts, *rows, f"{f'{sweep.score} of the data':<32} {sweep.of_data:>{wide}.6g}", *notes))
