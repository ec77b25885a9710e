"""A number with its protocol: JSON files of measurements, and the comparison that refuses unlike ones.

measures    {name: value}
protocol    what must be equal for two numbers to be compared
of          what they are numbers of: system, step, seeds, versions
marks       what a reader should know
"""

from __future__ import annotations

import hashlib
import json
import math
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from ganjax.errors import UserError
from ganjax.monitor.pictures import write_whole
from ganjax.untrusted import in_a_line, json_of

PACKAGES = ("ganjax", "jax", "flax", "numpy")


class Result(NamedTuple):
    """One measurement; a file holds it as an object of these four."""

    measures: dict[str, Any]
    protocol: dict[str, Any]
    of: dict[str, Any]
    marks: list[str]


def versions() -> dict[str, str]:
    """Versions of what computed a number."""
    found = {d.metadata["Name"].lower(): d.version for d in metadata.distributions() if d.metadata["Name"]}
    return {name: found.get(name, "not installed") for name in PACKAGES}


def short(protocol: dict[str, Any]) -> str:
    """A protocol's name in file names: its extractor or kind, number of samples, and eight digits of its hash."""
    digest = hashlib.sha256(json.dumps(protocol, sort_keys=True).encode()).hexdigest()
    return f"{protocol['kind']}-n{protocol['n_fake']}-{digest[:8]}"


def write(workdir: Path, result: Result) -> Path:
    """Writes eval/<stem>.json and returns where.

    Other measures of the very same samples stay in the file.
    """
    path = workdir / "eval" / f"{stem(result)}.json"
    old = read(path) if path.is_file() else result
    if old.of == result.of:
        marks = list(dict.fromkeys([*old.marks, *result.marks]))
        result = result._replace(measures={**old.measures, **result.measures}, marks=marks)
    write_whole(path, to_json(result._asdict()).encode())
    return path


def stem(result: Result) -> str:
    """<step>-<protocol>, with -run<i> and -seed<n> where they are not the first: a result's name in file names."""
    of = result.of
    run = f"-run{of['run']}" if of.get("run") else ""
    own = of.get("train_seed", 0) - of.get("run", 0)
    seed = f"-seed{of['samples_seed']}" if of.get("samples_seed", own) != own else ""
    return f"{of['step']}-{short(result.protocol)}{run}{seed}"


def to_json(content: Any) -> str:
    """JSON, in which a number that is none is null."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(each) for each in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return json.dumps(plain(content), indent=2, ensure_ascii=False, allow_nan=False)


def read(path: Path) -> Result:
    """The measurement in a file.

    Raises:
        UserError: there is none, or the file is no measurement.
    """
    if not path.is_file():
        raise UserError(f"no measurement in {path}; python -m ganjax evaluate --workdir=… writes them into eval/")
    try:
        content = json_of(path.read_bytes())
        result = Result(**{field: content[field] for field in Result._fields})
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is no measurement of ganjax: {type(error).__name__} {in_a_line(error)}") from error
    kinds = all(isinstance(part, dict) for part in result[:3]) and isinstance(result.marks, list)
    if not kinds or not all(type(result.of.get(which, 0)) is int for which in ("step", "run")):
        raise UserError(f"{path} is no measurement of ganjax: its parts are of other kinds")
    return result


def newest(path: Path) -> list[Result]:
    """The measurement in a file, or all that a workdir has of the newest step that was measured.

    Raises:
        UserError: there is none, or the file is no measurement.
    """
    if not (path / "eval").is_dir():
        return [read(path)]
    files = sorted((path / "eval").glob("*.json"))
    last = max(map(_step, files), default=-1)
    if not files:
        raise UserError(f"no measurement in {path / 'eval'}; python -m ganjax evaluate --workdir=… writes them there")
    return [read(file) for file in files if _step(file) == last]


def compare_all(of_a: list[Result], of_b: list[Result]) -> list[tuple[Result, Result]]:
    """The pairs of one protocol.

    Raises:
        UserError: there is none; the differences of the two that come nearest.
    """
    pairs = [(a, b) for a in of_a for b in of_b if not differences(a, b) and set(a.measures) & set(b.measures)]
    if not pairs:
        compare(*min(((a, b) for a in of_a for b in of_b), key=lambda pair: len(differences(*pair))))
    return pairs


def differences(a: Result, b: Result) -> list[str]:
    """What their protocols do not share, a line for each key."""
    return [
        f"{key}: {a.protocol.get(key)!r} and {b.protocol.get(key)!r}"
        for key in sorted({*a.protocol, *b.protocol})
        if a.protocol.get(key) != b.protocol.get(key)
    ]


def compare(a: Result, b: Result) -> dict[str, tuple[Any, Any]]:
    """{measure: (a's value, b's)} of what both measured.

    Raises:
        UserError: their protocols differ, with a list of how; they have no measure in common.
    """
    lines = differences(a, b)
    if lines:
        raise UserError(f"these numbers cannot be compared, their protocols differ in {'; '.join(lines)}")
    common = [name for name in a.measures if name in b.measures]
    if not common:
        raise UserError(f"no measure in common: {', '.join(a.measures)} and {', '.join(b.measures)}")
    return {name: (a.measures[name], b.measures[name]) for name in common}


def _step(file: Path) -> int:
    step = file.name.partition("-")[0]
    return int(step) if step.isdecimal() else -1
