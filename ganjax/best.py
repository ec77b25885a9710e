"""The best step of a run: found by evaluation, noted in the checkpoints, kept in best.json for those who ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from ganjax import protocol
from ganjax.distributed import speaks
from ganjax.errors import UserError
from ganjax.monitor.pictures import write_whole
from ganjax.untrusted import in_a_line, json_of


class Best(NamedTuple):
    """The step whose samples had the best ``value`` of ``measure``, the mean over seeds: best.json in the workdir.

    Values of another ``protocol`` are not compared with it.
    """

    step: int
    measure: str
    value: float
    protocol: str


def read_best(workdir: Path) -> Best | None:
    """The best step that a workdir remembers, where its checkpoint is still there.

    Raises:
        UserError: best.json is something else.
    """
    path = workdir / "best.json"
    if not path.is_file():
        return None
    try:
        best = best_of(json_of(path.read_bytes()))
        return best if (workdir / "checkpoints" / str(best.step)).is_dir() else None
    except (ValueError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read ({in_a_line(error)}); delete it, the next evaluation writes it anew"
        ) from error


def best_of(found: dict[str, Any]) -> Best:
    """The best step as best.json, or the notes of a checkpoint, have it.

    Raises:
        TypeError: they have something else.
    """
    best = Best(**found)
    if type(best.step) is not int or best.step < 0:
        raise TypeError(f"the step {best.step!r} is none")
    return best._replace(value=float("nan")) if best.value is None else best  # JSON has no NaN


def noted(best: Best | None) -> dict[str, Any] | None:
    """``best_of`` backwards."""
    found: dict[str, Any] | None = json.loads(protocol.to_json(best._asdict())) if best else None
    return found


def remember(workdir: Path, best: Best | None) -> None:
    """Writes best.json."""
    if best and speaks():
        write_whole(workdir / "best.json", json.dumps(noted(best), indent=2).encode())
