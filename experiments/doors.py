"""The door of an experiment that trains: its options, the process it runs in, the runs it reads, the numbers it leaves."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from absl import logging

from ganjax import allocator, compilation
from ganjax import config as configs
from ganjax.core import State
from ganjax.monitor import pictures
from ganjax.run import Run
from ganjax.train import train
from ganjax.workdir import reopen


def arguments(file: str, doc: str | None) -> argparse.ArgumentParser:
    """``--workdir`` for runs and ``--out`` for results, of the experiment whose ``__file__`` and ``__doc__`` these are."""
    here = Path(file).parent
    parser = argparse.ArgumentParser(prog=f"python -m experiments.{here.name}", description=doc)
    parser.add_argument("--workdir", type=Path, default=Path("runs"), help="where the runs live, one folder each")
    parser.add_argument("--out", type=Path, default=here, help="for result.json and the figure")
    return parser


def opened(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """The options; from here on freed memory is held, compiled programs are kept and only warnings are logged."""
    options = parser.parse_args(argv[1:])
    logging.set_verbosity(logging.WARNING)
    allocator.hold()
    compilation.keep()
    return options


def trained(spec: str, workdir: Path, *overrides: str, name: str | None = None) -> tuple[Run, int, State]:
    """(run, step, state) of a config's last step, with ``train.steps=2000``, … ; trains what is not trained.

    The run lives in ``workdir``, under ``name`` or the config's own.
    """
    folder = workdir / (name or configs.run_name(spec))
    train(configs.load(spec, [f"--config.{each}" for each in overrides]), folder)
    return reopen(folder)


def leave(out: Path, result: Mapping[str, Any]) -> None:
    """Writes result.json."""
    pictures.write_whole(out / "result.json", (json.dumps(result, indent=2) + "\n").encode())
