"""A claim of the lecture decks: what is said and where, the runs that try it, and the verdict that their numbers give."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import filelock

from experiments import doors
from ganjax import config as configs
from ganjax.core import State
from ganjax.monitor.pictures import write_whole
from ganjax.run import Run

Answer = Literal["yes", "partly", "no"]
COST = "core_minutes.json"


class Claim:
    """One trial of a claim: ``claim.quick`` asks for its short form, ``claim.out`` is where its figure goes.

    ``python -m experiments.NAME [--quick] [--workdir=runs] [--out=DIR]``; the short form has runs and results of its own, under
    ``WORKDIR/quick``.
    """

    def __init__(self, file: str, text: str, source: str, argv: Sequence[str]) -> None:
        self.name, self.text, self.source = Path(file).parent.name, text, source
        parser = doors.arguments(file, text)
        parser.add_argument("--quick", action="store_true", help="the short form, which shows that it runs and no more")
        options: argparse.Namespace = doors.opened(parser, argv)
        self.quick: bool = options.quick
        self.workdir: Path = options.workdir / "quick" if self.quick else options.workdir
        moved = options.out != Path(file).parent
        self.out: Path = options.out if moved or not self.quick else self.workdir / self.name
        self._begun, self._runs = time.process_time(), dict[Path, float]()

    def few(self, full: int, quick: int) -> int:
        """``full``, or ``quick`` in the short form: of steps, seeds, samples."""
        return quick if self.quick else full

    def run(self, spec: str, *overrides: str, name: str | None = None) -> tuple[Run, int, State]:
        """(run, step, state) of a config with ``train.steps=2000``, … in ``WORKDIR/NAME``; trains what is not trained, and
        waits where another claim trains it now."""
        folder = self.workdir / (name or configs.run_name(spec))
        self.workdir.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(self.workdir / f".{folder.name}.lock"):
            return self._trained(spec, folder, overrides)

    def _trained(self, spec: str, folder: Path, overrides: Sequence[str]) -> tuple[Run, int, State]:
        steps = configs.load(spec, [f"--config.{each}" for each in overrides]).train.steps
        begun, kept = time.process_time(), folder / COST
        spent = json.loads(kept.read_text()) if kept.is_file() else 0.0
        done = (folder / "checkpoints" / str(steps)).is_dir()
        found = doors.trained(spec, self.workdir, *overrides, name=folder.name)
        if not done:
            now = (time.process_time() - begun) / 60
            write_whole(kept, json.dumps(spent + now).encode())
            self._begun += now * 60
            spent += now
        self._runs[folder] = spent
        return found

    def conclude(self, answer: Answer, because: str, numbers: Mapping[str, Any], seeds: int) -> None:
        """Writes result.json and prints the verdict. ``because`` is one sentence with the numbers that decide."""
        minutes = sum(self._runs.values()) + (time.process_time() - self._begun) / 60
        said = {"claim": self.text, "source": self.source, "verdict": answer, "because": because}
        cost = {"seeds": seeds, "core_minutes": round(minutes, 2), "machine": machine(), "quick": self.quick}
        doors.leave(self.out, {**said, **cost, "numbers": numbers})
        print(f"{self.name}: {answer}. {because}", file=sys.stderr, flush=True)


def machine() -> str:
    """Cores, device and version that a number was made with."""
    return f"{os.cpu_count()} CPU cores, jax {importlib.metadata.version('jax')}"
