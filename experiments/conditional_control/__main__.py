"""``python -m experiments.conditional_control [--workdir=runs] [--out=DIR]``: digits on demand, read by a classifier."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from experiments import doors
from experiments.stacked_digits.classifier import digits_of, fit, split, to_model_range
from ganjax.data import open_source
from ganjax.data.source import fit_all
from ganjax.main import guarded
from ganjax.monitor import pictures
from ganjax.run import root
from ganjax.samples import sampler

SYSTEMS = ("cgan", "cdcgan", "acgan")
OF_EACH = 500  # samples of each class


@functools.cache
def judge(image_size: int) -> tuple[Any, float]:
    """(parameters of a classifier of real digits, its accuracy on those it has not seen)."""
    digits = open_source("digits", image_size=image_size).fetch(np.arange(5000))
    seen, unseen = split(digits["label"])
    params = fit(digits["image"][seen], digits["label"][seen])
    read = np.asarray(digits_of(params, to_model_range(digits["image"][unseen])))[:, 0]
    return params, float((read == digits["label"][unseen]).mean())


def asked_for(system: str, workdir: Path) -> tuple[float, list[float], np.ndarray]:
    """(accuracy of the classifier, share of each class's samples that are read as it, ten samples of each).

    Trains what is not trained.
    """
    spec = f"configs/{system}.py"
    run, _, state = doors.trained(spec, workdir)
    inputs, sample = run.game.gan.inputs(root(run.config.train.seed, "evaluation"), OF_EACH), sampler(run)
    params, accuracy = judge(run.config.data.image_size)
    shares, shown = [], []
    for label in range(10):
        made = sample(state, {**inputs, "label": jnp.full(OF_EACH, label)})["image"]
        shares.append(float((np.asarray(digits_of(params, made)) == label).mean()))
        shown.append(made[:10])
    return accuracy, shares, np.concatenate(shown)


def main(argv: Sequence[str]) -> None:
    """Trains, reads, writes and prints."""
    args = doors.opened(doors.arguments(__file__, __doc__), argv)
    result: dict[str, Any] = {"samples_of_each_class": OF_EACH, "classifier": {}, "as_asked": {}}
    pages = []
    for system in SYSTEMS:
        accuracy, shares, shown = asked_for(system, args.workdir)
        result["classifier"][system] = accuracy
        result["as_asked"][system] = shares
        pages.append(pictures.sheet(fit_all(pictures.to_bytes(shown), 28, 1), columns=10))
        print(
            f"{system}: {np.mean(shares):.1%} as asked, {min(shares):.1%} of the worst class, by a classifier that reads "
            f"{accuracy:.1%} of held-out digits rightly",
            flush=True,
        )
    doors.leave(args.out, result)
    pictures.save_png(args.out / "figure.png", np.concatenate(pages, axis=1))


if __name__ == "__main__":
    guarded(main)(sys.argv)
