"""``python -m experiments.found_digits [--workdir=runs] [--out=DIR]``: the categories of InfoGAN beside the digits."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from experiments import doors
from experiments.stacked_digits.classifier import digits_of, fit, split, to_model_range
from ganjax import config as configs
from ganjax.core import State
from ganjax.main import guarded
from ganjax.monitor import pictures
from ganjax.resolve import resolve
from ganjax.run import Run, prepare, root
from ganjax.samples import sampler
from ganjax.train import train
from ganjax.workdir import reopen

CONFIG = "configs/infogan.py"
OF_EACH = 500  # samples of each category


def purity(clusters: Int[np.ndarray, " n"], labels: Int[np.ndarray, " n"]) -> float:
    """The share of examples that are of their cluster's commonest class."""
    counts = np.zeros((clusters.max() + 1, labels.max() + 1), int)
    np.add.at(counts, (clusters, labels), 1)
    return float(counts.max(axis=1).sum() / len(labels))


def categories_of(run: Run, state: State, images: np.ndarray) -> Int[np.ndarray, " n"]:
    """The likeliest category of real images, by Q with BatchNorm by the batch: running statistics are of fakes as well."""
    variables = {"params": state.params.disc, **state.carry.vars.disc}
    critic = resolve(run.config.critic, "config.critic")
    q = jax.jit(lambda x: critic.apply(variables, x, mutable=["batch_stats"])[0][1].argmax(axis=-1))
    return np.concatenate([np.asarray(q(to_model_range(part))) for part in np.array_split(images, 10)])


def measure(
    run: Run, state: State, digits: dict[str, np.ndarray], classifier: Any
) -> tuple[dict[str, Any], np.ndarray]:
    """(purity of real digits' categories and of what is drawn, the digits that are no category's own; ten of each)."""
    found = categories_of(run, state, digits["image"])
    sample, count = sampler(run), int(run.config.gan.categories)
    inputs = run.game.gan.inputs(root(run.config.train.seed, "evaluation"), OF_EACH)
    made = [sample(state, {**inputs, "category": jnp.full(OF_EACH, c)})["image"] for c in range(count)]
    read = np.concatenate([np.asarray(digits_of(classifier, each))[:, 0] for each in made])
    asked = np.repeat(np.arange(count), OF_EACH)
    commonest = [np.bincount(read[asked == c]).argmax() for c in range(count)]
    numbers = {
        "purity": purity(found, digits["label"]),
        "purity_of_samples": purity(asked, read),
        "missed": sorted({*range(10)} - {int(c) for c in commonest}),
    }
    order = np.argsort(commonest, kind="stable")
    return numbers, np.concatenate([made[c][:10] for c in order])


def main(argv: Sequence[str]) -> None:
    """Trains, reads, writes and prints."""
    args = doors.opened(doors.arguments(__file__, __doc__), argv)
    folder = args.workdir / configs.run_name(CONFIG)
    train(configs.load(CONFIG), folder)
    digits = prepare(configs.load(CONFIG)).source.fetch(np.random.default_rng(0).permutation(5000))
    seen, _ = split(digits["label"])
    classifier = fit(digits["image"][seen], digits["label"][seen])
    result, pages = [], []
    for i in range(configs.load(CONFIG).train.num_seeds):
        run, _, state = reopen(folder, index=i)
        numbers, shown = measure(run, state, digits, classifier)
        result.append(numbers)
        pages.append(pictures.sheet(pictures.to_bytes(shown), columns=10))
        print(f"seed {i}: " + ", ".join(f"{name} {value}" for name, value in numbers.items()), flush=True)
    doors.leave(args.out, result)
    pictures.save_png(args.out / "figure.png", np.concatenate(pages, axis=1))
    print(f"best of {len(result)} seeds: {max(each['purity'] for each in result):.1%} purity")


if __name__ == "__main__":
    guarded(main)(sys.argv)
