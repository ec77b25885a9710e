"""Pictures as uint8 arrays, and files that appear whole: sheets of images, scatter plots, GIFs."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

PART = ".*.part"  # names of files that are not whole yet
Bytes = UInt8[np.ndarray, "_ _ _"]  # height, width, channels


def to_bytes(images: Float[np.ndarray, " ..."]) -> UInt8[np.ndarray, " ..."]:
    """[-1, 1] -> 0 … 255."""
    return np.clip(np.round((np.asarray(images, np.float32) + 1) * 127.5), 0, 255).astype(np.uint8)


def sheet(images: UInt8[np.ndarray, "n h w c"], columns: int | None = None, gap: int = 2) -> Bytes:
    """A grid of images, white between them, about as wide as high."""
    n, h, w, c = images.shape
    columns = columns or max(1, round(n**0.5 + 0.49))
    rows = -(-n // columns)
    page = np.full((rows * (h + gap) + gap, columns * (w + gap) + gap, c), 255, np.uint8)
    for i, image in enumerate(images):
        y, x = (i // columns) * (h + gap) + gap, (i % columns) * (w + gap) + gap
        page[y : y + h, x : x + w] = image
    return page


def scatter(points: Float[np.ndarray, "n 2"], modes: Sequence[Sequence[float]] = (), size: int = 400) -> Bytes:
    """Points of the plane in blue, modes as orange crosses, seen from −1.2 times the farthest mode to 1.2 times."""
    page = np.full((size, size, 3), 255, np.float32)
    reach = 1.2 * float(np.abs(np.asarray(modes if len(modes) else points)).max() or 1.0)

    def pixels(xy: np.ndarray) -> np.ndarray:
        place = (np.asarray(xy, np.float32).reshape(-1, 2) / reach * [1, -1] + 1) * (size - 1) / 2
        return np.round(np.clip(np.nan_to_num(place, nan=-9.0), -9, size + 9)).astype(int)

    for x, y in pixels(np.asarray(modes)) if len(modes) else ():
        page[max(y, 0), max(x - 4, 0) : x + 5] = page[max(y - 4, 0) : y + 5, max(x, 0)] = (255, 140, 0)
    for x, y in pixels(points):
        if 0 <= x < size - 1 and 0 <= y < size - 1:
            page[y : y + 2, x : x + 2] *= (0.6, 0.75, 0.95)
    return page.astype(np.uint8)


def save_png(path: Path, image: Bytes, scale: int = 1) -> None:
    """Writes a PNG; ``scale`` repeats pixels so that small images can be seen."""
    write_whole(path, png(image.repeat(scale, 0).repeat(scale, 1)))


def png(image: Bytes) -> bytes:
    """The PNG of an image."""
    buffer = io.BytesIO()
    _picture(image).save(buffer, "PNG")
    return buffer.getvalue()


def save_gif(path: Path, frames: UInt8[np.ndarray, "n h w c"], milliseconds: int = 80) -> None:
    """Writes a GIF that runs there and back, for ever."""
    pictures = [_picture(frame) for frame in [*frames, *frames[-2:0:-1]]]
    buffer = io.BytesIO()
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0)
    write_whole(path, buffer.getvalue())


def write_whole(path: Path, data: bytes) -> None:
    """A file that is there whole or not at all.

    Raises:
        OSError: it cannot be written; the file is named, and what was there before is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error


def _picture(image: Bytes) -> Image.Image:
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
