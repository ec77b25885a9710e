"""A folder of images: flat, or a sub-folder for each class. Broken files are skipped, counted and named."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from ganjax.data.source import Source, check_fit, fit, from_arrays
from ganjax.errors import UserError

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")
MAX_PIXELS = 40_000_000  # of the header: an image of 240 KB may unfold to gigabytes


def folder(path: str | None = None, image_size: int = 64, channels: int = 3) -> Source:
    """The images below ``path``, sorted by name, resized and centre-cropped to image_size; first-level folders are classes.

    They are decoded once and kept as bytes in memory: image_size² · channels each (100,000 of 64 px take 1.2 GB).

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
    with ThreadPoolExecutor() as pool:
        read = list(pool.map(lambda file: _try(file, image_size, channels), files))
    good = [(file, image) for file, image in zip(files, read, strict=True) if not isinstance(image, str)]
    skipped = [
        f"{file.relative_to(root)!s}: {why}" for file, why in zip(files, read, strict=True) if isinstance(why, str)
    ]
    _complain(root, len(files), skipped)
    return _source(root, good, skipped)


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


def _source(root: Path, good: list[tuple[Path, Any]], skipped: list[str]) -> Source:
    parts = [file.relative_to(root).parts for file, _ in good]
    classes = sorted({part[0] for part in parts}) if all(len(part) > 1 for part in parts) else []
    arrays = {"image": np.stack([image for _, image in good])}
    if classes:
        arrays["label"] = np.asarray([classes.index(part[0]) for part in parts], np.int32)
    return from_arrays("folder", arrays, {"classes": classes, "skipped": skipped})
