"""The sample pictures of a run as data URIs: every step, or as many as a page may hold."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

MOST, BYTES = 60, 2**24  # pictures of a page, and what they weigh
LARGEST = 1600  # pixels of a side; larger ones are made smaller
SHRUNK = 2**20  # bytes that such a one has at most, about


class Strip(NamedTuple):
    """Pictures of one direction over the steps: ``found`` were there, ``shrunk`` are smaller than they were."""

    name: str
    steps: list[int]
    pictures: list[str]
    size: tuple[int, int]
    found: int
    shrunk: bool


def strips(folder: Path, most: int = MOST, weight: int = BYTES) -> list[Strip]:
    """The pictures in a run's ``samples``: one strip, or one for each direction of translation.

    Of more than ``most`` pictures or ``weight`` bytes in all, some are left out evenly; the first and the last stay.
    """
    files: dict[str, list[tuple[int, Path]]] = {}
    for path in sorted(folder.glob("step_*.png")):
        if match := re.fullmatch(r"step_(\d+)(?:_(\w+))?\.png", path.name):
            files.setdefault(match[2] or "", []).append((int(match[1]), path))
    share = len(files) or 1
    made = [_strip(name, sorted(found), most // share, weight // share) for name, found in files.items()]
    return [strip for strip in made if strip.pictures]


def evenly(count: int, most: int) -> list[int]:
    """At most ``most``, two at least, of the places 0 … count − 1, evenly, both ends among them."""
    if count <= max(most, 2):
        return list(range(count))
    last = max(most, 2) - 1
    return sorted({round(i * (count - 1) / last) for i in range(last + 1)})


def _strip(name: str, files: Sequence[tuple[int, Path]], most: int, weight: int) -> Strip:
    usual = sum(min(path.stat().st_size, SHRUNK) for _, path in files) / len(files) * 4 / 3  # base64
    kept = [files[i] for i in evenly(len(files), min(most, int(weight / max(usual, 1))))]
    steps, pictures, size, shrunk = list[int](), list[str](), (0, 0), False
    for step, path in kept:
        if (read := _picture(path)) is None:
            continue
        steps.append(step)
        pictures.append(read[0])
        size, shrunk = read[1], shrunk or read[2]
    return Strip(name, steps, pictures, size, len(files), shrunk)


def _picture(path: Path) -> tuple[str, tuple[int, int], bool] | None:
    """(data URI, size, whether it was made smaller); nothing where the file is no picture."""
    data = path.read_bytes()
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if max(image.size) <= LARGEST:
                return _uri("png", data), image.size, False
            small = image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    small.thumbnail((LARGEST, LARGEST))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=90)
    return _uri("jpeg", buffer.getvalue()), small.size, True


def _uri(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
