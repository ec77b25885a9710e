"""What a state makes: samples from fixed latents, as a picture, and their place among known modes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ganjax.core import State
from ganjax.metrics.modes import coverage
from ganjax.monitor import pictures
from ganjax.monitor.log import Log
from ganjax.run import Run, root

Tree = Any
AT_LEAST = 0.01  # share of the samples that a covered mode has: 100 of 10,000
Sampler = Callable[[State, Tree], dict[str, np.ndarray]]  # (state, inputs [n, …]) -> {name: [n, …] in [-1, 1]}


def sampler(run: Run, train: bool = False) -> Sampler:
    """A compiled generator of one state: the average where there is one, running statistics unless ``train``."""
    generate = jax.jit(lambda params, vars, inputs, key: run.game.gan.generate(params, vars, inputs, key, train)[0])

    def sample(state: State, inputs: Tree) -> dict[str, np.ndarray]:
        params, vars = state.ema.gen if run.game.averaged else (state.params.gen, state.carry.vars.gen)
        made: dict[str, np.ndarray] = jax.device_get(generate(params, vars, inputs, jax.random.key(0)))
        return made

    return sample


def runs_of(run: Run, state: Tree) -> list[State]:
    """The states of the run's seeds, one by one."""
    n = run.config.train.num_seeds
    return [jax.tree.map(lambda x, i=i: x[i], state) for i in range(n)] if n > 1 else [state]


def fixed_inputs(run: Run, n: int) -> Tree:
    """The latents of a run's sample sheets: the same at every step and for every seed."""
    return run.game.gan.inputs(root(run.config.train.seed, "sheets"), n)


def picture(run: Run, images: np.ndarray) -> np.ndarray:
    """One picture of many samples: a sheet of images, or points among the data's modes."""
    if images.ndim == 2:
        return pictures.scatter(images, run.source.info.get("modes", ()))
    return pictures.sheet(pictures.to_bytes(images))


def show_samples(run: Run, sample: Sampler, state: Tree, step: int, workdir: Path, log: Log) -> None:
    """Writes samples/step_XXXXXXXX.png, seeds from left to right, and shows it to TensorBoard."""
    states = runs_of(run, state)
    inputs = fixed_inputs(run, 2000 if run.batch["image"].ndim == 3 else 64 if len(states) == 1 else 16)
    page = np.concatenate([picture(run, sample(each, inputs)["image"]) for each in states], axis=1)
    scale = max(1, 600 // page.shape[0])
    pictures.save_png(workdir / "samples" / f"step_{step:08}.png", page, scale)
    log.picture(step, "samples", page)


def evaluate_modes(run: Run, sample: Sampler, state: Tree, step: int, workdir: Path) -> dict[str, Any]:
    """{eval/modes, eval/share_within_3_sigma}, of each seed, from config.eval.samples samples; eval/<step>-modes.json keeps them.

    Empty where the data have no known modes.
    """
    info, n = run.source.info, run.config.eval.samples
    if not info.get("modes"):
        return {}
    inputs = run.game.gan.inputs(root(run.config.train.seed, "evaluation"), n)
    found = [
        coverage(sample(each, inputs)["image"], info["modes"], info["sigma"], AT_LEAST) for each in runs_of(run, state)
    ]
    values = {"eval/modes": [f.covered for f in found], "eval/share_within_3_sigma": [f.share for f in found]}
    protocol = {
        "step": step,
        "samples": n,
        "of_modes": len(info["modes"]),
        "sigma": info["sigma"],
        "covered_from": math.ceil(AT_LEAST * n),
    }
    text = json.dumps({**protocol, **values}, indent=2)
    pictures.write_whole(workdir / "eval" / f"{step}-modes.json", text.encode())
    return values
