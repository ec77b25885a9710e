"""Examples from files of images, and the plain folder of them: flat, or a sub-folder for each class.

Broken files are skipped, counted and named.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from ganjax.data.source import Examples, Source, check_fit, fit
from ganjax.errors import UserError
from ganjax.untrusted import DAMAGED, in_a_line

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")  # no decoder that starts other programs
IN_MEMORY = 2**31  # bytes of decoded images
MAX_PIXELS = 40_000_000  # of the header: an image of 240 KB may unfold to gigabytes

T = TypeVar("T")
File = Path | BytesIO
Files = tuple[Path, ...]  # of one example
Readers = Sequence[Callable[[Image.Image], Examples]]  # one for each file of an example: what it brings to it


class Broken(NamedTuple):
    """A file that cannot be read."""

    file: Path
    why: str


class Stream(NamedTuple):
    """Examples out of files: the files of each, those that were ``skipped`` and why, and arrays [n, …] of indices [n]."""

    files: list[Files]
    skipped: list[str]
    fetch: Callable[[np.ndarray], Examples]


def folder(path: str | None = None, image_size: int = 64, channels: int = 3) -> Source:
    """The images below ``path``, sorted by name, resized and centre-cropped to image_size; first-level folders are classes.

    Raises:
        UserError: no such folder, no images in it, or more than half of them cannot be read.
    """
    root = root_of(path, "folder", "your images")
    check_fit(image_size, channels)
    files = images_in(root, f"{', '.join(ENDINGS[:4])} … files, or a folder of them per class")
    read = [lambda image: {"image": fit(on_white(image), image_size, channels)}]
    kept, skipped, fetch = stream(root, [(file,) for file in files], read, image_size**2 * channels)
    parts = [file.relative_to(root).parts for (file,) in kept]
    classes = sorted({part[0] for part in parts}) if all(len(part) > 1 for part in parts) else []
    labels = np.asarray([classes.index(part[0]) for part in parts], np.int32) if classes else None
    info = {"classes": classes, "skipped": skipped}
    return Source("folder", len(kept), lambda i: fetch(i) if labels is None else {**fetch(i), "label": labels[i]}, info)


def root_of(path: str | None, name: str, what: str) -> Path:
    """The folder ``path`` of the data set ``name``, which reads ``what``.

    Raises:
        UserError: no path, or no such folder.
    """
    if path is None:
        raise UserError(f"config.data.name={name} reads {what}: say where they are, --config.data.path=DIR")
    if not Path(path).is_dir():
        raise UserError(f"config.data.path: no folder {path}; {name} reads {what}")
    return Path(path)


def images_in(root: Path, expected: str) -> list[Path]:
    """What ``walk`` finds.

    Raises:
        UserError: nothing; ``expected`` says what the folder should hold.
    """
    files = list(walk(root))
    if not files:
        raise UserError(f"{root} has no images: it should hold {expected}")
    return files


def stream(root: Path, items: Sequence[Files], readers: Readers, size: int, alone: Sequence[str] = ()) -> Stream:
    """The examples whose files can all be read: an example is what the readers make of its files, of ``size`` bytes.

    Up to ``IN_MEMORY`` bytes (174,000 images of 64 px, 10,900 of 256) they are decoded once and kept; more are all read
    once, to find the broken ones, and decoded again as they come. ``alone`` says what else was left out, and why.

    Raises:
        UserError: more than half of them cannot be read.
    """
    keep = len(items) * size <= IN_MEMORY
    with ThreadPoolExecutor() as pool:
        reading = pool.map(lambda files: _read(files, readers), items)
        seen = tqdm(reading, desc=f"reading {root}", total=len(items), unit="image", leave=False, delay=2.0)
        read: list[Any] = [found if keep or isinstance(found, Broken) else None for found in seen]
    good = [files for files, found in zip(items, read, strict=True) if not isinstance(found, Broken)]
    broken = [f"{printed(found.file.relative_to(root))}: {found.why}" for found in read if isinstance(found, Broken)]
    _complain(root, len(items), broken, alone)
    if not keep:
        return Stream(good, [*broken, *alone], lambda i: _read_all([good[j] for j in i], readers))
    arrays = _stacked([found for found in read if not isinstance(found, Broken)])
    return Stream(good, [*broken, *alone], lambda i: {name: x[i] for name, x in arrays.items()})


def _read(files: Files, readers: Readers) -> Examples | Broken:
    """What the readers make of the files of one example, or the first of them that cannot be read."""
    example: Examples = {}
    for file, read in zip(files, readers, strict=True):
        found = _try(file, read)
        if isinstance(found, str):
            return Broken(file, found)
        example |= found
    return example


def _read_all(items: list[Files], readers: Readers) -> Examples:
    """Examples that could be read at the start, on all cores.

    Raises:
        UserError: one can no longer be read.
    """
    read = list(_pool().map(lambda files: _read(files, readers), items))
    for each in read:
        if isinstance(each, Broken):
            raise UserError(
                f"{printed(each.file)} could be read at the start and cannot any more: {each.why}; put it back and go on"
            )
    return _stacked(read)


def _stacked(examples: list[Any]) -> Examples:
    return {name: np.stack([example[name] for example in examples]) for name in examples[0]}


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor()


def printed(path: Path) -> str:
    """A path in one line: names may have line breaks in them, and bytes that are no text."""
    return str(path) if str(path).isprintable() else repr(str(path))


def walk(root: Path) -> Iterator[Path]:
    """Image files below ``root`` in order of name; links that lead out of it, or round in circles, are not followed."""
    top = Path(os.path.realpath(root))
    seen = {top}

    def below(directory: Path) -> Iterator[Path]:
        for entry in sorted(os.scandir(directory), key=lambda entry: os.fsencode(entry.name)):
            real = Path(os.path.realpath(entry.path))  # unlike resolve(), at peace with a link to itself
            if not real.is_relative_to(top):
                continue
            if os.path.isdir(real) and real not in seen:
                seen.add(real)
                yield from below(Path(entry.path))
            elif os.path.isfile(real) and entry.name.lower().endswith(ENDINGS):
                yield Path(entry.path)

    return below(root)


def decode(file: Path, size: int | None, channels: int) -> np.ndarray:
    """uint8 [size, size, channels] of a file, turned as its EXIF says, transparency on white, 16 bits scaled to 8.

    Raises:
        OSError, ValueError: it cannot be read, or has more than ``MAX_PIXELS``.
    """
    return fit(on_white(upright(file)), size, channels)


def decode_or_say(file: File, read: Callable[[Image.Image], T]) -> T | str:
    """What ``read`` makes of the ``upright`` image in a file, or why it cannot be read, in a line."""
    return _try(file, read)


def upright(file: File) -> Image.Image:
    """The image in a file, in its own mode, turned as its EXIF says; of the ``FORMATS`` alone, whatever its name.

    Raises:
        OSError, ValueError: it cannot be read, or has more than ``MAX_PIXELS``.
    """
    with Image.open(file, formats=FORMATS) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise ValueError(f"{opened.width}×{opened.height} pixels, more than {MAX_PIXELS:,}")
        return ImageOps.exif_transpose(opened)


def on_white(image: Image.Image) -> Image.Image:
    """An L or RGB image of any mode that Pillow reads."""
    if image.mode.startswith("I") or image.mode == "F":
        wide = np.asarray(image, np.float64)
        top = 65535.0  # by the mode, not the brightest pixel: a dark image stays dark
        if image.mode == "F":
            top = 1.0 if wide.max() <= 1 else 255.0
        return Image.fromarray(np.clip(wide / top * 255, 0, 255).round().astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _try(file: File, read: Callable[[Image.Image], T]) -> T | str:
    try:
        return read(upright(file))
    except (*DAMAGED, OSError, SyntaxError, Image.DecompressionBombError) as error:
        return in_a_line(error)


def _complain(root: Path, count: int, broken: list[str], alone: Sequence[str]) -> None:
    if 2 * len(broken) > count:
        raise UserError(f"{root}: {len(broken)} of {count} images cannot be read, the first is {broken[0]}")
    if skipped := [*broken, *alone]:
        more = f" and {len(skipped) - 3} more" if len(skipped) > 3 else ""
        logging.getLogger(__name__).warning(
            "%s: %d of %d files skipped: %s%s", root, len(skipped), count + len(alone), "; ".join(skipped[:3]), more
        )
