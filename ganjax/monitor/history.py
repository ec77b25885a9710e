"""The log of a run read back: lines of which the last may be half written, and metrics as curves with gaps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from ganjax.untrusted import json_of

Line = dict[str, Any]
Value = float | None
POINTS = 1000  # of a curve, about: more than a page is wide
PAUSE, PAUSES = 60.0, 10.0  # seconds between two lines, and times the usual: longer, and nobody trained


class Curve(NamedTuple):
    """A metric over steps and over minutes of training: None is a gap; ``spread`` is the std over several seeds."""

    steps: list[int]
    minutes: list[float]
    values: list[Value]
    spread: list[Value]


def read(path: Path) -> tuple[list[Line], int]:
    """(the lines of a ``metrics.jsonl`` in the order of their steps, how many others cannot be read)."""
    texts = path.read_bytes().splitlines() if path.is_file() else []
    lines = [line for text in texts if (line := _line(text)) is not None]
    return sorted(lines, key=lambda line: line["step"]), len(texts) - len(lines)


def _line(text: bytes) -> Line | None:
    try:
        line = json_of(text)
    except ValueError:  # half a line, of a run that writes it now or was killed
        return None
    if not isinstance(line, dict) or type(line.get("step")) is not int or line["step"] < 0:
        return None
    return {name: number(value) for name, value in line.items() if _counts(value)} | {"step": line["step"]}


def _counts(value: Any) -> bool:
    return value is None or type(value) in (int, float)


def number(value: float | int | None) -> float:
    """A number of a log line; none is NaN."""
    try:
        return math.nan if value is None else float(value)
    except OverflowError:  # an integer of hundreds of digits
        return math.inf


def minutes(lines: Sequence[Line]) -> list[float]:
    """Minutes of training at each line, from 0 at the first; pauses, in which a run had stopped, are left out."""
    gone = [later.get("time", math.nan) - line.get("time", math.nan) for line, later in pairwise(lines)]
    usual = median([each for each in gone if each > 0] or [0.0])
    spent = [each if 0 < each <= max(PAUSE, PAUSES * usual) else 0.0 for each in gone]
    return [0.0, *accumulate(each / 60 for each in spent)][: len(lines)]


def curves(lines: Sequence[Line], most: int = POINTS) -> dict[str, Curve]:
    """{metric: its curve of about ``most`` points at most} of all but the step and the time."""
    names = dict.fromkeys(name for line in lines for name in line if name not in ("step", "time"))
    passed, several = minutes(lines), {f"{name}_std" for name in names}
    return {name: _curve(lines, passed, name, most) for name in names if name not in several}


def _curve(lines: Sequence[Line], passed: Sequence[float], name: str, most: int) -> Curve:
    at = _with_gaps([i for i, line in enumerate(lines) if name in line])
    values = [finite(lines[i].get(name)) for i in at]
    spread = [finite(lines[i].get(f"{name}_std")) for i in at]
    kept = thinned(values, most)
    return Curve(
        [lines[at[k]]["step"] for k in kept],
        [round(passed[at[k]], 3) for k in kept],
        [values[k] for k in kept],
        [spread[k] for k in kept] if any(each is not None for each in spread) else [],
    )


def _with_gaps(at: Sequence[int]) -> list[int]:
    """The lines that have a metric, and one that has not wherever more than usual of them follow each other: a metric of
    every line was skipped there, one of every fourth line has no gaps of three."""
    skipped = [later - i - 1 for i, later in pairwise(at)]
    usual = 2 * median(skipped or [0])
    found = list(at[:1])
    for later, between in zip(at[1:], skipped, strict=True):
        found += [found[-1] + 1, later] if between > usual else [later]
    return found


def finite(value: Any) -> Value:
    """Six digits of a finite number, else None."""
    return float(f"{value:.6g}") if isinstance(value, float) and math.isfinite(value) else None


def thinned(values: Sequence[Value], most: int) -> list[int]:
    """Places of the least and the greatest of each bucket, of its first gap, and of both ends: no peak is lost."""
    if len(values) <= most:
        return list(range(len(values)))
    kept, buckets = {0, len(values) - 1}, max(1, most // 2)
    for b in range(buckets):
        places = range(b * len(values) // buckets, (b + 1) * len(values) // buckets)
        there = [i for i in places if values[i] is not None]
        if there:
            kept |= {min(there, key=lambda i: values[i] or 0.0), max(there, key=lambda i: values[i] or 0.0)}
        kept |= set([i for i in places if values[i] is None][:1])
    return sorted(kept)
