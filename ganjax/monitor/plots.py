"""Curves and sheets with words in them, drawn with Pillow alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Shaped, UInt8
from PIL import Image, ImageDraw, ImageFont

from ganjax.monitor import pictures

Values = Sequence[float | int] | Shaped[np.ndarray, " n"]
Curve = tuple[Values, Values]  # xs, ys; what is not finite is left out
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito's: told apart by all eyes
INK, PALE = "#333333", "#e4e4e4"
FINER = 2  # drawn so many times as large, then made smaller: smooth edges
FEW = 50  # points that can be told apart
LEFT, TOP, RIGHT, BOTTOM = 74, 34, 18, 50  # margins in pixels


class Frame(NamedTuple):
    """Where the axes stand on the page, and what they run over."""

    box: tuple[float, float, float, float]
    xs: tuple[float, float]
    ys: tuple[float, float]

    def place(self, x: float, y: float) -> tuple[float, float]:
        """The pixel of a point."""
        left, top, right, bottom = self.box
        across, up = ((v - low) / (high - low) for v, (low, high) in ((x, self.xs), (y, self.ys)))
        return left + across * (right - left), bottom - up * (bottom - top)


def lines(
    series: Mapping[str, Curve],
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    notes: Mapping[str, Sequence[str]] | None = None,
    size: tuple[int, int] = (560, 400),
) -> Image.Image:
    """Curves, with a dot at each point of those that have few, axes over all of them, a legend where there are several.

    ``notes`` are words beside the points of a curve, by its name. A curve breaks where a value is not finite.
    """
    page = Image.new("RGB", (size[0] * FINER, size[1] * FINER), "white")
    draw = ImageDraw.Draw(page)
    box = (LEFT * FINER, TOP * FINER, page.width - RIGHT * FINER, page.height - BOTTOM * FINER)
    seen = [point for curve in series.values() for point in _points(curve) if point]
    frame = Frame(box, *map(_reach, zip(*seen or [(0.0, 0.0), (1.0, 1.0)], strict=True)))
    _axes(draw, frame)
    for colour, (name, curve) in zip(COLOURS * len(series), series.items(), strict=False):
        _curve(draw, frame, curve, colour, (notes or {}).get(name, ()))
    draw.text(((box[0] + box[2]) / 2, TOP * FINER / 2), title, INK, _font(15), "mm")
    draw.text(((box[0] + box[2]) / 2, page.height - 14 * FINER), x_label, INK, _font(13), "mm")
    _upright(page, y_label)
    if len(series) > 1:
        _legend(draw, frame, [*series])
    return page.resize(size, Image.Resampling.LANCZOS)


def ticks(low: float | int, high: float | int, about: int = 5) -> list[float]:
    """Round numbers within [low, high], 1, 2 or 5 times a power of ten apart."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough * (1 - 1e-9))
    return [i * step for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def rows(named: Mapping[str, UInt8[np.ndarray, "n h w c"]], least: int = 48) -> pictures.Bytes:
    """A sheet, a row of images for each name, which stands left of it; images of fewer than ``least`` pixels are enlarged."""
    images = np.concatenate([*named.values()])
    images = images.repeat(3, axis=-1) if images.shape[-1] == 1 else images
    zoom, columns = max(1, -(-least // images.shape[1])), len(next(iter(named.values())))
    sheet = pictures.sheet(images.repeat(zoom, axis=1).repeat(zoom, axis=2), columns)
    font = ImageFont.load_default(13)
    margin = 12 + math.ceil(max(font.getlength(name) for name in named))
    page = Image.new("RGB", (margin + sheet.shape[1], sheet.shape[0]), "white")
    page.paste(Image.fromarray(sheet), (margin, 0))
    height = sheet.shape[0] / len(named)
    for i, name in enumerate(named):
        ImageDraw.Draw(page).text((margin - 6, (i + 0.5) * height), name, INK, font, "rm")
    return np.asarray(page)


def _points(curve: Curve) -> list[tuple[float, float] | None]:
    pairs = [(float(x), float(y)) for x, y in zip(*curve, strict=True)]
    return [pair if math.isfinite(sum(pair)) else None for pair in pairs]


def _reach(values: Sequence[float]) -> tuple[float, float]:
    """From the least to the largest, and a little more on both sides."""
    low, high = min(values), max(values)
    more = 0.06 * (high - low) or 0.5 * abs(high) or 0.5
    return low - more, high + more


def _axes(draw: ImageDraw.ImageDraw, frame: Frame) -> None:
    left, top, right, bottom = frame.box
    for x in ticks(*frame.xs):
        at, _ = frame.place(x, frame.ys[0])
        draw.line((at, top, at, bottom), PALE, FINER)
        draw.text((at, bottom + 6 * FINER), _number(x), INK, _font(12), "mt")
    for y in ticks(*frame.ys):
        _, at = frame.place(frame.xs[0], y)
        draw.line((left, at, right, at), PALE, FINER)
        draw.text((left - 6 * FINER, at), _number(y), INK, _font(12), "rm")
    draw.line((left, top, left, bottom, right, bottom), INK, FINER)


def _curve(draw: ImageDraw.ImageDraw, frame: Frame, curve: Curve, colour: str, notes: Sequence[str]) -> None:
    places = [frame.place(*point) if point else None for point in _points(curve)]
    for here, there in itertools.pairwise(places):
        if here and there:
            draw.line((*here, *there), colour, 2 * FINER)
    for i, at in enumerate(places):
        if at and len(places) <= FEW:
            draw.circle(at, 3.5 * FINER, colour)
            draw.text((at[0] + 6 * FINER, at[1] - 8 * FINER), notes[i] if i < len(notes) else "", INK, _font(11), "lm")


def _legend(draw: ImageDraw.ImageDraw, frame: Frame, names: list[str]) -> None:
    _, top, right, _ = frame.box
    wide = max(_font(12).getlength(name) for name in names) + 36 * FINER
    corner = (right - wide - 4 * FINER, top + 4 * FINER)
    draw.rectangle((*corner, right - 4 * FINER, corner[1] + (18 * len(names) + 6) * FINER), "white", PALE, FINER)
    for i, (name, colour) in enumerate(zip(names, COLOURS * len(names), strict=False)):
        y = corner[1] + (12 + 18 * i) * FINER
        draw.line((corner[0] + 6 * FINER, y, corner[0] + 24 * FINER, y), colour, 2 * FINER)
        draw.text((corner[0] + 30 * FINER, y), name, INK, _font(12), "lm")


def _upright(page: Image.Image, text: str) -> None:
    """The label of the y axis, from below upwards."""
    strip = Image.new("RGB", (page.height, 20 * FINER), "white")
    ImageDraw.Draw(strip).text((page.height / 2, 10 * FINER), text, INK, _font(13), "mm")
    page.paste(strip.rotate(90, expand=True), (2 * FINER, 0))


def _number(value: float) -> str:
    return f"{value:.6g}" if abs(value) > 1e-12 else "0"


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * FINER)
