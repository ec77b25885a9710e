"""What there is to worry about in a run, from its files alone: the watch's signs, numbers that are none, steps unsaved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

from ganjax.monitor.collapse import Alarm
from ganjax.monitor.history import Line

QUIET, LINES = 300.0, 10.0  # seconds without a line, and times the usual: longer, and the run is not training
SAID = 3  # lines of one kind; how many more there are is said


class Status(NamedTuple):
    """``state``: done, training, or stopped; the run stands at ``step`` of ``steps``."""

    state: str
    step: int
    steps: int
    saved: int | None
    quiet: float


def saved_steps(workdir: Path) -> list[int]:
    """The checkpoints of a workdir, oldest first."""
    return sorted(int(path.name) for path in (workdir / "checkpoints").glob("*") if path.name.isdecimal())


def status(workdir: Path, lines: Sequence[Line], steps: int, now: float) -> Status:
    """How far a run is, and whether it is training ``now``: whether it wrote lately, as its lines usually come."""
    saved, log = saved_steps(workdir), workdir / "metrics.jsonl"
    step = max([line["step"] for line in lines[-1:]] + saved[-1:] + [0])
    wrote = (log if log.is_file() else workdir / "config.json").stat().st_mtime
    between = [later.get("time", math.nan) - line.get("time", math.nan) for line, later in pairwise(lines)]
    patience = max(QUIET, LINES * median([each for each in between if each > 0] or [0.0]))
    state = "done" if step >= steps else "training" if now - wrote < patience else "stopped"
    return Status(state, step, steps, saved[-1] if saved else None, max(0.0, now - wrote))


def warnings(lines: Sequence[Line], unreadable: int, at: Status, save_every: int) -> list[str]:
    """Readable lines, the most of a kind being ``SAID``."""
    return [
        *_unfinished(at, bool(lines)),
        *_unsaved(at, lines, save_every),
        *_unreadable(unreadable),
        *signs(lines, at),
    ]


def _unfinished(at: Status, begun: bool) -> list[str]:
    if at.state != "stopped":
        return []
    ago = f"it has written nothing for {duration(at.quiet)}"
    if not begun and not at.step:
        return [f"the run has not begun: there is no line in its log, and {ago}"]
    return [f"the run has not finished: it stands at step {at.step:,} of {at.steps:,}, and {ago}"]


def _unsaved(at: Status, lines: Sequence[Line], save_every: int) -> list[str]:
    last, saved = lines[-1]["step"] if lines else 0, at.saved or 0
    if saved > last and lines:
        return [f"the log ends at step {last:,}, the newest checkpoint is of step {saved:,}: lines are missing"]
    behind = last - saved
    allowed = 2 * save_every if at.state == "training" and save_every else math.inf if at.state == "training" else 0
    if behind <= allowed:
        return []
    newest = f"the newest checkpoint is of step {saved:,}" if at.saved is not None else "there is no checkpoint"
    return [f"{newest}: the {behind:,} steps after it are in the log, and in no checkpoint"]


def _unreadable(count: int) -> list[str]:
    """The last line of a log may be half written; more are not."""
    return [f"{count} lines of metrics.jsonl cannot be read and are left out"] if count > 1 else []


def signs(lines: Sequence[Line], at: Status) -> list[str]:
    """What the watch warned of, line by line as it did, and values that are not finite."""
    alarm, kinds = Alarm(at.steps), dict[str, list[str]]()
    for line in lines:
        step, values = line["step"], {name: value for name, value in line.items() if isinstance(value, float)}
        for sign, text in alarm.new(step, values).items():
            kinds.setdefault(sign, []).append(f"step {step:,}: {text}")
        for name, value in values.items():
            if not math.isfinite(value) and name != "time":
                kinds.setdefault(name, []).append(f"step {step:,}: {name} is {value}")
    return [text for said in kinds.values() for text in _shortened(said)]


def _shortened(said: Sequence[str]) -> list[str]:
    more = len(said) - SAID
    return [*said[:SAID], *([f"… and {more:,} more of this kind, the last at {said[-1]}"] if more > 0 else [])]


def duration(seconds: float) -> str:
    """Seconds, minutes, hours or days, whichever says it best."""
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.0f} s"
