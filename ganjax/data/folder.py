"""A folder of images: flat, or a sub-folder for each class. Broken files are skipped, counted and named."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from ganjax.data.source import Examples, Source, check_fit, fit
from ganjax.errors import UserError

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")
IN_MEMORY = 2**31  # bytes of decoded images
MAX_PIXELS = 40_000_000  # of the header: an image of 240 KB may unfold to gigabytes


def folder(path: str | None = None, image_size: int = 64, channels: int = 3) -> Source:
    """The images below ``path``, sorted by name, resized and centre-cropped to image_size; first-level folders are classes.

    Up to ``IN_MEMORY`` bytes (174,000 images of 64 px, 10,900 of 256) they are decoded once and kept; more are all read
    once, to find the broken ones, and decoded again as they come.

    Raises:
        UserError: no such folder, no images in it, or more than half of them cannot be read.
    """
    if path is None:
        raise UserError("config.data.name=folder reads your images: say where they are, --config.data.path=DIR")
    root = Path(path)
    if not root.is_dir():
        raise UserError(f"config.data.path: no folder {path}")
    check_fit(image_size, channels)
    files = list(walk(root))
    if not files:
        raise UserError(
            f"{path} has no images: it should hold {', '.join(ENDINGS[:4])} … files, or a folder of them per class"
        )
    keep = len(files) * image_size**2 * channels <= IN_MEMORY
    with ThreadPoolExecutor() as pool:
        reading = pool.map(lambda file: _try(file, image_size, channels), files)
        seen = tqdm(reading, desc=f"reading {root}", total=len(files), unit="image", leave=False, delay=2.0)
        read: list[Any] = [image if keep or isinstance(image, str) else None for image in seen]
    good = [(file, image) for file, image in zip(files, read, strict=True) if not isinstance(image, str)]
    skipped = [
        f"{file.relative_to(root)!s}: {why}" for file, why in zip(files, read, strict=True) if isinstance(why, str)
    ]
    _complain(root, len(files), skipped)
    names = [file for file, _ in good]
    if keep:
        images = np.stack([image for _, image in good])
        return _source(root, names, skipped, lambda i: images[i])
    return _source(root, names, skipped, lambda i: decode_all([names[j] for j in i], image_size, channels))


def decode_all(files: list[Path], size: int, channels: int) -> np.ndarray:
    """``decode`` of each, on all cores: uint8 [n, size, size, channels].

    Raises:
        UserError: one can no longer be read.
    """
    images = list(_pool().map(lambda file: _try(file, size, channels), files))
    for file, image in zip(files, images, strict=True):
        if isinstance(image, str):
            raise UserError(f"{file} could be read at the start and cannot any more: {image}; put it back and go on")
    return np.stack(images)


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor()


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
    with Image.open(file) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise ValueError(f"{opened.width}×{opened.height} pixels, more than {MAX_PIXELS:,}")
        image: Image.Image = ImageOps.exif_transpose(opened)
        return fit(on_white(image), size, channels)


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


def _try(file: Path, size: int, channels: int) -> np.ndarray | str:
    try:
        return decode(file, size, channels)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return str(error).splitlines()[0] if str(error) else type(error).__name__


def _complain(root: Path, count: int, skipped: list[str]) -> None:
    if 2 * len(skipped) > count:
        raise UserError(f"{root}: {len(skipped)} of {count} images cannot be read, the first is {skipped[0]}")
    if skipped:
        more = f" and {len(skipped) - 3} more" if len(skipped) > 3 else ""
        logging.getLogger(__name__).warning(
            "%s: %d of %d files skipped: %s%s", root, len(skipped), count, "; ".join(skipped[:3]), more
        )


def _source(root: Path, files: list[Path], skipped: list[str], images: Callable[[np.ndarray], np.ndarray]) -> Source:
    """The examples of ``files``, their images from a function of indices."""
    parts = [file.relative_to(root).parts for file in files]
    classes = sorted({part[0] for part in parts}) if all(len(part) > 1 for part in parts) else []
    labels = np.asarray([classes.index(part[0]) for part in parts], np.int32) if classes else None

    def fetch(indices: np.ndarray) -> Examples:
        found = {"image": images(indices)}
        return found if labels is None else {**found, "label": labels[indices]}

    return Source("folder", len(files), fetch, {"classes": classes, "skipped": skipped})
