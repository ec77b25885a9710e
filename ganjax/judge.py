"""Evaluation while training: measures of each seed's samples, the best checkpoint, and what share of the run that takes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from ganjax import evaluation, protocol
from ganjax.best import Best, noted, remember
from ganjax.checkpoint import Checkpoints
from ganjax.core import State
from ganjax.distributed import anyone, speaks, together
from ganjax.metrics.measures import better
from ganjax.parallel import whole
from ganjax.run import Run
from ganjax.samples import runs_of


class Judge:
    """Measures as ``config.eval`` says and keeps the best checkpoint by the first measure.

    Raises:
        UserError: a measure that does not exist, or that these data cannot have.
    """

    def __init__(self, run: Run, workdir: Path) -> None:
        self.run, self.workdir = run, workdir
        self.best: Best | None = None  # so far
        self.new: Best | None = None  # of the last measurement
        self.began, self.spent = time.monotonic(), 0.0
        self.evaluate = evaluation.evaluator(run, evaluation.settings_of(run))

    def __call__(self, state: State, step: int) -> dict[str, Any]:
        """{eval/<measure>: a value for each seed, eval/seconds, eval/share_of_time}; files in eval/.

        Of several processes the one that speaks measures, the others have the time alone.
        """
        start, looked_at = time.monotonic(), whole(state)
        values: dict[str, Any] = {}
        with together():
            if speaks():
                measured, self.new = self._measured(looked_at, step)
                values = {f"eval/{name}": value for name, value in measured.items()}
        now = time.monotonic()
        self.spent += now - start
        cost = {"eval/seconds": now - start, "eval/share_of_time": self.spent / (now - self.began)}
        return {**values, **cost}

    def keep(self, state: State, step: int, checkpoints: Checkpoints) -> None:
        """Keeps the state that was measured last if it is the best so far; all processes do. The checkpoint notes what is best,
        so that a run that is killed before best.json is there does not forget it.
        """
        new, self.new = self.new, None
        if anyone(new is not None and self._is_best(new)):
            self.best = new or self.best
            checkpoints.notes["best"] = noted(self.best)
            checkpoints.keep(step, state)
            remember(self.workdir, self.best)

    def _measured(self, state: State, step: int) -> tuple[dict[str, list[Any]], Best]:
        values: dict[str, list[Any]] = {}
        agreed = ""
        for index, each in enumerate(runs_of(self.run, state)):
            for result in self.evaluate(each, step, index):
                protocol.write(self.workdir, result)
                agreed = agreed or protocol.short(result.protocol)
                for name, value in result.measures.items():
                    values.setdefault(name, []).append(value)
        first = next(iter(values))
        return values, Best(step, first, float(np.mean(values[first])), agreed)

    def _is_best(self, new: Best) -> bool:
        old = self.best
        alike = old and (old.measure, old.protocol) == (new.measure, new.protocol)
        return not old or not alike or better(new.measure, new.value, old.value)
