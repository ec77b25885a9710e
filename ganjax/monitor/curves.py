"""What the watch saw, as a picture: D's losses on what it was trained on and what it was not, singular values layer by layer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganjax.monitor import history, pictures, plots

PANEL, COLUMNS = (340, 240), 4
JUDGED = ("train", "held_out")


def panels(lines: list[dict[str, Any]]) -> dict[str, dict[str, plots.Curve]]:
    """{title: {curve: (steps, values)}} of log lines: a panel for D's accuracy and for its loss, one for each watched layer."""
    found: dict[str, dict[str, plots.Curve]] = {}

    def curve(panel: str, name: str, key: str) -> None:
        points = [(line["step"], line[key]) for line in lines if key in line]
        if points:
            xs, ys = zip(*points, strict=True)
            found.setdefault(panel, {})[name] = (xs, ys)

    for kind in ("loss", "accuracy"):
        for which in JUDGED:
            curve(f"disc/{kind}", which.replace("_", " "), f"watch/{kind}_{which}")
    for key in dict.fromkeys(key for line in lines for key in line):
        if sigma := re.fullmatch(r"watch/(.*)/sigma(\d)", key):
            curve(sigma[1], f"σ{'₀₁₂'[int(sigma[2])]}", key)
    return found


def page(lines: list[dict[str, Any]]) -> Image.Image | None:
    """The panels in a grid; nothing where the watch saw nothing of the kind."""
    drawn = [plots.lines(curves, title[-40:], "steps", "", size=PANEL) for title, curves in panels(lines).items()]
    if not drawn:
        return None
    columns = min(COLUMNS, len(drawn))
    sheet = Image.new("RGB", (columns * drawn[0].width, -(-len(drawn) // columns) * drawn[0].height), "white")
    for i, panel in enumerate(drawn):
        sheet.paste(panel, (i % columns * panel.width, i // columns * panel.height))
    return sheet


def draw(log: Path, out: Path) -> None:
    """Writes the page of a ``metrics.jsonl``, where there is something to see."""
    lines, _ = history.read(log)
    if picture := page(lines):
        pictures.save_png(out, np.asarray(picture))
