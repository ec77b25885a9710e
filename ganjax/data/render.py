"""Avatars drawn anew: the embedded pack, bit for bit, or any style at any size. Needs the ``avatars`` extra.

The art is DiceBear's, each style under its own licence; the three of the pack are CC0 1.0.
"""

from __future__ import annotations

import io
import json
import lzma
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganjax.data.source import Examples
from ganjax.errors import UserError, nearest
from ganjax.monitor.pictures import write_whole

STYLES = {"pixel_art": "pixel-art", "voxel_art": "voxel-art", "critters": "critters"}  # of the pack
WHITE = {"backgroundColor": ["#ffffff"]}
MISSES = 1000  # avatars seen before, one after another, until a style counts as exhausted
PLACEMENT = ("Fill", "Rotate", "TranslateX", "TranslateY", "Scale")  # options that say where, not what


def render(style: str, seed: str, size: int = 32, **options: Any) -> tuple[np.ndarray, dict[str, str]]:
    """One avatar on white, uint8 [size, size, 3], and its attributes by name; the seed decides everything.

    Raises:
        UserError: the extra is not installed, no such style.
    """
    try:
        import resvg_py
        from dicebear import Avatar

        drawn_as = _style(style)
    except ImportError:
        raise UserError('drawing avatars needs the extra: pip install "ganjax[avatars]"') from None
    avatar = Avatar(drawn_as, {"seed": seed, **WHITE, **options})
    png = resvg_py.svg_to_bytes(
        svg_string=avatar.to_string(), width=size, height=size, background="#ffffff", skip_system_fonts=True
    )
    pixels = np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGB"))
    return pixels, _attributes(avatar.to_json()["options"])


_STYLES: dict[str, Any] = {}


def _style(name: str) -> Any:
    from dicebear import Style

    folder = files("dicebear_styles")
    if name not in _STYLES:
        if not (folder / f"{name}.json").is_file():
            known = sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".json"))
            raise UserError(f"no style {name!r}{nearest(name, known)}; there are: {', '.join(known)}")
        _STYLES[name] = Style(json.loads((folder / f"{name}.json").read_text()))
    return _STYLES[name]


def _attributes(options: dict[str, Any]) -> dict[str, str]:
    """hairVariant: "short04" -> hair: short04; hairColor: ["#28150a"] -> hair_colour: #28150a; absent parts: none."""
    out = {}
    for key, value in options.items():
        if key.endswith(PLACEMENT) or not key.endswith(("Variant", "Color")):
            continue
        name = key.replace("Variant", "").replace("Color", "_colour")
        text = value[0] if isinstance(value, list) and value else value
        out[name] = text if isinstance(text, str) and text else "none"
    return out


def distinct(style: str, count: int, size: int = 32, prefix: str = "") -> Iterator[tuple[np.ndarray, dict[str, str]]]:
    """``count`` avatars of seeds 0, 1, 2 …, those passed over that look like one before.

    Raises:
        UserError: the style has not that many at this size.
    """
    seen: set[bytes] = set()
    number = last = 0
    while len(seen) < count:
        image, attributes = render(style, f"{prefix}{number}", size)
        number += 1
        if image.tobytes() not in seen:
            last = number
            seen.add(image.tobytes())
            yield image, attributes
        if number - last > MISSES:
            raise UserError(f"{style} has no {count} different avatars of {size} px, only about {len(seen)}")


def licence(style: str) -> str:
    """What the style's author asks to be said of it."""
    definition = json.loads((files("dicebear_styles") / f"{style}.json").read_text())
    return str(definition["meta"]["license"]["text"])


def tabulate(rows: list[dict[str, str]]) -> tuple[np.ndarray, dict[str, list[str]]]:
    """Attributes as codes uint8 [n, k] and {attribute: names}; attributes that never vary are left out."""
    names = sorted({name for row in rows for name in row})
    values = {name: sorted({row.get(name, "none") for row in rows}) for name in names}
    kept = {name: each for name, each in values.items() if len(each) > 1}
    codes = [[each.index(row.get(name, "none")) for name, each in kept.items()] for row in rows]
    return np.asarray(codes, np.uint8), kept


def render_set(path: Path, style: str, count: int, size: int) -> None:
    """Writes ``count`` avatars to an ``.npz`` that the ``npz`` source reads: images, attributes and names, licence.

    Raises:
        UserError: count or size below 1, no such style, or it has not that many.
    """
    if count < 1 or size < 1:
        raise UserError(f"--count={count} --size={size}: both must be at least 1")
    images, rows = zip(*distinct(style, count, size), strict=True)
    codes, names = tabulate(list(rows))
    buffer = io.BytesIO()
    text = {"attribute_names": json.dumps(names), "licence": licence(style)}
    np.savez_compressed(buffer, images=np.stack(images), attributes=codes, **text)  # type: ignore[arg-type]
    write_whole(path, buffer.getvalue())


def render_pack(path: Path, faces: int = 10_000, others: int = 2_000) -> None:
    """Writes the embedded pack: faces, pairs without and with glasses, two further styles, attributes of all."""
    arrays: Examples = {}
    for key, style in STYLES.items():
        images, rows = zip(*distinct(style, faces if key == "pixel_art" else others), strict=True)
        codes, names = tabulate(list(rows))
        arrays |= {key: np.stack(images), f"{key}_attributes": codes}
        arrays[f"{key}_names"] = np.frombuffer(json.dumps(names).encode(), np.uint8)
    for key, probability in (("without_glasses", 0), ("with_glasses", 100)):
        drawn = (render("pixel-art", f"pair-{i}", glassesProbability=probability)[0] for i in range(others))
        arrays[key] = np.stack(list(drawn))
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 26}]
    write_whole(path, lzma.compress(buffer.getvalue(), filters=filters))
