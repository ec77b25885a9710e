"""What every data set is to the rest of the house: a number of examples, and a function from indices to arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ganjax.errors import UserError

Examples = dict[str, np.ndarray]


class Source(NamedTuple):
    """``fetch`` takes indices [n] to {"image": uint8 [n, h, w, c] or float32 [n, 2], "label": int32 [n], …}.

    uint8 is pixels, and becomes [-1, 1] on the device; whatever else is whole numbers is int32. Images of translation are
    ``a`` and ``b``, and info["sides"] says for people what these are. Where no ``a`` belongs to a ``b``, one of them is in
    ``beside``, the smaller: a stream of its own length, in an order of its own.
    """

    name: str
    size: int
    fetch: Callable[[np.ndarray], Examples]
    info: dict[str, Any]
    beside: Source | None = None


def from_arrays(name: str, arrays: Examples, info: dict[str, Any]) -> Source:
    """A source of arrays in memory, all of one length."""
    return Source(name, len(next(iter(arrays.values()))), lambda i: {key: x[i] for key, x in arrays.items()}, info)


def divide(source: Source, held_out: int, seed: int) -> tuple[Source, Source]:
    """(the others, ``held_out`` examples), drawn once by the seed; neighbours that share an image stay together.

    Of two streams each is divided, ``held_out`` examples of both.

    Raises:
        UserError: fewer than one would be left, or held out; some of an image's captions would be.
    """
    if not 0 < held_out < source.size:
        raise UserError(f"config.data.held_out={held_out}: {source.name} has {source.size} examples")
    together = source.info.get("captions", 1)
    if held_out % together:
        raise UserError(
            f"config.data.held_out={held_out}: {source.name} has {together} examples of each image, hold out all"
        )
    images = np.random.default_rng((seed, 2)).permutation(source.size // together)
    order = (images[:, None] * together + np.arange(together)).ravel()
    besides = divide(source.beside, held_out, seed) if source.beside else (None, None)
    places = order[held_out:], order[:held_out]
    rest, out = (_part(source, *each) for each in zip(places, besides, strict=True))
    return rest, out


def _part(source: Source, places: np.ndarray, beside: Source | None) -> Source:
    return source._replace(size=len(places), fetch=lambda i: source.fetch(places[i]), beside=beside)


def exchanged(source: Source) -> Source:
    """The source with ``a`` called ``b`` and ``b`` called ``a``.

    Raises:
        UserError: it has no such sides.
    """
    _check_sides(source, "config.data.direction=ba")
    other = {"a": "b", "b": "a"}

    def turned(stream: Source) -> Source:
        return stream._replace(
            fetch=lambda i: {other.get(name, name): x for name, x in stream.fetch(i).items()},
            info={**stream.info, "sides": {other[name]: what for name, what in stream.info.get("sides", {}).items()}},
            beside=turned(stream.beside) if stream.beside else None,
        )

    return turned(source)


def unpaired(source: Source, seed: int) -> Source:
    """Pairs as two streams: ``a`` of one half of the examples, ``b`` of the other half, drawn once by the seed.

    So no pair is ever seen. What has two streams already stays as it is; what is neither a nor b goes with a.

    Raises:
        UserError: the source has no such sides, or fewer than 2 examples.
    """
    _check_sides(source, "config.data.unpaired=True")
    if source.beside:
        return source
    if source.size < 2:
        raise UserError(f"config.data.unpaired=True: {source.name} has {source.size} example, 2 are needed at least")
    order = np.random.default_rng((seed, 0, 6)).permutation(source.size)
    half = (source.size + 1) // 2  # of an odd number: `beside` is the smaller
    with_b = _part(source, order[half:], None)
    with_a = _part(source, order[:half], with_b._replace(fetch=lambda i: {"b": with_b.fetch(i)["b"]}))
    return with_a._replace(fetch=lambda i: {name: x for name, x in with_a.fetch(i).items() if name != "b"})


def _check_sides(source: Source, asked: str) -> None:
    streams = [source, source.beside] if source.beside else [source]
    if not {"a", "b"} <= {name for stream in streams for name in stream.fetch(np.arange(1))}:
        raise UserError(f"{asked}: {source.name} has no sides a and b; choose a data set of translation (docs/data.md)")


def with_few_labels(source: Source, labelled: int, seed: int) -> Source:
    """The source with labels for ``labelled`` examples only, as many of each class, drawn once by the seed.

    ``label`` goes, "labelled_image" and "labelled_label" come: those examples over and over, beside all the images.

    Raises:
        UserError: the source has no labels, or a class has fewer examples; ``labelled`` is no multiple of the classes.
    """
    everything = source.fetch(np.arange(source.size))
    if "label" not in everything:
        raise UserError(f"config.data.labelled={labelled}: {source.name} has no labels")
    label = everything["label"]
    classes = np.unique(label)
    of_each, rest = divmod(labelled, len(classes))
    order = np.random.default_rng((seed, 3)).permutation(source.size)
    chosen = np.concatenate([order[label[order] == c][:of_each] for c in classes])
    if rest or len(chosen) < labelled or labelled < 1:
        raise UserError(f"config.data.labelled={labelled} must be as many of each of the {len(classes)} classes")

    def fetch(i: np.ndarray) -> Examples:
        known = source.fetch(chosen[i % labelled])
        rest = {name: x for name, x in source.fetch(i).items() if name != "label"}
        return {**rest, "labelled_image": known["image"], "labelled_label": known["label"]}

    return source._replace(fetch=fetch)


def fit(image: Image.Image, size: int | None, channels: int | None) -> np.ndarray:
    """uint8 [size, size, channels]: the middle square, resized with antialiasing."""
    if channels:
        image = image.convert({1: "L", 3: "RGB"}[channels])
    if size and image.size != (size, size):
        side = min(image.size)
        left, top = ((length - side) / 2 for length in image.size)
        image = image.resize((size, size), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side))
    pixels = np.asarray(image, np.uint8)
    return pixels if pixels.ndim == 3 else pixels[..., None]


def fit_map(ids: np.ndarray, size: int) -> np.ndarray:
    """int32 [..., size, size, 1] of whole numbers [..., h, w]: the middle square as ``fit`` takes it, by the nearest pixel."""
    side = min(ids.shape[-2:])
    places = (np.arange(size) + 0.5) * side / size
    rows, columns = (((length - side) / 2 + places).astype(int) for length in ids.shape[-2:])
    return ids[..., rows[:, None], columns, None].astype(np.int32)


def fit_all(images: np.ndarray, size: int | None, channels: int | None) -> np.ndarray:
    """``fit`` for uint8 [n, h, w, c]; nothing happens to images that fit already.

    Raises:
        UserError: no such size or channels, or the images have other than 1 or 3 channels and would have to change.
    """
    check_fit(size, channels)
    h, w, c = images.shape[1:]
    if (size or h, size or w, channels or c) == (h, w, c):
        return images
    if c not in (1, 3):
        raise UserError(f"images of {c} channels are taken as they are: leave out config.data.image_size and channels")
    pictures = (Image.fromarray(image[..., 0] if c == 1 else image) for image in images)
    return np.stack([fit(picture, size, channels or c) for picture in pictures])


def check_fit(size: int | None, channels: int | None) -> None:
    """Raises UserError unless the size is at least 1 and the channels are 1 or 3; None leaves them as they are."""
    if size is not None and size < 1:
        raise UserError(f"config.data.image_size={size} must be at least 1")
    if channels not in (None, 1, 3):
        raise UserError(f"config.data.channels={channels}: choose 1 (grey) or 3 (colour)")
