"""What a run says of itself while it trains: the log, the progress, sheets of samples, the watch. One process of a run speaks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.core import State
from ganjax.distributed import speaks
from ganjax.monitor import curves
from ganjax.monitor.log import Log, Progress
from ganjax.run import Run
from ganjax.samples import sampler, show_samples
from ganjax.watch import Watch


class Teller:
    """Tells of a run that goes on from step ``start`` in ``workdir``.

    Raises:
        UserError: no layer has the name that ``config.train.watch`` asks for.
    """

    def __init__(self, run: Run, workdir: Path, start: int) -> None:
        self.run, self.workdir, self.watch = run, workdir, Watch(run)
        self.sample = sampler(run, run.config.eval.train_mode)
        self.log, self.progress = Log(workdir, start), Progress(start, run.steps)

    def begin(self, values: dict[str, float]) -> None:
        """What was measured before the first step."""
        self.log.write(0, values)

    def tick(self, step: int) -> None:
        """A step is done."""
        self.progress.tick(step)

    def look(self, step: int, state: State) -> dict[str, float]:
        """A sheet of samples, and what the watch sees in them."""
        made = show_samples(self.run, self.sample, state, step, self.workdir, self.log)
        return numbers(self.watch.look(state, made))

    def tell(self, step: int, values: dict[str, float]) -> None:
        """A line of the log, on the screen too, with what the watch warns of."""
        self.log.write(step, values)
        if any(name.startswith("watch/") and name != "watch/apart" for name in values):
            curves.draw(self.log.path, self.workdir / "watch.png")
        self.progress.show(step, values)
        self.watch.warn(step, values)

    def close(self) -> None:
        """Flushes what was written."""
        self.progress.close()
        self.log.close()


class Silence(Teller):
    """The processes that do not speak."""

    def __init__(self) -> None:
        pass

    def begin(self, values: dict[str, float]) -> None:
        """Nothing."""

    def tick(self, step: int) -> None:
        """Nothing."""

    def look(self, step: int, state: State) -> dict[str, float]:
        """Nothing."""
        return {}

    def tell(self, step: int, values: dict[str, float]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def numbers(values: dict[str, Any]) -> dict[str, float]:
    """Each value as a number; of several seeds the mean, and ``_std`` beside it."""
    out: dict[str, float] = {}
    for name, value in values.items():
        out[name] = float(np.mean(value))
        if np.size(value) > 1:
            out[f"{name}_std"] = float(np.std(value))
    return out


def say(text: str) -> None:
    """A line on stderr, of the process that speaks."""
    if speaks():
        print(text, file=sys.stderr, flush=True)
