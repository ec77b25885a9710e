"""Runs of a config whose data fit on the device: one program for all seeds, no loader, no files."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ganjax import evaluation
from ganjax.compilation import hurry
from ganjax.core import Metrics, State
from ganjax.data import pipeline
from ganjax.metrics import measures
from ganjax.monitor import pictures
from ganjax.run import Run, from_bytes, root
from ganjax.sets import Settings, see

METRIC = "kd_efflite0"


class Leg(NamedTuple):
    """A stretch of a run: where it ends, and what was logged at each of its steps."""

    step: int
    state: State
    log: dict[str, np.ndarray]


def player(run: Run, every: int, short: bool = False) -> Callable[[int], Iterator[Leg]]:
    """(seed) -> the run in whole legs of ``every`` steps until ``run.steps`` are reached: what ``train`` computes, in the
    loader's order.
    ``short``: steps are so few that compiling them would take longer than they do.
    """
    data = {name: jnp.asarray(x) for name, x in run.source.fetch(np.arange(run.source.size)).items()}
    step, settings = from_bytes(run.game.step, run.config.data), run.config

    @functools.partial(jax.jit, compiler_options=hurry() if short else None)
    def leg(state: State, places: jax.Array, key: jax.Array) -> tuple[State, Metrics]:
        def one(state: State, places: jax.Array) -> tuple[State, Metrics]:
            return step(state, {name: data[name][places] for name in run.batch}, key)

        return jax.lax.scan(one, state, places)

    @functools.partial(jax.jit, compiler_options=hurry())
    def begin(key: jax.Array) -> State:
        return run.game.init(key, jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), run.batch))

    def play(seed: int) -> Iterator[Leg]:
        state, m, b = begin(root(seed, "init")), run.game.micro(0), settings.train.batch_size
        for start in range(0, run.steps, every):
            batches = [
                pipeline.indices(settings.data.seed, run.source.size, b, start * m + i) for i in range(every * m)
            ]
            state, log = leg(state, np.reshape(batches, (every, m, b)), root(seed, "steps"))
            yield Leg(start + every, state, {name: np.asarray(x) for name, x in log.items()})

    return play


def distance(run: Run, reals: int) -> Callable[[np.ndarray], float]:
    """(images in [-1, 1]) -> ``kd_efflite0`` to the run's data, those that are held out where some are."""
    own = run._replace(source=run.held_out or run.source)
    seen = evaluation.view(own, Settings((METRIC,), n_real=reals), "efflite0")

    def measure(images: np.ndarray) -> float:
        fake = see(seen.extractor, iter([{"image": pictures.to_bytes(images)}]), len(images), "samples")
        found: Any = measures.measure("kd", seen.extractor, seen.data()[0], fake)
        return float(found[METRIC])

    return measure
