"""``python -m experiments.few_labels [--workdir=runs] [--out=DIR]``: 100 labels among 4,000 digits, with a GAN and without."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from experiments import doors
from ganjax import config as configs
from ganjax.losses import cross_entropy
from ganjax.main import guarded
from ganjax.resolve import resolve
from ganjax.run import Run, prepare
from ganjax.train import train
from ganjax.workdir import reopen

CONFIG = "configs/sgan.py"
SEEDS = (0, 1, 2)  # of the data: which digits are held out, and which have labels
TOLD = 200  # steps between two looks at the classifier without a GAN


def accuracy(critic: Any, params: Any, images: Float[Array, "n h w c"], labels: Int[np.ndarray, " n"]) -> float:
    """How often the class of the largest logit is the right one."""
    logits, _ = critic.apply({"params": params}, images, train=False)
    return float((np.asarray(logits.argmax(axis=-1)) == labels).mean())


def with_gan(seed: int, workdir: Path) -> tuple[Run, Any]:
    """(run, D's parameters); trains what is not trained."""
    folder = workdir / f"{configs.run_name(CONFIG)}-data{seed}"
    config = configs.load(CONFIG, [f"--config.data.seed={seed}"])
    train(config, folder)
    return prepare(config), reopen(folder)[2].params.disc


def without_gan(run: Run) -> list[Any]:
    """Parameters of the same classifier on the labelled images alone, every ``TOLD`` steps: same optimiser, same noise."""
    critic = resolve(run.config.critic, "config.critic")
    tx = resolve(run.config.disc_opt, "config.disc_opt")
    known = run.source.fetch(np.arange(run.config.data.labelled))
    x, y = to_model_range(known["labelled_image"]), jnp.asarray(known["labelled_label"])

    def step(carry: Any, key: Array) -> tuple[Any, None]:
        params, opt = carry

        def loss(params: Any) -> Array:
            return cross_entropy(critic.apply({"params": params}, x, rngs={"noise": key})[0], y)

        updates, opt = tx.update(jax.grad(loss)(params), opt, params)
        return (jax.tree.map(jnp.add, params, updates), opt), None

    init_key, noise_key, key = jax.random.split(jax.random.key(run.config.train.seed), 3)
    params = critic.init({"params": init_key, "noise": noise_key}, x)["params"]
    some = jax.jit(lambda carry, keys: jax.lax.scan(step, carry, keys)[0])
    carry, seen = (params, tx.init(params)), []
    for keys in jax.random.split(key, (run.steps // TOLD, TOLD)):
        carry = some(carry, keys)
        seen.append(carry[0])
    return seen


def compare(seed: int, workdir: Path) -> dict[str, float]:
    """Accuracy on the held-out digits with a GAN at the end, without one at the end and at its best."""
    run, params = with_gan(seed, workdir)
    assert run.held_out is not None
    held_out = run.held_out.fetch(np.arange(run.held_out.size))
    critic, x, y = resolve(run.config.critic, "config.critic"), to_model_range(held_out["image"]), held_out["label"]
    alone = [accuracy(critic, each, x, y) for each in without_gan(run)]
    return {"with": accuracy(critic, params, x, y), "without": alone[-1], "without_at_its_best": max(alone)}


def to_model_range(images: np.ndarray) -> Float[Array, "n h w c"]:
    """Bytes to [-1, 1]."""
    return jnp.asarray(images, jnp.float32) / 127.5 - 1


def main(argv: Sequence[str]) -> None:
    """Trains, reads, writes and prints."""
    args = doors.opened(doors.arguments(__file__, __doc__), argv)
    config = prepare(configs.load(CONFIG)).config
    result: dict[str, Any] = {"labelled": config.data.labelled, "held_out": config.data.held_out, "seeds": {}}
    for seed in SEEDS:
        result["seeds"][seed] = found = compare(seed, args.workdir)
        print(f"seed {seed}: " + ", ".join(f"{name} {share:.1%}" for name, share in found.items()), flush=True)
    doors.leave(args.out, result)
    means = {name: np.mean([found[name] for found in result["seeds"].values()]) for name in found}
    print(f"{len(SEEDS)} seeds: {means['with'] - means['without_at_its_best']:+.1%} of the digits with a GAN")


if __name__ == "__main__":
    guarded(main)(sys.argv)
