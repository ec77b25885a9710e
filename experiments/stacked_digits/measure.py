"""Runs, samples and real images, all through one classifier."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

from experiments.stacked_digits.classifier import digits_of, fit, split, to_model_range
from ganjax import config as configs
from ganjax.data import open_source
from ganjax.data.source import Examples
from ganjax.data.stacked import stack
from ganjax.errors import UserError
from ganjax.metrics.stacked import StackedModes, stacked_modes
from ganjax.run import root
from ganjax.samples import sampler
from ganjax.train import train
from ganjax.workdir import reopen

SAMPLES = 26_000  # of each seed, the published number
CHUNK = 1000  # images in memory at a time
SIZE = 32


def classifier() -> tuple[Any, Examples, dict[str, Any]]:
    """(parameters, the digits they have not seen, what is to be said of them)."""
    source = open_source("digits", image_size=SIZE)
    digits = source.fetch(np.arange(source.size))
    seen, unseen = ({name: x[i] for name, x in digits.items()} for i in split(digits["label"]))
    params = fit(seen["image"], seen["label"])
    right = np.asarray(digits_of(params, to_model_range(unseen["image"])))[:, 0] == unseen["label"]
    parameters = sum(x.size for x in jax.tree.leaves(params))
    about = {"trained_on": len(seen["label"]), "held_out": len(right), "accuracy": float(right.mean())}
    return params, unseen, {"parameters": parameters, **about}


def trained(system: str, workdir: Path) -> Path:
    """The folder of a system's run, trained as ``ganjax.main`` does it: from where it stopped, or not at all.

    Raises:
        UserError: it was stopped before its last step, or the folder holds another run.
    """
    spec = f"configs/{system}.py:stacked"
    config, folder = configs.load(spec), workdir / configs.run_name(spec)
    train(config, folder)
    _, step, _ = reopen(folder)
    if step < config.train.steps:
        raise UserError(f"{folder} stopped at step {step} of {config.train.steps}; the same command goes on with it")
    return folder


def generated(folder: Path, index: int) -> Iterator[np.ndarray]:
    """``SAMPLES`` images [-1, 1] of a run's seed number ``index``, ``CHUNK`` at a time; all seeds see the same latents."""
    run, _, state = reopen(folder, index=index)
    inputs, sample = run.game.gan.inputs(root(run.config.train.seed, "evaluation"), SAMPLES), sampler(run)
    for i in range(0, SAMPLES, CHUNK):
        yield sample(state, jax.tree.map(lambda x, i=i: x[i : i + CHUNK], inputs))["image"]


def real(singles: Examples, seed: int) -> Iterator[Examples]:
    """``SAMPLES`` images stacked of single digits, ``CHUNK`` at a time, with their labels."""
    source = stack(singles, SAMPLES, seed)
    for i in range(0, SAMPLES, CHUNK):
        batch = source.fetch(np.arange(i, i + CHUNK))
        yield {**batch, "image": to_model_range(batch["image"])}


def count(params: Any, chunks: Iterable[np.ndarray]) -> StackedModes:
    """Modes of images as the classifier sees them."""
    return stacked_modes(np.concatenate([np.asarray(digits_of(params, chunk)) for chunk in chunks]))


def count_labels(chunks: Iterable[Examples]) -> StackedModes:
    """Modes of images by their own labels."""
    labels = np.concatenate([chunk["label"] for chunk in chunks])
    return stacked_modes(np.stack([labels // 100, labels // 10 % 10, labels % 10], axis=1))
