"""``python -m experiments.attributes [--workdir=runs] [--out=DIR]``: StarGAN and Fader Networks change held-out faces."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments import doors
from experiments.text_control.classifier import Reader, fit, read
from ganjax import config as configs
from ganjax.data.attributes import HAIR, SKIN
from ganjax.main import guarded
from ganjax.monitor import pictures
from ganjax.run import Run, open_data
from ganjax.samples import sampler

ATTRIBUTES = {"hair": [*HAIR], "skin": [*SKIN], "glasses": ["none", "glasses"]}
READER = Reader(tuple((name, len(values)) for name, values in ATTRIBUTES.items()))
RUNS = ("configs/stargan.py", "configs/fader.py", "configs/fader.py:glasses")
SHOWN = 10


def faces() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """({"image" in [-1, 1], "attribute"} of what the runs are trained on, of what is held out of all of them)."""
    data = configs.load(RUNS[0]).data
    parts = []
    for source in open_data(data):
        assert source is not None, "config.data.held_out"
        found = source.fetch(np.arange(source.size))
        parts.append({"image": found["image"].astype(np.float32) / 127.5 - 1, "attribute": found["attribute"]})
    return parts[0], parts[1]


def translator(spec: str, workdir: Path) -> tuple[list[str], Callable[[np.ndarray, str, int], np.ndarray]]:
    """(the attributes of a run, which is trained where it is not, (images, attribute, value) -> translations)."""
    run, _, state = doors.trained(spec, workdir)
    names, sample, attributes = [*run.source.info["attributes"]], sampler(run), _seen(run)

    def translate(x: np.ndarray, name: str, value: int) -> np.ndarray:
        parts = []
        for start in range(0, len(x), 250):
            image = jnp.asarray(x[start : start + 250])
            wanted = attributes(state, image).at[:, names.index(name)].set(value)
            parts.append(sample(state, {"image": image, "attribute": wanted})["image"])
        return np.concatenate(parts)

    return names, translate


def _seen(run: Run) -> Callable[[Any, jax.Array], jax.Array]:
    """What the run's own critic sees in images; a Fader Network, of one attribute, need not look."""
    recognise = run.game.gan.recognise
    if recognise is None:
        return lambda state, x: jnp.zeros((len(x), 1), jnp.int32)
    look = jax.jit(recognise)
    return lambda state, x: look(state.params.disc, state.carry.vars.disc, x)


def measured(
    translate: Callable[..., np.ndarray], names: list[str], held_out: dict[str, np.ndarray], see: Any
) -> dict[str, Any]:
    """Of each attribute: how often it is what was asked for, how often each of the others is as it was; faces that showed another
    value before, all values in turn."""
    found: dict[str, Any] = {}
    for name in names:
        column = list(ATTRIBUTES).index(name)
        right, kept, changed = [], {other: [] for other in ATTRIBUTES if other != name}, []
        for value in range(len(ATTRIBUTES[name])):
            chosen = held_out["attribute"][:, column] != value
            x, labels = held_out["image"][chosen], held_out["attribute"][chosen]
            made = translate(x, name, value)
            shown = see(made)
            right.append(shown[name] == value)
            changed.append(np.abs(made - x).mean(axis=(1, 2, 3)))
            for other in kept:
                kept[other].append(shown[other] == labels[:, list(ATTRIBUTES).index(other)])
        found[name] = {
            "set": float(np.concatenate(right).mean()),
            "least": float(min(each.mean() for each in right)),
            "kept": {other: float(np.concatenate(each).mean()) for other, each in kept.items()},
            "changed": float(np.concatenate(changed).mean()),
        }
    return found


def main(argv: Sequence[str]) -> None:
    """Trains, translates, measures, writes and prints."""
    args = doors.opened(doors.arguments(__file__, __doc__), argv)
    seen, held_out = faces()
    codes = {name: seen["attribute"][:, i] for i, name in enumerate(ATTRIBUTES)}
    params = fit(READER, seen["image"], codes)

    def see(x: np.ndarray) -> dict[str, np.ndarray]:
        return read(READER, params, np.asarray(x))

    real = see(held_out["image"])
    right = {name: float((real[name] == held_out["attribute"][:, i]).mean()) for i, name in enumerate(ATTRIBUTES)}
    result: dict[str, Any] = {"held_out": len(held_out["image"]), "classifier_right": right}
    print(f"classifier {right}", flush=True)
    first = held_out["image"][:SHOWN]
    rows = [first]
    for spec in RUNS:
        names, translate = translator(spec, args.workdir)
        result[configs.run_name(spec)] = measured(translate, names, held_out, see)
        print(configs.run_name(spec), json.dumps(result[configs.run_name(spec)]), flush=True)
        rows += [translate(first, name, value) for name in names for value in range(len(ATTRIBUTES[name]))]
    doors.leave(args.out, result)
    pages = np.concatenate([pictures.to_bytes(row) for row in rows])
    pictures.save_png(args.out / "figure.png", pictures.sheet(pages, columns=SHOWN), scale=2)


if __name__ == "__main__":
    guarded(main)(sys.argv)
