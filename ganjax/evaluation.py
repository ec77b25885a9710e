"""What a state is worth: its samples beside the data, as an extractor sees both, with the protocol of it all."""

from __future__ import annotations

import functools
import hashlib
import io
import itertools
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from tqdm import tqdm

from ganjax import cache, protocol, translations
from ganjax.core import State
from ganjax.data import pipeline
from ganjax.data.source import Source
from ganjax.errors import UserError
from ganjax.metrics import measures
from ganjax.metrics.extractors import Extractor, efflite0, extract, inception2015
from ganjax.metrics.lpips import LEAST, diversity, lpips
from ganjax.metrics.measures import Seen
from ganjax.metrics.modes import coverage
from ganjax.monitor import pictures
from ganjax.monitor.pictures import write_whole
from ganjax.protocol import Result
from ganjax.run import Run, root
from ganjax.samples import Sampler, drawn, sampler, with_standing_statistics

Tree = Any
CHUNK = 256  # images made at once, and batches of BatchNorm where it goes by the batch
LPIPS_IMAGES = 2000
AT_LEAST = 0.01  # share of the samples that a covered mode has: 100 of 10,000
SEEN = "1"  # changes with how features are computed
KEPT = 2**31  # bytes of features of data sets in the user's cache


class Settings(NamedTuple):
    """How to measure: names of measures, numbers of samples, what makes them, how they are resized."""

    metrics: tuple[str, ...]
    n_fake: int = 10_000
    n_real: int = 50_000
    resize: str | None = None
    inception_weights: str | None = None
    flips: bool = False
    raw: bool = False
    batch_norm: str = "running"
    seed: int = 0


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
    made = samples_of(run, settings)
    if of_points:
        return lambda state, step, index: [_modes(run, settings, made, state, step, index)]
    parts = [_by_extractor(run, settings, made, name) for name in _extractors(settings)]
    return lambda state, step, index: [part(state, step, index) for part in parts]


def _extractors(settings: Settings) -> list[str]:
    """The extractors and LPIPS networks that are needed, each once, in the order of their measures."""
    names = [
        name if name.startswith("lpips_") else measures.split(name, [*EXTRACTORS])[1] for name in settings.metrics
    ]  # fmt: skip
    return list(dict.fromkeys(names))


# ----------------------------------------------------------------------------------------------------- the two sets


def samples_of(run: Run, settings: Settings) -> Callable[[State], Iterator[dict[str, np.ndarray]]]:
    """Of a state, chunks of {"image": …, "label" where the system draws by label}, n_fake in all.

    Raises:
        UserError: no such way of BatchNorm.
    """
    ways = ("running", "batch", "standing")
    if settings.batch_norm not in ways:
        raise UserError(f"--batch-norm={settings.batch_norm}: choose {', '.join(ways)}")
    sample: Sampler = sampler(run, train=settings.batch_norm == "batch", raw=settings.raw)
    key, n = root(settings.seed, "evaluation"), settings.n_fake
    inputs = drawn(run, key, -(-n // CHUNK) * CHUNK)  # whole chunks: a batch's statistics know its size

    def chunks(state: State) -> Iterator[dict[str, np.ndarray]]:
        if settings.batch_norm == "standing":
            state = with_standing_statistics(run, state, settings.raw)
        for start in range(0, n, CHUNK):
            own = jax.tree.map(lambda x, start=start: x[start : start + CHUNK], inputs)
            made = sample(state, own) | ({"label": np.asarray(own["label"])} if "label" in own else {})
            yield {name: x[: n - start] for name, x in made.items()}

    return chunks


def reals_of(source: Source, data: Any, n: int, flips: bool) -> Iterator[dict[str, np.ndarray]]:
    """Chunks of the data's images, bytes, each once; ``flips``: mirrored as well.

    All in their own order, or n of them, the same for every run.
    """
    size = min(n, source.size)
    order = (
        np.arange(size) if size == source.size else np.sort(np.random.default_rng(0).choice(source.size, size, False))
    )
    for start in range(0, size, CHUNK):
        batch = pipeline.cut(source.fetch(order[start : start + CHUNK]), data.crop)
        if batch["image"].dtype != np.uint8:
            raise UserError(f"{source.name} has no images of bytes to compare with")
        yield batch
        if flips:
            yield batch | {"image": batch["image"][:, :, ::-1]}


def fingerprint(source: Source, data: Any, settings: Settings, labelled: bool) -> str:
    """The SHA-256 of the very images that samples are compared with, and of their labels where those matter."""
    digest = hashlib.sha256()
    for batch in reals_of(source, data, settings.n_real, settings.flips):
        digest.update(repr(batch["image"].shape).encode() + batch["image"].tobytes())
        digest.update(batch["label"].tobytes() if labelled and "label" in batch else b"")
    return digest.hexdigest()


def see(extractor: Extractor, chunks: Iterator[dict[str, np.ndarray]], n: int, what: str) -> Seen:
    """All chunks through the extractor, with a bar on a terminal."""
    features, logits, labels = [], [], []

    def images() -> Iterator[np.ndarray]:
        for chunk in chunks:
            labels.extend([chunk["label"]] if "label" in chunk else [])
            yield chunk["image"]

    with tqdm(total=n, desc=f"{extractor.name} looks at {what}", unit="image", disable=None, leave=False) as bar:
        for outputs in extract(extractor, images()):
            features.append(outputs["features"].astype(np.float32))
            logits.extend([outputs["logits"]] if "logits" in outputs else [])
            bar.update(len(features[-1]))
    return Seen(np.concatenate(features), *(np.concatenate(parts) if parts else None for parts in (logits, labels)))


def reference(extractor: Extractor, run: Run, settings: Settings, data_hash: str) -> Seen:
    """The data as the extractor sees them; kept in the user's cache by the hashes of data and weights."""
    uses = (SEEN, data_hash, extractor.name, extractor.weights, extractor.resize, str(extractor.size))
    path = cache.folder("features") / f"{hashlib.sha256(' '.join(uses).encode()).hexdigest()[:32]}.npz"
    if extractor.weights and (kept := _kept(path)):
        return kept
    n = min(settings.n_real, run.source.size)
    seen = see(extractor, reals_of(run.source, run.config.data, n, settings.flips), n, run.source.name)
    if extractor.weights:
        buffer = io.BytesIO()
        arrays: Tree = {"features": seen.features} | ({} if seen.labels is None else {"labels": seen.labels})
        np.savez(buffer, **arrays)
        write_whole(path, buffer.getvalue())
        cache.trim(path.parent, KEPT)
    return seen._replace(logits=None)


def _kept(path: Path) -> Seen | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return Seen(kept["features"], labels=kept["labels"] if "labels" in kept else None)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None  # not there, or damaged: it is looked at again


# -------------------------------------------------------------------------------------------------------- the results


def _by_extractor(run: Run, settings: Settings, made: Callable[[State], Iterator[Tree]], name: str) -> Measured:
    if name.startswith("lpips_"):
        return _by_lpips(run, settings, made, name.removeprefix("lpips_"))
    extractor = EXTRACTORS[name](settings)
    asked = [measures.split(each, [*EXTRACTORS])[0] for each in settings.metrics if each.endswith(f"_{name}")]
    for each in asked:
        measures.check_published(each, extractor)
    looks = {"weights": extractor.weights, "resize": extractor.resize, "size": extractor.size}

    @functools.cache  # at the first evaluation: what is wrong with a run is said before its data are looked at
    def data() -> tuple[Seen, dict[str, Any]]:
        labelled = any("intra" in each for each in asked)
        data_hash = fingerprint(run.source, run.config.data, settings, labelled)
        real = reference(extractor, run, settings, data_hash)
        agreed = {"split": run.config.data.split, "data_sha256": data_hash, "flips": settings.flips}
        return real, {**_protocol(run, settings, name), **looks, **agreed, "n_real": len(real.features)}

    def evaluate(state: State, step: int, index: int) -> Result:
        real, agreed = data()
        images = ({**chunk, "image": pictures.to_bytes(chunk["image"])} for chunk in made(state))
        fake = see(extractor, images, settings.n_fake, f"samples of step {step}")
        found: dict[str, Any] = {}
        for each in asked:
            found |= measures.measure(each, extractor, real, fake)
        notes = measures.marks(len(real.features), len(fake.features), asked)
        return Result(found, agreed, _of(run, settings, step, index), notes)

    return evaluate


def _by_lpips(run: Run, settings: Settings, made: Callable[[State], Iterator[Tree]], name: str) -> Measured:
    side, least = min(run.batch["image"].shape[2:4]), LEAST.get(name, 0)
    if side < least:
        raise UserError(f"lpips_{name} needs images of {least} pixels; these have {side}")
    net = lpips(name)
    chunks = -(-min(LPIPS_IMAGES, settings.n_fake) // CHUNK)
    n = min(chunks * CHUNK, settings.n_fake)
    agreed = {**_protocol(run, settings, net.name), "weights": net.weights, "n_fake": n}

    def evaluate(state: State, step: int, index: int) -> Result:
        images = [pictures.to_bytes(chunk["image"]) for chunk in itertools.islice(made(state), chunks)]
        return Result({net.name: diversity(net, np.concatenate(images))}, agreed, _of(run, settings, step, index), [])

    return evaluate


def _modes(
    run: Run, settings: Settings, made: Callable[[State], Iterator[Tree]], state: State, step: int, index: int
) -> Result:
    info = run.source.info
    points = np.concatenate([chunk["image"] for chunk in made(state)])
    found = coverage(points, info["modes"], info["sigma"], AT_LEAST)
    counted = {"of_modes": len(info["modes"]), "sigma": info["sigma"], "at_least": AT_LEAST}
    values = {"modes": found.covered, "share_within_3_sigma": found.share}
    return Result(values, {**_protocol(run, settings, "modes"), **counted}, _of(run, settings, step, index), [])


def _protocol(run: Run, settings: Settings, kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "n_fake": settings.n_fake,
        "quantised": None if kind == "modes" else "uint8, rounded",
        "generator": "ema" if run.game.averaged and not settings.raw else "raw",
        "batch_norm": settings.batch_norm,
        "truncation": None,
        "data": run.source.name,
        "shape": list(run.batch["image"].shape[2:]),
    }


def _of(run: Run, settings: Settings, step: int, index: int) -> dict[str, Any]:
    return {
        "system": run.config.system,
        "step": step,
        "run": index,
        "train_seed": run.config.train.seed + index,
        "samples_seed": settings.seed,
        "versions": protocol.versions(),
    }
