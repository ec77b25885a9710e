"""``python -m experiments.many_styles [--workdir=runs] [--out=DIR]``: outlines become faces of many styles."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from experiments import doors
from ganjax import config as configs
from ganjax.main import guarded
from ganjax.metrics.lpips import Lpips, lpips
from ganjax.monitor import pictures
from ganjax.run import prepare
from ganjax.samples import sampler

RUNS = {"configs/munit.py": (), "configs/cyclegan.py:outlines": ("train.steps=2500",)}
INPUTS, STYLES, SHOWN = 200, 8, 6


def translator(spec: str, workdir: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Outlines in [-1, 1] -> faces [styles, n, h, w, c], all alike where there are no styles; trains what is not trained."""
    run, _, state = doors.trained(spec, workdir, *RUNS[spec])
    sample = sampler(run)

    def translate(x: np.ndarray) -> np.ndarray:
        styles = jax.random.normal(jax.random.key(0), (STYLES, run.config.gan.get("style_dim", 0)))
        inputs = [{"a": jnp.asarray(x), "style": jnp.broadcast_to(style, (len(x), len(style)))} for style in styles]
        return np.stack([sample(state, each)["b"] for each in inputs])

    return translate


def spread(distance: Lpips, images: np.ndarray) -> float:
    """Mean LPIPS between neighbours, two by two, along the first axis of [k, n, h, w, c] in [-1, 1]: two answers to one input."""
    apart = [distance.distance(distance.variables, x, y) for x, y in zip(images[::2], images[1::2], strict=True)]
    return float(np.mean(apart))


def form(lines: np.ndarray, made: np.ndarray) -> dict[str, float]:
    """Mean correlation of the lines asked for with how much neighbours differ in what was made, and of another face's lines."""
    found = steps(made)
    return {name: correlation(found, asked) for name, asked in (("own", lines), ("another", np.roll(lines, 1, axis=0)))}


def steps(images: np.ndarray) -> np.ndarray:
    """[n, h, w]: by how much the colour of each pixel differs from its left or upper neighbour's, the larger."""
    x = np.pad(images.astype(float), ((0, 0), (1, 0), (1, 0), (0, 0)), mode="edge")
    here = x[:, 1:, 1:]
    each = [np.abs(here - other).max(axis=-1) for other in (x[:, 1:, :-1], x[:, :-1, 1:])]
    return np.maximum(*each)


def correlation(found: np.ndarray, lines: np.ndarray) -> float:
    """Mean over images of the correlation with dark lines on white."""
    asked = 255 - lines[..., 0].astype(float)
    x, y = (each - each.mean(axis=(1, 2), keepdims=True) for each in (found, asked))
    scale = np.sqrt((x**2).sum(axis=(1, 2)) * (y**2).sum(axis=(1, 2)))
    return float(((x * y).sum(axis=(1, 2)) / np.maximum(scale, 1e-9)).mean())


def main(argv: Sequence[str]) -> None:
    """Trains, translates, measures, writes and prints."""
    args = doors.opened(doors.arguments(__file__, __doc__), argv)
    held_out = prepare(configs.load(next(iter(RUNS)))).held_out
    assert held_out is not None, "config.data.held_out"
    pairs = held_out.fetch(np.arange(INPUTS))
    lines, faces = pairs["a"], pairs["b"].astype(np.float32) / 127.5 - 1
    distance = lpips("vgg16")
    others = np.stack([np.roll(faces, k, axis=0) for k in range(STYLES)])
    result = {"faces of the data": {"spread": spread(distance, others)} | form(lines, pairs["b"])}
    rows = [lines[:SHOWN, None]]
    for spec in RUNS:
        made = translator(spec, args.workdir)(lines.astype(np.float32) / 127.5 - 1)
        own = form(np.tile(lines, (STYLES, 1, 1, 1)), pictures.to_bytes(np.concatenate(made)))
        result[configs.run_name(spec)] = {"spread": spread(distance, made)} | own
        print(configs.run_name(spec), json.dumps(result[configs.run_name(spec)]), flush=True)
        shown = made if np.ptp(made, axis=0).any() else made[:1]
        rows.append(pictures.to_bytes(shown[:, :SHOWN].swapaxes(0, 1)))
    doors.leave(args.out, result)
    sheet = np.concatenate(rows, axis=1)
    pictures.save_png(args.out / "figure.png", pictures.sheet(np.concatenate(sheet), columns=sheet.shape[1]), scale=2)


if __name__ == "__main__":
    guarded(main)(sys.argv)
