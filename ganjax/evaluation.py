"""What a state is worth: its samples beside the data, as an extractor sees both, with the protocol of it all."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ganjax import protocol, translations
from ganjax.core import State
from ganjax.errors import UserError
from ganjax.metrics import measures
from ganjax.metrics.extractors import Extractor, efflite0, inception2015
from ganjax.metrics.lpips import LEAST, diversity, lpips
from ganjax.metrics.measures import Seen
from ganjax.metrics.modes import coverage
from ganjax.monitor import pictures
from ganjax.protocol import Result
from ganjax.run import Run
from ganjax.sets import CHUNK, Drawing, Settings, fingerprint, reference, samples_of, see

LPIPS_IMAGES = 2000
AT_LEAST = 0.01  # share of the samples that a covered mode has: 100 of 10,000


EXTRACTORS: dict[str, Callable[[Settings], Extractor]] = {
    "inception2015": lambda settings: inception2015(settings.inception_weights, settings.resize),
    "efflite0": lambda settings: efflite0(settings.resize),
}
Measured = Callable[[State, int, int], Result]  # (state of one seed, step, which seed)
Evaluator = Callable[[State, int, int], list[Result]]


def settings_of(run: Run) -> Settings:
    """As ``config.eval`` says; left out, mode counts where the data have known modes, fd_efflite0 of images."""
    chosen = run.config.eval
    of_points = _of_points(run)
    names = names_of(chosen.metrics) if chosen.metrics else ("fd_efflite0",) if not of_points else ()
    names = names or (("modes",) if run.source.info.get("modes") else ())
    return Settings(
        names, chosen.samples, chosen.real, chosen.resize, chosen.inception_weights, seed=run.config.train.seed
    )


def _of_points(run: Run) -> bool:
    return "image" in run.batch and run.batch["image"].ndim == 3


def names_of(text: str) -> tuple[str, ...]:
    """The measures of a list with commas.

    Raises:
        UserError: there is none.
    """
    names = tuple(filter(None, map(str.strip, text.split(","))))
    if not names:
        raise UserError("no measures are named; such as fd_efflite0,kd_efflite0")
    return names


def evaluator(run: Run, settings: Settings) -> Evaluator:
    """Everything of an evaluation that does not depend on the state, checked; a result for each extractor.

    Raises:
        UserError: a measure, extractor or mode that does not exist, or that these data cannot have.
    """
    run, settings = compared(run, settings)
    made = samples_of(run, settings)
    if _of_points(run):
        return lambda state, step, index: [_modes(run, settings, made, state, step, index)]
    parts = [_by_extractor(run, settings, made, name) for name in extractors(settings)]
    return lambda state, step, index: [part(state, step, index) for part in parts]


def compared(run: Run, settings: Settings) -> tuple[Run, Settings]:
    """The run as one that draws what the data show, and as many of it as there can be.

    Raises:
        UserError: a measure that these data cannot have.
    """
    if translations.translates(run):
        run, count = translations.drawing_b(run)
        settings = settings._replace(n_fake=min(settings.n_fake, count))
    elif "image" not in run.batch:
        run = translations.drawing_pairs(run)
    of_points = _of_points(run)
    wrong = [name for name in settings.metrics if (name == "modes") != of_points]
    if wrong:
        reason = "compares images, these data are points" if of_points else "counts modes of points, these are images"
        raise UserError(f"{wrong[0]} {reason}")
    if of_points and not run.source.info.get("modes"):
        raise UserError(f"{run.source.name} has no known modes to count, and no other measure of points")
    return run, settings


def extractors(settings: Settings) -> list[str]:
    """The extractors and LPIPS networks that are needed, each once, in the order of their measures."""
    names = [
        name if name.startswith("lpips_") else measures.split(name, [*EXTRACTORS])[1] for name in settings.metrics
    ]  # fmt: skip
    return list(dict.fromkeys(names))


class View(NamedTuple):
    """An extractor, the measures that are asked of it, and the data as it sees them with their part of the protocol.

    ``data`` looks at them when it is called for the first time: what is wrong with a run is said before that.
    """

    extractor: Extractor
    asked: list[str]
    data: Callable[[], tuple[Seen, dict[str, Any]]]


def view(run: Run, settings: Settings, name: str, logits: bool = False) -> View:
    """What the extractor of a name is to see; of the data its ``logits`` as well.

    Raises:
        UserError: the extractor's weights are not there, or a measure's name is not theirs to bear.
    """
    extractor = EXTRACTORS[name](settings)
    asked = [measures.split(each, [*EXTRACTORS])[0] for each in settings.metrics if each.endswith(f"_{name}")]
    for each in asked:
        measures.check_published(each, extractor)
    looks = {"weights": extractor.weights, "resize": extractor.resize, "size": extractor.size}

    @functools.cache
    def data() -> tuple[Seen, dict[str, Any]]:
        labelled = any("intra" in each for each in asked)
        data_hash = fingerprint(run.source, run.config.data, settings, labelled)
        real = reference(extractor, run, settings, data_hash, logits)
        agreed = {"split": run.config.data.split, "data_sha256": data_hash, "flips": settings.flips}
        return real, {**looks, **agreed, "n_real": len(real.features)}

    return View(extractor, asked, data)


def look(
    run: Run, settings: Settings, view: View, chunks: Iterator[dict[str, np.ndarray]], what: str
) -> tuple[Seen, Seen, dict[str, Any]]:
    """(data, samples, the protocol of their comparison)."""
    real, agreed = view.data()
    images = ({**chunk, "image": pictures.to_bytes(chunk["image"])} for chunk in chunks)
    fake = see(view.extractor, images, settings.n_fake, what)
    return real, fake, {**_protocol(run, settings, view.extractor.name), **agreed}


def result(run: Run, settings: Settings, view: View, made: Drawing, state: State, step: int, index: int) -> Result:
    """All that is asked of one extractor, of the state of a step."""
    real, fake, agreed = look(run, settings, view, made(state), f"samples of step {step}")
    found: dict[str, Any] = {}
    for each in view.asked:
        found |= measures.measure(each, view.extractor, real, fake)
    notes = measures.marks(len(real.features), len(fake.features), view.asked)
    return Result(found, agreed, of(run, settings, step, index), notes)


def _by_extractor(run: Run, settings: Settings, made: Drawing, name: str) -> Measured:
    if name.startswith("lpips_"):
        return _by_lpips(run, settings, made, name.removeprefix("lpips_"))
    seen = view(run, settings, name)
    return lambda state, step, index: result(run, settings, seen, made, state, step, index)


def _by_lpips(run: Run, settings: Settings, made: Drawing, name: str) -> Measured:
    side, least = min(run.batch["image"].shape[2:4]), LEAST.get(name, 0)
    if side < least:
        raise UserError(f"lpips_{name} needs images of {least} pixels; these have {side}")
    net = lpips(name)
    chunks = -(-min(LPIPS_IMAGES, settings.n_fake) // CHUNK)
    n = min(chunks * CHUNK, settings.n_fake)
    agreed = {**_protocol(run, settings, net.name), "weights": net.weights, "n_fake": n}

    def evaluate(state: State, step: int, index: int) -> Result:
        images = [pictures.to_bytes(chunk["image"]) for chunk in itertools.islice(made(state), chunks)]
        return Result({net.name: diversity(net, np.concatenate(images))}, agreed, of(run, settings, step, index), [])

    return evaluate


def _modes(run: Run, settings: Settings, made: Drawing, state: State, step: int, index: int) -> Result:
    info = run.source.info
    points = np.concatenate([chunk["image"] for chunk in made(state)])
    found = coverage(points, info["modes"], info["sigma"], AT_LEAST)
    counted = {"of_modes": len(info["modes"]), "sigma": info["sigma"], "at_least": AT_LEAST}
    values = {"modes": found.covered, "share_within_3_sigma": found.share}
    return Result(values, {**_protocol(run, settings, "modes"), **counted}, of(run, settings, step, index), [])


def _protocol(run: Run, settings: Settings, kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "n_fake": settings.n_fake,
        "quantised": None if kind == "modes" else "uint8, rounded",
        "generator": "ema" if run.game.averaged and not settings.raw else "raw",
        "batch_norm": settings.batch_norm,
        "truncation": settings.truncation and settings.truncation._asdict(),
        "data": run.source.name,
        "shape": list(run.batch["image"].shape[2:]),
    }


def of(run: Run, settings: Settings, step: int, index: int) -> dict[str, Any]:
    """What a number is one of."""
    return {
        "system": run.config.system,
        "step": step,
        "run": index,
        "train_seed": run.config.train.seed + index,
        "samples_seed": settings.seed,
        "versions": protocol.versions(),
    }
