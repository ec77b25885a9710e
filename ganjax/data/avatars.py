"""The embedded default: pixel-art faces with attributes, pairs with and without glasses, two further styles. CC0."""

from __future__ import annotations

import functools
import io
import json
import lzma
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.data.source import Examples, Source, fit_all, from_arrays
from ganjax.errors import UserError, nearest

PACK = Path(__file__).with_name("avatars.npz.xz")
STYLES = ("pixel_art", "voxel_art", "critters")


@functools.cache
def pack() -> Examples:
    """All arrays of the pack."""
    with np.load(io.BytesIO(lzma.decompress(PACK.read_bytes())), allow_pickle=False) as arrays:
        return dict(arrays)


def avatars(style: str = "pixel_art", attribute: str | None = None, image_size: int = 32, channels: int = 3) -> Source:
    """10,000 faces of 32 × 32 pixels with attributes (or 2,000 ``voxel_art`` or ``critters``), embedded, CC0.

    ``label`` is the value of ``attribute`` (left out: the colour of the hair, of a critter's body), ``attributes``
    int32 [n, k] are all of them, info["attributes"] their names.

    Raises:
        UserError: no such style or attribute.
    """
    if style not in STYLES:
        raise UserError(
            f"config.data.style: no style {style!r}{nearest(style, STYLES)}; there are: {', '.join(STYLES)}"
        )
    arrays = pack()
    names: dict[str, list[str]] = json.loads(arrays[f"{style}_names"].tobytes())
    attribute = attribute or ("hair_colour" if "hair_colour" in names else "body_colour")
    if attribute not in names:
        raise UserError(
            f"config.data.attribute: no attribute {attribute!r}{nearest(attribute, names)}; there are: {', '.join(names)}"
        )
    codes = arrays[f"{style}_attributes"].astype(np.int32)
    label = codes[:, list(names).index(attribute)]
    images = fit_all(arrays[style], image_size, channels)
    info: dict[str, Any] = {
        "classes": names[attribute],
        "attribute": attribute,
        "attributes": names,
        "licence": "CC0 1.0",
    }
    return from_arrays("avatars", {"image": images, "label": label, "attributes": codes}, info)


def avatar_pairs(image_size: int = 32, channels: int = 3) -> Source:
    """2,000 pairs of one face: ``a`` without glasses, ``b`` with them, embedded, CC0."""
    arrays = pack()
    sides = {"a": arrays["without_glasses"], "b": arrays["with_glasses"]}
    images = {name: fit_all(x, image_size, channels) for name, x in sides.items()}
    info = {"sides": {"a": "without glasses", "b": "with glasses"}, "licence": "CC0 1.0"}
    return from_arrays("avatar_pairs", images, info)


def codes_of(attribute: str) -> tuple[np.ndarray, list[str]]:
    """(the value of an attribute in each face, the names of its values)."""
    names: dict[str, list[str]] = json.loads(pack()["pixel_art_names"].tobytes())
    return pack()["pixel_art_attributes"][:, list(names).index(attribute)], names[attribute]


def describe(source: Source) -> dict[str, dict[str, int]]:
    """{attribute: {value: how many}} of a source with attributes."""
    stored = source.fetch(np.arange(source.size))
    codes = stored["attributes"] if "attributes" in stored else stored["attribute"]
    return {
        name: {value: int((codes[:, column] == code).sum()) for code, value in enumerate(values)}
        for column, (name, values) in enumerate(source.info["attributes"].items())
    }
