"""A number with its protocol: JSON files of measurements, and the comparison that refuses unlike ones.

measures    {name: value}, or a list of values where several seeds were measured
protocol    what must be equal for two numbers to be compared
of          what they are numbers of: system, step, seeds, versions
marks       what a reader should know
"""

from __future__ import annotations

import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from ganjax.errors import UserError
from ganjax.monitor.pictures import write_whole

PACKAGES = ("ganjax", "jax", "flax", "numpy")


class Result(NamedTuple):
    """One measurement; a file holds it as an object of these four."""

    measures: dict[str, Any]
    protocol: dict[str, Any]
    of: dict[str, Any]
    marks: list[str]


def versions() -> dict[str, str]:
    """Versions of what computed a number."""
    return {name: metadata.version(name) for name in PACKAGES}


def short(protocol: dict[str, Any]) -> str:
    """A protocol's name in file names: its extractor or kind, number of samples, and eight digits of its hash."""
    digest = hashlib.sha256(json.dumps(protocol, sort_keys=True).encode()).hexdigest()
    return f"{protocol['kind']}-n{protocol['n_fake']}-{digest[:8]}"


def write(workdir: Path, result: Result) -> Path:
    """Writes eval/<step>-<protocol>.json, seeds measured alone with ``-run<i>``; returns where."""
    run = f"-run{result.of['run']}" if result.of.get("run") else ""
    path = workdir / "eval" / f"{result.of['step']}-{short(result.protocol)}{run}.json"
    old = read(path).measures if path.is_file() else {}
    merged = result._replace(measures={**old, **result.measures})  # other measures of the same protocol stay
    write_whole(path, json.dumps(merged._asdict(), indent=2, ensure_ascii=False).encode())
    return path


def read(path: Path) -> Result:
    """The measurement in a file; of a workdir, the one of its newest step.

    Raises:
        UserError: there is none, or the file is no measurement.
    """
    if (path / "eval").is_dir():
        files = sorted((path / "eval").glob("*.json"), key=lambda file: (_step(file), file.stat().st_mtime))
        path = files[-1] if files else path / "eval"
    if not path.is_file():
        raise UserError(f"no measurement in {path}; python -m ganjax evaluate --workdir=… writes them into eval/")
    try:
        content = json.loads(path.read_text())
        return Result(**{field: content[field] for field in Result._fields})
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is no measurement of ganjax: {type(error).__name__} {error}") from error


def compare(a: Result, b: Result) -> dict[str, tuple[Any, Any]]:
    """{measure: (a's value, b's)} of what both measured.

    Raises:
        UserError: their protocols differ, with a list of how; they have no measure in common.
    """
    lines = [
        f"{key}: {a.protocol.get(key)!r} and {b.protocol.get(key)!r}"
        for key in sorted({*a.protocol, *b.protocol})
        if a.protocol.get(key) != b.protocol.get(key)
    ]
    if lines:
        raise UserError(f"these numbers cannot be compared, their protocols differ in {'; '.join(lines)}")
    common = [name for name in a.measures if name in b.measures]
    if not common:
        raise UserError(f"no measure in common: {', '.join(a.measures)} and {', '.join(b.measures)}")
    return {name: (a.measures[name], b.measures[name]) for name in common}


def _step(file: Path) -> int:
    step = file.name.partition("-")[0]
    return int(step) if step.isdecimal() else -1
