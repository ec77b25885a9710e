"""Samples of a trained run: a sheet (.png), single pictures (a directory), a walk (.gif) or arrays (.npz)."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.commands import asking
from ganjax.core import Batch
from ganjax.errors import UserError
from ganjax.latents import latents
from ganjax.monitor import pictures
from ganjax.run import Run, open_data
from ganjax.samples import drawn, picture, sampler
from ganjax.translations import translates
from ganjax.workdir import reopen

CHUNK = 256  # images made at once


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("--workdir", required=True, type=Path, help="the directory that training wrote")
    parser.add_argument("--n", type=int, help="how many samples (64)")
    parser.add_argument("--seed", type=int, default=0, help="of the random latents (0)")
    parser.add_argument(
        "--latent",
        default="random",
        help="random; a number for all coordinates (0, 1, 0.5, 0.3, -1); onehot:I; sweep:I; set:I=V,…,base=V; lerp; slerp",
    )
    asking.arguments(parser)
    parser.add_argument("--out", type=Path, help="X.png, X.gif, X.npz or a directory (samples.png in the workdir)")
    parser.add_argument("--step", help="which checkpoint: a number, best, or 0 for before training (the newest)")
    parser.add_argument("--run", type=int, default=0, dest="index", help="which of several seeds (0)")
    parser.add_argument("--batch-statistics", action="store_true", help="BatchNorm by the batch, not by running means")
    parser.add_argument("--json", action="store_true", help="JSON on stdout and nothing else")


def run(options: argparse.Namespace) -> None:
    """Makes the samples and says where they are."""
    options.n = (10 if asking.several_rows(options) else 64) if options.n is None else options.n
    if options.n < 1:
        raise UserError(f"--n={options.n} must be at least 1")
    if not 0 <= options.seed < 2**32:
        raise UserError(f"--seed={options.seed} must be from 0 to {2**32 - 1}")
    opened, step, state = reopen(options.workdir, options.step, options.index)
    if translates(opened):
        raise UserError(
            f"{opened.config.system} draws nothing, it translates: python -m ganjax translate "
            f"--workdir={options.workdir} --input=DIR --output=DIR"
        )
    out = options.out or options.workdir / "samples.png"
    inputs = opened.game.gan.inputs(jax.random.key(options.seed), options.n)
    if "text" in inputs and options.text is None:  # whoever says nothing sees captions of the data
        opened = opened._replace(source=open_data(opened.config.data)[0])
        inputs = drawn(opened, jax.random.key(options.seed), options.n)
    rows = asking.rows(options, opened, {**inputs, "z": jnp.asarray(latents(options.latent, np.asarray(inputs["z"])))})
    sample = sampler(opened, train=options.batch_statistics)
    parts = [
        sample(state, jax.tree.map(lambda x, i=i: x[i : i + CHUNK], row))["image"]
        for row in rows
        for i in range(0, options.n, CHUNK)
    ]
    made = np.concatenate(parts)
    write(out, made, page(options, opened, made, rows))
    answer = {"out": str(out), "n": len(made), "step": step, "latent": options.latent, "seed": options.seed}
    answer |= {name: getattr(options, name) for name in asking.ASKED if getattr(options, name)}
    print(json.dumps(answer) if options.json else f"{len(made)} samples of step {step} are in {out}")


def page(options: argparse.Namespace, run: Run, made: np.ndarray, rows: list[Batch]) -> np.ndarray:
    """The sheet: a row for each that was asked for; images, each with what was made of it below."""
    if not options.reconstruct:
        return picture(run, made, options.n if len(rows) > 1 else None)
    pairs, columns = asking.beside(np.asarray(rows[0]["image"]), made)
    return picture(run, pairs, columns)


def write(out: Path, samples: np.ndarray, page: np.ndarray) -> None:
    """Samples in [-1, 1] (or points) as the name's ending says.

    Raises:
        UserError: another ending; a GIF of points.
    """
    points = samples.ndim == 2
    if out.suffix == ".npz":
        arrays: dict[str, Any] = {"points": samples} if points else {"images": pictures.to_bytes(samples)}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        pictures.write_whole(out, buffer.getvalue())
    elif out.suffix == ".png":
        pictures.save_png(out, page, 1 if points else max(1, 600 // page.shape[0]))
    elif points:
        raise UserError(f"--out={out}: points of the plane go to X.png or X.npz")
    elif out.suffix == ".gif":
        frames = pictures.to_bytes(samples)
        zoom = max(1, 256 // frames.shape[1])
        pictures.save_gif(out, frames.repeat(zoom, 1).repeat(zoom, 2))
    elif out.suffix == "":
        for i, image in enumerate(pictures.to_bytes(samples)):
            pictures.save_png(out / f"{i:06}.png", image)
    else:
        raise UserError(f"--out={out}: X.png is a sheet, X.gif a walk, X.npz arrays, a name without ending a directory")
