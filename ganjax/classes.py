"""Each class by itself: how far its samples are from its own images, easy classes and difficult ones.

Brock et al. 2019, section 4.2: some classes are easier than others, and what belongs to one leaks into another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ganjax import evaluation, protocol
from ganjax.core import Batch, Key, State
from ganjax.errors import UserError
from ganjax.metrics import measures
from ganjax.metrics.frechet import intra_class_frechet_distance
from ganjax.monitor import pictures, plots
from ganjax.protocol import Result
from ganjax.run import Run
from ganjax.samples import class_names
from ganjax.sets import Settings, reals_of, samples_of

ENDS = 4  # classes of each kind, best and worst, on the sheet
SHOWN = 8  # samples of each, and images beside them
LINES = 20  # classes that are printed; of more, the first and the last ten


class OfClass(NamedTuple):
    """A class: its number and name, its own Fréchet distance, how many images and samples that is of."""

    label: int
    name: str
    distance: float
    n_real: int
    n_fake: int


class Ranking(NamedTuple):
    """Classes from the nearest to the farthest; the mean of them with its protocol; what the best and the worst look like,
    bytes."""

    classes: list[OfClass]
    result: Result
    shown: dict[str, np.ndarray]


def ranker(run: Run, settings: Settings) -> Callable[[State, int, int], Ranking]:
    """All that does not depend on the state, checked, as ``evaluation.evaluator`` does.

    Raises:
        UserError: the system does not draw by class, the data have none, or there are too few samples for all.
    """
    run, settings = evaluation.compared(run, _by_class(settings))
    run = _in_turn(run, settings.n_fake)
    seen = evaluation.view(run, settings, evaluation.extractors(settings)[0])
    made = samples_of(run, settings)

    def rank(state: State, step: int, index: int) -> Ranking:
        real, fake, agreed = evaluation.look(run, settings, seen, made(state), f"samples of step {step}")
        labels = np.asarray(real.labels), np.asarray(fake.labels)
        try:
            apart = intra_class_frechet_distance(real.features, labels[0], fake.features, labels[1])
        except ValueError as error:
            raise UserError(f"{settings.metrics[0]}: {error}") from error
        counts = {label: [int((each == label).sum()) for each in labels] for label in apart}
        found = [OfClass(label, class_names(run)[label], apart[label], *counts[label]) for label in apart]
        found.sort(key=lambda each: (np.isnan(each.distance), each.distance))
        mean = {settings.metrics[0]: float(np.mean([*apart.values()]))}
        whole = Result(mean, {**agreed, "labels": "in turn"}, evaluation.of(run, settings, step, index), _marks(found))
        chosen = found if len(found) <= 2 * ENDS else [*found[:ENDS], *found[-ENDS:]]
        reals = reals_of(run.source, run.config.data, settings.n_real, settings.flips)
        samples = ({**chunk, "image": pictures.to_bytes(chunk["image"])} for chunk in made(state))
        return Ranking(found, whole, _side_by_side(chosen, _first(samples, chosen), _first(reals, chosen)))

    return rank


def _by_class(settings: Settings) -> Settings:
    """The distance within classes that goes with the first measure."""
    first = settings.metrics[0]
    if first == "modes" or first.startswith("lpips_"):
        raise UserError(f"--classes cannot go by {first}: it ranks by a Fréchet distance, --metrics=intra_fd_efflite0")
    measure, extractor = measures.split(first, [*evaluation.EXTRACTORS])
    name = "intra_fid" if measure in measures.PUBLISHED else "intra_fd"
    return settings._replace(metrics=(f"{name}_{extractor}",))


def _in_turn(run: Run, n: int) -> Run:
    """The run as one that draws as many samples of each class: a distance of fewer is larger."""
    gan = run.game.gan
    if "label" not in gan.inputs(jax.random.key(0), 1):
        raise UserError(f"--classes: {run.config.system} draws without labels")
    if "label" not in run.source.fetch(np.arange(1)):
        raise UserError(f"--classes: {run.source.name} has no labels")
    count = len(class_names(run))
    if n < 2 * count:
        raise UserError(f"--n={n}: {count} classes need {2 * count} samples at least")

    def inputs(key: Key, n: int) -> Batch:
        drawn = gan.inputs(key, n)
        return {**drawn, "label": jnp.arange(n, dtype=drawn["label"].dtype) % count}

    return run._replace(game=run.game._replace(gan=gan._replace(inputs=inputs)))


def _marks(found: list[OfClass]) -> list[str]:
    reals, fakes = ([getattr(each, key) for each in found] for key in ("n_real", "n_fake"))
    uneven = [f"classes have {min(reals)} to {max(reals)} images: of fewer a distance is larger"]
    return [*measures.marks(min(reals), min(fakes), ["intra_fd"]), *uneven * (max(reals) > min(reals))]


def _first(chunks: Iterable[dict[str, np.ndarray]], chosen: list[OfClass]) -> dict[int, list[np.ndarray]]:
    """The first images of each chosen class; no further than needed."""
    found: dict[int, list[np.ndarray]] = {each.label: [] for each in chosen}
    for chunk in chunks:
        for image, label in zip(chunk["image"], chunk["label"].tolist(), strict=True):
            if label in found and len(found[label]) < SHOWN:
                found[label].append(image)
        if all(len(images) == SHOWN for images in found.values()):
            break
    return found


def _side_by_side(
    chosen: list[OfClass], samples: dict[int, list[np.ndarray]], reals: dict[int, list[np.ndarray]]
) -> dict[str, np.ndarray]:
    """A row for each class: samples, a white place, images of the data."""
    white = np.full_like(samples[chosen[0].label][0], 255)

    def row(label: int) -> np.ndarray:
        left, right = (images + [white] * (SHOWN - len(images)) for images in (samples[label], reals[label]))
        return np.stack([*left, white, *right])

    return {f"{each.name}  {each.distance:.4g}": row(each.label) for each in chosen}


def write(workdir: Path, ranking: Ranking) -> Path:
    """eval/classes/<stem>/ with classes.json and sheet.png; returns that folder."""
    folder = workdir / "eval" / "classes" / protocol.stem(ranking.result)
    pictures.save_png(folder / "sheet.png", plots.rows(ranking.shown))
    pictures.write_whole(folder / "classes.json", protocol.to_json(report(ranking)).encode())
    return folder


def report(ranking: Ranking) -> dict[str, Any]:
    """What was found, for JSON."""
    return {"classes": [each._asdict() for each in ranking.classes], **ranking.result._asdict()}


def table(ranking: Ranking) -> str:
    """The ranking for people, from the nearest class to the farthest."""
    ((name, mean),) = ranking.result.measures.items()
    lines = [
        f"{i + 1:>5}  {each.name:<24} {each.distance:>12.6g} {each.n_real:>9} {each.n_fake:>9}"
        for i, each in enumerate(ranking.classes)
    ]
    shown = lines if len(lines) <= LINES else [*lines[: LINES // 2], "    …", *lines[-(LINES // 2) :]]
    head = f"{'':>5}  {'class':<24} {name.removeprefix('intra_'):>12} {'images':>9} {'samples':>9}"
    return "\n".join((head, *shown, f"{name} {mean:.6g}", *(f"note: {mark}" for mark in ranking.result.marks)))
