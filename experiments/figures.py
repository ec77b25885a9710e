"""Figures of the claims, in one hand: panels, colours, small files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.errors import UserError
from ganjax.monitor.pictures import write_whole

try:
    from matplotlib.figure import Figure
except ImportError as error:
    raise UserError('figures need matplotlib: pip install "ganjax[bench]"') from error

COLOURS = ("#0b6e4f", "#c8553d", "#2d5d9f", "#b8860b", "#6a4c93", "#4a4a4a", "#b23a76")
DATA, MADE = "#4a4a4a", "#c8553d"  # what is given, what is generated
STYLE: dict[str, Any] = {"linewidth": 1.6}


def panels(rows: int, columns: int, width: float = 3.2, height: float = 2.5) -> tuple[Figure, np.ndarray]:
    """(figure, axes [rows, columns]): light frames, small print, laid out when saved."""
    figure = Figure(figsize=(columns * width, rows * height), layout="constrained")
    axes: np.ndarray = figure.subplots(rows, columns, squeeze=False)
    for each in axes.flat:
        each.spines[["top", "right"]].set_visible(False)
        each.tick_params(labelsize=7)
        each.set_prop_cycle(color=COLOURS)
    return figure, axes


def say(axis: Any, title: str = "", x: str = "", y: str = "") -> None:
    """Title and labels; a legend where lines have names."""
    axis.set_title(title, fontsize=9)
    axis.set_xlabel(x, fontsize=8)
    axis.set_ylabel(y, fontsize=8)
    if axis.get_legend_handles_labels()[1]:
        axis.legend(fontsize=7, frameon=False)


def picture(axis: Any, image: np.ndarray, title: str = "") -> None:
    """An image [h, w, 3] of bytes, or a matrix, without ticks."""
    axis.imshow(image, interpolation="nearest")
    axis.set_axis_off()
    axis.set_title(title, fontsize=9)


def save(figure: Figure, path: Path, dpi: int = 110) -> None:
    """As a PNG of few colours: under 200 KB."""
    from PIL import Image

    raw = io.BytesIO()
    figure.savefig(raw, format="png", dpi=dpi)
    small = io.BytesIO()
    Image.open(raw).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    write_whole(path, small.getvalue())
