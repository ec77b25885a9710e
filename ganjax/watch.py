"""The collapse watch: what the sample sheets, the held-out data and the weights say of a run while it trains."""

from __future__ import annotations

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core import State
from ganjax.data import pipeline
from ganjax.data.source import Source
from ganjax.errors import UserError
from ganjax.monitor import collapse
from ganjax.run import Run, feeding_options, initial_shapes, root
from ganjax.samples import runs_of

Tree = Any
LOOK = 256  # of the data, to know how far apart they are


class Watch:
    """Looks at a state with each sheet of samples; a warning is said once, until it has gone.

    Raises:
        UserError: no layer has the name that ``config.train.watch`` asks for.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.alarm = run, collapse.Alarm(run.steps)
        n, pattern = min(LOOK, run.source.size), run.config.train.watch
        if pattern and not collapse.layers(shapes := initial_shapes(run).params, pattern):
            known = ", ".join(collapse.layers(shapes))
            raise UserError(f"config.train.watch={pattern!r} is in no layer's name; there are: {known}")
        looked_at = _model_range(run, run.source, n)
        self.apart = max(collapse.apart(looked_at["image" if "image" in looked_at else "b"]), 1e-12)
        judged = {"train": run.source, "held_out": run.held_out} if run.held_out else {}
        size = min([run.config.train.batch_size, *(source.size for source in judged.values())])
        batches = {name: _model_range(run, source, size) for name, source in judged.items()}
        self.batches = {name: {**batches["train"], **batch} for name, batch in batches.items()}  # few labels: train's
        self.disc = jax.jit(self._disc)

    def look(self, state: Tree, images: list[np.ndarray]) -> dict[str, list[float]]:
        """{watch/…: a value for each seed}; ``images`` are each seed's samples."""
        found: dict[str, list[float]] = {}
        for each, made in zip(runs_of(self.run, state), images, strict=True):
            values = {"watch/apart": collapse.apart(made) / self.apart, **self._judged(each)}
            if pattern := self.run.config.train.watch:
                sigmas = collapse.singular_values(jax.device_get(each.params), pattern)
                values |= {f"watch/{name}": value for name, value in sigmas.items()}
            for name, value in values.items():
                found.setdefault(name, []).append(value)
        return found

    def _disc(self, params: Tree, carry: Tree, batch: Tree, key: jax.Array) -> dict[str, jax.Array]:
        value, (_, metrics) = self.run.game.gan.disc_loss(params, carry, batch, key)
        return {"disc/loss": value, **metrics}

    def _judged(self, state: State) -> dict[str, float]:
        """D's loss and accuracy against the same samples of G: on a batch that it was trained on, and on one that it was not."""
        key = root(self.run.config.train.seed, "evaluation")
        metrics = {name: self.disc(state.params, state.carry, x, key) for name, x in self.batches.items()}
        return {
            f"watch/{kind}_{name}": float(each[f"disc/{kind}"])
            for name, each in metrics.items()
            for kind in ("loss", "accuracy")
            if f"disc/{kind}" in each
        }

    def warn(self, step: int, values: dict[str, float]) -> None:
        """Says on stderr what is new among the signs of a log line."""
        for line in self.alarm.new(step, values).values():
            print(f"watch, step {step}: {line}", file=sys.stderr, flush=True)


def _model_range(run: Run, source: Source, n: int) -> dict[str, Any]:
    host = pipeline.batches(source, batch_size=n, micro=lambda _: 1, **feeding_options(run.config.data))
    batch = {name: jnp.asarray(x[0]) for name, x in next(host).items()}
    return pipeline.to_model_range(batch, root(run.config.data.seed, "data"), run.config.data.dequantise)
