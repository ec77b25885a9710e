"""What ``sample`` asks a generator for: rows of inputs for a class, a code, a text, or images to be drawn again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core import Batch
from ganjax.data import pipeline, text
from ganjax.data.files import read_npz
from ganjax.errors import UserError, nearest
from ganjax.run import Run, open_data
from ganjax.samples import class_names, mixes_classes

SWEEP = 2.0  # a continuous code is swept from −2 to 2, past the (−1, 1) of training, as Chen et al. 2016 do


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of which one may be given."""
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument(
        "--label", help="systems with labels: a class by number or name, or all: a row for each, n samples in it (10)"
    )
    asked.add_argument(
        "--interpolate",
        metavar="A,B",
        help="systems that take weights of classes: a walk from class A to B, one latent",
    )
    asked.add_argument("--code", help="infogan: a category I, all (a row for each), or sweep:I of continuous code I")
    asked.add_argument("--text", help="text_gan: a sentence, or X.npz with embedded ones, text [k, d]: a row for each")
    asked.add_argument("--reconstruct", action="store_true", help="systems with an encoder: images, drawn again below")


def rows(options: argparse.Namespace, run: Run, inputs: Batch) -> list[Batch]:
    """The rows that are asked for, each of inputs [n, …]; ``inputs`` themselves where nothing is.

    Raises:
        UserError: the system does not take what is asked for, or knows no such value.
    """
    for name, ask in ASKED.items():
        if getattr(options, name) not in (None, False):
            return ask(getattr(options, name), run, inputs)
    return [inputs]


def by_label(name: str, run: Run, inputs: Batch) -> list[Batch]:
    """A class by its number or name, or all of them."""
    _taken("label", name, run, inputs)
    names = class_names(run)
    return [_all(inputs, "label", i) for i in _chosen("label", name, len(names), names)]


def by_interpolation(ends: str, run: Run, inputs: Batch) -> list[Batch]:
    """From a class to another: weights [n, classes] of the rows of the class table in the place of labels,
    (1 − t) of A and t of B, t from 0 to 1.

    Brock et al. 2019, figure 8.
    """
    if "label" not in inputs:
        raise UserError(f"--interpolate={ends}: {run.config.system} draws without labels")
    names, two = class_names(run), [each.strip() for each in ends.split(",")]
    if len(two) != 2 or "all" in two:
        raise UserError(f"--interpolate={ends}: two classes are needed, A,B")
    first, last = (
        np.eye(len(names), dtype=np.float32)[_chosen("interpolate", name, len(names), names)] for name in two
    )
    t = np.linspace(0, 1, len(inputs["label"]), dtype=np.float32)[:, None]
    if not mixes_classes(run, inputs):
        raise UserError(f"--interpolate={ends}: {run.config.system} takes classes as whole numbers, none lie between")
    return [{**inputs, "label": jnp.asarray((1 - t) * first + t * last)}]


def by_code(name: str, run: Run, inputs: Batch) -> list[Batch]:
    """A category, all of them, or a sweep of a continuous code: a row for each category, all else as in its first."""
    _taken("code", name, run, inputs)
    count, kind = int(run.config.gan.categories), name.partition(":")
    if kind[0] != "sweep":
        return [_all(inputs, "category", i) for i in _chosen("code", name, count, [])]
    n, dim = inputs["code"].shape
    if not kind[2].isdecimal() or int(kind[2]) >= dim:
        raise UserError(f"--code={name}: {kind[2]!r} is no continuous code; there are 0 to {dim - 1}")
    first = jax.tree.map(lambda x: jnp.tile(x[:1], (n, *[1] * (x.ndim - 1))), inputs)
    swept = first["code"].at[:, int(kind[2])].set(jnp.linspace(-SWEEP, SWEEP, n))
    return [_all({**first, "code": swept}, "category", i) for i in range(count)]


def by_text(sentence: str, run: Run, inputs: Batch) -> list[Batch]:
    """A sentence, embedded as the captions of the data are, or the embeddings in an ``.npz``."""
    _taken("text", sentence, run, inputs)
    file, known, size = Path(sentence), run.source.info.get("words"), inputs["text"].shape[1]
    if file.suffix == ".npz":
        embeddings = _embeddings(file, size)
    elif known:
        embeddings = text.encode([sentence], size)
        strange = [f"{word!r}{nearest(word, known)}" for word in text.words(sentence) if word not in known]
        if strange:
            print(f"no caption of the data has {', '.join(strange)}", file=sys.stderr)
    else:
        raise UserError(
            f"--text={sentence}: this run was told embeddings that others made; give --text=X.npz with text [k, {size}]"
        )
    return [{**inputs, "text": jnp.broadcast_to(row, inputs["text"].shape)} for row in embeddings]


def _embeddings(file: Path, size: int) -> np.ndarray:
    if not file.is_file():
        raise UserError(f"--text={file}: there is no such file")
    arrays = read_npz(file)
    found = arrays.get("text", np.empty(0))
    if found.dtype.kind != "f" or found.shape[1:] != (size,) or not len(found) or not np.isfinite(found).all():
        held = ", ".join(f"{key} {x.dtype}{list(x.shape)}" for key, x in arrays.items()) or "nothing"
        raise UserError(
            f"--text={file} holds {held}: needed is text float[k, {size}], finite, a row of samples for each"
        )
    return found.astype(np.float32)


def by_reconstruction(asked: bool, run: Run, inputs: Batch) -> list[Batch]:
    """Images of the data, those held out where there are any, in the order of the data's seed."""
    del asked
    if "encoder" not in run.config:
        raise UserError(f"--reconstruct: {run.config.system} has no encoder; vae and vae_gan do")
    n, (trained_on, held_out) = len(next(iter(inputs.values()))), open_data(run.config.data)
    source = held_out or trained_on
    chosen = source.fetch(pipeline.indices(run.config.data.seed, source.size, n, 0))
    examples = pipeline.cut(chosen, run.config.data.crop)
    return [pipeline.to_model_range({"image": jnp.asarray(examples["image"])}, jax.random.key(0))]


ASKED: dict[str, Callable[[Any, Run, Batch], list[Batch]]] = {
    "label": by_label,
    "interpolate": by_interpolation,
    "code": by_code,
    "text": by_text,
    "reconstruct": by_reconstruction,
}


def several_rows(options: argparse.Namespace) -> bool:
    """Whether more than one row is asked for."""
    several = (
        options.label == "all"
        or options.interpolate is not None
        or options.code == "all"
        or (options.code or "").startswith("sweep")
    )
    return several or (options.text or "").endswith(".npz")


def _taken(key: str, value: str, run: Run, inputs: Batch) -> None:
    if key not in inputs:
        raise UserError(f"--{key}={value}: {run.config.system} draws without {key}s")


def _all(inputs: Batch, key: str, value: int) -> Batch:
    return {**inputs, key: jnp.full_like(inputs[key], value)}


def _chosen(key: str, name: str, count: int, names: list[str]) -> list[int]:
    if name == "all":
        return list(range(count))
    if name in names:
        return [names.index(name)]
    if name.isdecimal() and int(name) < count:
        return [int(name)]
    known = f"0 to {count - 1}" + (f", or {', '.join(names)}" if names and names[0] != "0" else "")
    every = ", and all" if key != "interpolate" else ""
    near = "" if name.isdecimal() else nearest(name, names)
    raise UserError(f"--{key}={name}: no such {'code' if key == 'code' else 'class'}{near}; there are {known}{every}")


def beside(originals: np.ndarray, made: np.ndarray, columns: int = 8) -> tuple[np.ndarray, int]:
    """(rows of originals, each with what was made of it below, white where there are no more; columns of the sheet)."""
    columns = min(columns, len(made))
    missing = -len(made) % columns
    white = np.ones((missing, *made.shape[1:]), made.dtype)
    grids = [np.concatenate([x, white]).reshape(-1, columns, *made.shape[1:]) for x in (originals, made)]
    return np.stack(grids, axis=1).reshape(-1, *made.shape[1:]), columns
