"""From a source to batches on their way to a device: order, flips and crops in closed form of (seed, step).

There is no iterator state: a run that is resumed at step k sees what it would have seen.
"""

from __future__ import annotations

import functools
import itertools
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data.source import Examples, Source
from ganjax.errors import UserError

T = TypeVar("T")
S = TypeVar("S")
ORDERS = ((), (4,))  # what the seeds of each stream's permutations end in: no draw of one is a draw of the other
CUTS = (1, 5)  # and those of its flips and crops


@functools.lru_cache(maxsize=8)
def _permutation(seed: tuple[int, ...], size: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(size)


def indices(seed: int, size: int, batch_size: int, position: int, stream: int = 0) -> np.ndarray:
    """Batch number ``position`` of the endless stream of epochs, each a permutation of its own; batches may span two.

    ``stream`` 1 is that of ``Source.beside``.
    """
    places = np.arange(position * batch_size, (position + 1) * batch_size)
    epochs, offsets = np.divmod(places, size)
    orders = {e: _permutation((seed, int(e), *ORDERS[stream]), size) for e in np.unique(epochs)}
    return np.concatenate([order[offsets[epochs == e]] for e, order in orders.items()])


def position(micro: Callable[[int], int], step: int) -> int:
    """Batches that are gone before ``step``: the sum of micro(s) over s < step."""
    return sum(micro(s) for s in range(step))


def batches(
    source: Source,
    *,
    batch_size: int,
    micro: Callable[[int], int],
    seed: int = 0,
    start: int = 0,
    flip: bool = False,
    crop: int | None = None,
    crop_at: str = "centre",
    rows: slice = slice(None),
) -> Iterator[Examples]:
    """Host batches [m, b, …] of step start, start + 1, …, m = micro(step), for ever; of each the ``rows`` of this process.

    ``flip`` mirrors each example left to right with probability ½; ``crop`` cuts squares of that many pixels, in the
    centre or (``crop_at="random"``) anywhere. All images of one example are treated alike, maps of classes too; those
    of ``source.beside`` are other examples.

    Raises:
        UserError: the crop does not fit into the images or its place does not exist; a negative seed.
    """
    if crop_at not in ("centre", "random"):
        raise UserError(f"config.data.crop_at={crop_at!r}: choose 'centre' or 'random'")
    if seed < 0:
        raise UserError(f"config.data.seed={seed} must not be negative")
    taken = position(micro, start)
    streams = [source, source.beside] if source.beside else [source]
    for step in itertools.count(start):
        places = range(taken, taken + micro(step))
        taken = places.stop
        batch: Examples = {}
        for number, stream in enumerate(streams):
            parts = [stream.fetch(indices(seed, stream.size, batch_size, place, number)[rows]) for place in places]
            examples = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
            rng = np.random.default_rng((seed, step, CUTS[number]))
            batch |= _cut(_mirrored(examples, rng, flip, batch_size, rows), rng, crop, crop_at, batch_size, rows)
        yield batch


def _mirrored(batch: Examples, rng: np.random.Generator, flip: bool, size: int, rows: slice) -> Examples:
    """A coin for each of the whole batch, whoever holds it: processes see together what one would."""
    if not flip:
        return batch
    first = next(iter(batch.values()))
    coin = rng.random((len(first), size))[:, rows] < 0.5
    return {
        name: np.where(coin[..., None, None, None], x[..., ::-1, :], x) if _is_image(x) else x
        for name, x in batch.items()
    }


def _cut(
    batch: Examples, rng: np.random.Generator, crop: int | None, crop_at: str, size: int = 0, rows: slice = slice(None)
) -> Examples:
    images = [x for x in batch.values() if _is_image(x)]
    if crop is None or not images:
        return batch
    m, b, height, width, _ = images[0].shape
    if not 1 <= crop <= min(height, width):
        raise UserError(f"config.data.crop={crop} does not fit into images of {height}×{width}; set image_size higher")
    free = np.array([height - crop, width - crop])
    anywhere = rng.integers(0, free + 1, (m, size, 2))[:, rows] if crop_at == "random" else free // 2
    corners = np.broadcast_to(anywhere, (m, b, 2))

    def window(x: np.ndarray) -> np.ndarray:
        rows = corners[..., 0, None] + np.arange(crop)
        columns = corners[..., 1, None] + np.arange(crop)
        i, j = np.ogrid[:m, :b]
        cut: np.ndarray = x[i[..., None, None], j[..., None, None], rows[..., :, None], columns[..., None, :]]
        return cut

    return {name: window(x) if _is_image(x) else x for name, x in batch.items()}


def cut(examples: Examples, crop: int | None) -> Examples:
    """Examples [n, …] whose images are cut in their centre, as ``batches`` does.

    Raises:
        UserError: the crop does not fit.
    """
    if crop is None:
        return examples
    whole = _cut({name: x[None] for name, x in examples.items()}, np.random.default_rng(0), crop, "centre")
    return {name: x[0] for name, x in whole.items()}


def _is_image(x: np.ndarray) -> bool:
    return x.ndim == 5


def prefetch(iterator: Iterable[S], put: Callable[[S], T], depth: int = 2) -> Generator[T, None, None]:
    """``put`` of each item, ``depth`` items ahead in a thread; its errors are raised here, closing stops it."""
    items: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(maxsize=depth)
    closed = threading.Event()

    def offer(item: tuple[T | None, BaseException | None]) -> None:
        while not closed.is_set():
            try:
                return items.put(item, timeout=0.1)
            except queue.Full:
                continue

    def work() -> None:
        try:
            for each in iterator:
                if closed.is_set():
                    return
                offer((put(each), None))
            offer((None, StopIteration()))
        except BaseException as error:
            offer((None, error))

    thread = threading.Thread(target=work, daemon=True, name="prefetch")
    thread.start()
    try:
        while True:
            item, error = items.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]
    finally:
        closed.set()
        thread.join()


def to_model_range(batch: dict[str, Any], key: jax.Array, dequantise: bool = False) -> dict[str, Any]:
    """Bytes to [-1, 1] on the device: x / 127.5 − 1; everything else passes.

    ``dequantise`` spreads each byte over its interval: 2 (x / 256 − ½) + U(0, 1/128).  Gulrajani et al. 2017, official
    code of the CIFAR-10 ResNet.
    """

    def convert(x: jax.Array, key: jax.Array) -> jax.Array:
        if x.dtype != jnp.uint8:
            return x
        pixels = x.astype(jnp.float32)
        if not dequantise:
            return pixels / 127.5 - 1
        return 2 * (pixels / 256 - 0.5) + jax.random.uniform(key, x.shape, maxval=1 / 128)

    keys = jax.random.split(key, len(batch))
    return {name: convert(x, k) for (name, x), k in zip(batch.items(), keys, strict=True)}
