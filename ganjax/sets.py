"""The two sets that are compared, samples and data, as an extractor sees them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from tqdm import tqdm

from ganjax import cache
from ganjax.core import State
from ganjax.data import pipeline
from ganjax.data.source import Source
from ganjax.errors import UserError
from ganjax.latents import Truncation
from ganjax.metrics.extractors import Extractor, extract
from ganjax.metrics.measures import Seen
from ganjax.monitor.pictures import write_whole
from ganjax.run import Run, root
from ganjax.samples import Sampler, check_batch_norm, drawn, sampler, with_standing_statistics
from ganjax.untrusted import DAMAGED, arrays_of

CHUNK = 256  # images made at once, and batches of BatchNorm where it goes by the batch
SEEN = "1"  # changes with how features are computed
KEPT = 2**31  # bytes of features of data sets in the user's cache
Drawing = Callable[[State], Iterator[dict[str, np.ndarray]]]


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
    truncation: Truncation | None = None


def samples_of(run: Run, settings: Settings, sample: Sampler | None = None) -> Drawing:
    """Of a state, chunks of {"image": …, "label" where the system draws by label}, n_fake in all.

    ``sample`` is a sampler that was compiled for the same settings, but for the truncation.

    Raises:
        UserError: no such way of BatchNorm; no normal latents to truncate.
    """
    check_batch_norm(settings.batch_norm)
    sample = sample or sampler(run, train=settings.batch_norm == "batch", raw=settings.raw)
    key, n = root(settings.seed, "evaluation"), settings.n_fake
    whole = -(-n // CHUNK) * CHUNK  # chunks: a batch's statistics know its size
    inputs = drawn(run, key, whole, settings.truncation)

    def chunks(state: State) -> Iterator[dict[str, np.ndarray]]:
        if settings.batch_norm == "standing":
            state = with_standing_statistics(run, state, settings.raw, truncation=settings.truncation)
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


def reference(extractor: Extractor, run: Run, settings: Settings, data_hash: str, logits: bool = False) -> Seen:
    """The data as the extractor sees them, without its logits or with; kept in the user's cache by the hashes of data and
    weights."""
    looks = (extractor.name, extractor.weights, extractor.resize, str(extractor.size))
    uses = (SEEN, data_hash, *looks, *["logits"] * logits)
    path = cache.folder("features") / f"{hashlib.sha256(' '.join(uses).encode()).hexdigest()[:32]}.npz"
    if extractor.weights and (known := _known(path)):
        return known
    n = min(settings.n_real, run.source.size)
    seen = see(extractor, reals_of(run.source, run.config.data, n, settings.flips), n, run.source.name)
    if extractor.weights:
        buffer = io.BytesIO()
        kept = seen._replace(logits=seen.logits if logits else None)._asdict()
        np.savez(buffer, **{name: x for name, x in kept.items() if x is not None})
        write_whole(path, buffer.getvalue())
        cache.trim(path.parent, KEPT)
    return seen if logits else seen._replace(logits=None)


def _known(path: Path) -> Seen | None:
    try:
        with path.open("rb") as file:
            return Seen(**arrays_of(file))
    except (*DAMAGED, OSError):
        return None  # not there, or damaged: it is looked at again
