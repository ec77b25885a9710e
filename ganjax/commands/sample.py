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
from ganjax.latents import Latents, Truncation, latents, truncation
from ganjax.monitor import pictures
from ganjax.run import Run, open_data
from ganjax.samples import check_batch_norm, drawn, picture, prior, sampler, with_standing_statistics
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
    parser.add_argument("--truncation", help="of z ~ N(0, 1): 0.5 draws |z| > 0.5 again; tfhub:0.5")
    asking.arguments(parser)
    parser.add_argument("--out", type=Path, help="X.png, X.gif, X.npz or a directory (samples.png in the workdir)")
    parser.add_argument("--step", help="which checkpoint: a number, best, or 0 for before training (the newest)")
    parser.add_argument("--run", type=int, default=0, dest="index", help="which of several seeds (0)")
    statistics = parser.add_mutually_exclusive_group()
    statistics.add_argument("--batch-norm", default="running", help="statistics: running, batch or standing")
    statistics.add_argument(
        "--batch-statistics", action="store_const", const="batch", dest="batch_norm", help="--batch-norm=batch"
    )
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
    check_batch_norm(options.batch_norm)
    out, cut = options.out or options.workdir / "samples.png", _cut(options)
    opened, inputs = _inputs(options, opened, cut)
    rows = asking.rows(options, opened, {**inputs, "z": jnp.asarray(_latents(options, np.asarray(inputs["z"])))})
    if options.batch_norm == "standing":
        state = with_standing_statistics(opened, state, truncation=cut)
    sample = sampler(opened, train=options.batch_norm == "batch")
    parts = [
        sample(state, jax.tree.map(lambda x, i=i: x[i : i + CHUNK], row))["image"]
        for row in rows
        for i in range(0, options.n, CHUNK)
    ]
    made = np.concatenate(parts)
    write(out, made, page(options, opened, made, rows), {} if cut is None else {"truncation": str(cut)})
    answer = {"out": str(out), "n": len(made), "step": step, "latent": options.latent, "seed": options.seed}
    answer |= {"batch_norm": options.batch_norm, "truncation": cut and cut._asdict()}
    answer |= {name: getattr(options, name) for name in asking.ASKED if getattr(options, name)}
    print(json.dumps(answer) if options.json else f"{len(made)} samples of step {step} are in {out}")


def _cut(options: argparse.Namespace) -> Truncation | None:
    cut = truncation(options.truncation)
    if cut and options.reconstruct:
        raise UserError(f"--truncation={cut}: what --reconstruct draws again has no random latents")
    if cut and options.latent not in ("random", "lerp", "slerp"):
        raise UserError(f"--truncation={cut} cuts random latents, and the ends of lerp and slerp, not {options.latent}")
    return cut


def _inputs(options: argparse.Namespace, run: Run, cut: Truncation | None) -> tuple[Run, Batch]:
    """(the run, with its data where these are read, what is drawn): whoever says no text sees captions of the data."""
    key = jax.random.key(options.seed)
    captions = "text" in run.game.gan.inputs(key, 1) and (options.text is None or options.batch_norm == "standing")
    run = run._replace(source=open_data(run.config.data)[0]) if captions else run
    return run, (drawn if captions else prior)(run, key, options.n, cut)


def _latents(options: argparse.Namespace, z: Latents) -> Latents:
    """Those of the name; where classes change and nothing else was asked for, the first for all."""
    alone = options.interpolate and options.latent == "random"
    return np.tile(z[:1], (len(z), 1)) if alone else latents(options.latent, z)


def page(options: argparse.Namespace, run: Run, made: np.ndarray, rows: list[Batch]) -> np.ndarray:
    """The sheet: a row for each that was asked for; images, each with what was made of it below."""
    if not options.reconstruct:
        return picture(run, made, options.n if len(rows) > 1 or options.interpolate else None)
    pairs, columns = asking.beside(np.asarray(rows[0]["image"]), made)
    return picture(run, pairs, columns)


def write(out: Path, samples: np.ndarray, page: np.ndarray, notes: dict[str, str]) -> None:
    """Samples in [-1, 1] (or points) as the name's ending says; an ``.npz`` has the ``notes`` beside them.

    Raises:
        UserError: another ending; a GIF of points.
    """
    points = samples.ndim == 2
    if out.suffix == ".npz":
        arrays: dict[str, Any] = {"points": samples} if points else {"images": pictures.to_bytes(samples)}
        arrays |= notes
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
