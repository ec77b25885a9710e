"""A run's files, and weights that are to become a run, gone wrong at random."""

from __future__ import annotations

import contextlib
import io
import random
import shutil
from pathlib import Path

import jax
import numpy as np

from experiments.reliability import mutations
from ganjax import __main__ as verbs
from ganjax import config as configs
from ganjax import protocol
from ganjax.best import read_best
from ganjax.commands import report
from ganjax.monitor import curves
from ganjax.monitor.log import Log
from ganjax.run import initial_state, prepare
from ganjax.train import train
from ganjax.weights import files
from ganjax.weights.formats import FORMATS
from ganjax.weights.layouts import from_official, to_official
from ganjax.workdir import claim, reopen

RUN = (
    *("generator.hidden=(8,)", "critic.hidden=(8,)", "eval.samples=500", "train.batch_size=16", "train.steps=6"),
    *("train.log_every=2", "train.sample_every=6", "train.save_every=3", "train.eval_every=6"),
)
SMALL = ("generator.channels=4", "critic.channels=4", "data.image_size=32")
WHOLE = 0.1  # of the weights go through the verb, all the way to a run


class RunFiles:
    """One file of a run damaged, then what reads it: the page, the measurements, a restart's log, a checkpoint."""

    def __init__(self, root: Path) -> None:
        self.good, config = root / "good", configs.load("configs/gan.py:grid25", [f"--config.{each}" for each in RUN])
        with contextlib.redirect_stderr(io.StringIO()):
            train(config, self.good)
        self.run = prepare(config)

    def __call__(self, draw: random.Random, root: Path) -> str:
        run = root / "stored"
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(self.good, run)
        path = draw.choice([each for each in sorted(run.rglob("*")) if each.is_file()])
        lines = path.suffix in (".json", ".jsonl") and draw.random() < 0.5
        path.write_bytes(mutations.lines(path, draw) if lines else mutations.damaged(path.read_bytes(), draw))
        return draw.choice((_reported, _measured, _logged, self._claimed, _restored))(run)

    def _claimed(self, run: Path) -> str:
        claim(run, self.run)
        read_best(run)
        return "the same run"


def _reported(run: Path) -> str:
    report.alone(run)
    return "reported"


def _measured(run: Path) -> str:
    of = protocol.newest(run)
    protocol.compare_all(of, of)
    return "compared"


def _logged(run: Path) -> str:
    Log(run, 4).close()
    curves.draw(run / "metrics.jsonl", run / "curves.png")
    return "logged on"


def _restored(run: Path) -> str:
    _, step, state = reopen(run)
    assert np.isfinite(np.asarray(state.carry.step)).all()
    return f"restored at {step}"


class StateDicts:
    """Weights under DCGAN's official names, into a run."""

    def __init__(self) -> None:
        self.config = configs.load("configs/dcgan.py", [f"--config.{each}" for each in SMALL])
        self.state, self.role = initial_state(prepare(self.config)), FORMATS["dcgan"].roles[0]
        self.names = self.role.names(self.config)
        params, vars = self.role.of(self.state.params), self.role.of(self.state.carry.vars)
        self.good = to_official(self.names, params, vars)

    def __call__(self, draw: random.Random, root: Path) -> str:
        path, marker, run = root / "netG.pth", root / "marker", root / "converted"
        arrays = mutations.of_arrays(self.good, draw)
        path.write_bytes(mutations.packed(arrays, draw, str(marker)))
        shutil.rmtree(run, ignore_errors=True)
        try:
            if draw.random() < WHOLE:
                settings = [f"--config.{each}" for each in SMALL]
                given = [
                    "convert",
                    "--from=dcgan",
                    f"--weights={path}",
                    f"--workdir={run}",
                    "--config=configs/dcgan.py",
                ]
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    verbs.main([*given, *settings])
                _restored(run)
                return "a run"
            params, vars = self.role.of(self.state.params), self.role.of(self.state.carry.vars)
            made = from_official(files.read(path), self.names, params, vars, str(path))
            assert all(np.isfinite(x).all() for x in jax.tree.leaves(made))
            return "taken"
        finally:
            assert not marker.exists(), "something in the file was run"
