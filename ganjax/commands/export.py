"""A run's generator as one file that jax alone can run, for any number of images at once."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import jax
import jax.export
import jax.numpy as jnp

from ganjax.errors import UserError
from ganjax.monitor.pictures import write_whole
from ganjax.nets.conv import library
from ganjax.run import Run
from ganjax.samples import generator_of
from ganjax.translations import edits, translates, ways
from ganjax.workdir import reopen

PLATFORMS = ("cpu", "cuda", "rocm", "tpu")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("--workdir", required=True, type=Path, help="the directory that training wrote")
    parser.add_argument(
        "--out", type=Path, help="the file (generator.jaxexport in the workdir); X.json beside it says what it reads"
    )
    parser.add_argument("--direction", choices=("ab", "ba"), default="ab", help="of a translation (ab)")
    parser.add_argument("--size", help="of the images to be translated, HEIGHTxWIDTH (those of training)")
    parser.add_argument(
        "--platforms", default="cpu,cuda,tpu", help=f"where it will run, of {', '.join(PLATFORMS)} (cpu,cuda,tpu)"
    )
    parser.add_argument("--step", help="which checkpoint: a number, best, or 0 for before training (the newest)")
    parser.add_argument("--run", type=int, default=0, dest="index", help="which of several seeds (0)")
    parser.add_argument("--raw", action="store_true", help="the generator itself where the run keeps an average")
    parser.add_argument("--json", action="store_true", help="JSON on stdout and nothing else")


def run(options: argparse.Namespace) -> None:
    """Writes the artifact and what it reads and makes."""
    platforms = options.platforms.split(",")
    if not set(platforms) <= set(PLATFORMS):
        raise UserError(f"--platforms={options.platforms}: there are {', '.join(PLATFORMS)}")
    opened, step, state = reopen(options.workdir, options.step, options.index)
    params, vars = generator_of(opened, state, options.raw)
    inputs = inputs_of(options, opened)

    def generate(inputs: dict[str, jax.Array]) -> dict[str, jax.Array]:
        return opened.game.gan.generate(params, vars, inputs, jax.random.key(0))[0]

    with library():  # what each platform's own convolutions are is its business
        exported = jax.export.export(jax.jit(generate), platforms=platforms)(inputs)
    out = options.out or options.workdir / "generator.jaxexport"
    write_whole(out, _bytes(exported))
    answer = {"out": str(out), "system": opened.config.system, "step": step, "platforms": platforms}
    answer |= {"reads": _shapes(inputs), "makes": _shapes(jax.tree.unflatten(exported.out_tree, exported.out_avals))}
    write_whole(out.with_suffix(".json"), json.dumps(answer, indent=2).encode())
    print(
        json.dumps(answer)
        if options.json
        else f"{out}: reads {answer['reads']}, makes {answer['makes']}, images in [-1, 1]"
    )


def _bytes(exported: Any) -> bytes:
    try:
        return bytes(exported.serialize())
    except ImportError as error:
        raise UserError('an artifact is written with flatbuffers: pip install "ganjax[export]"') from error


def inputs_of(options: argparse.Namespace, run: Run) -> dict[str, Any]:
    """The shapes that the generator reads, their first axis any number b.

    Raises:
        UserError: the run does not translate that way; the size is none.
    """
    (b,) = jax.export.symbolic_shape("b")
    if not translates(run):
        drawn = jax.eval_shape(lambda key: run.game.gan.inputs(key, 2), jax.random.key(0))
        return {name: jax.ShapeDtypeStruct((b, *x.shape[1:]), x.dtype) for name, x in drawn.items()}
    if edits(run):
        image, attribute = run.batch["image"], run.batch["attribute"]
        height, width = _size(options.size) if options.size else image.shape[2:4]
        shown = jax.ShapeDtypeStruct((b, height, width, image.shape[-1]), image.dtype)
        return {"image": shown, "attribute": jax.ShapeDtypeStruct((b, attribute.shape[-1]), attribute.dtype)}
    if options.direction not in ways(run):
        raise UserError(
            f"--direction={options.direction}: {run.config.system} translates {' and '.join(ways(run))} alone"
        )
    side = run.batch[options.direction[0]]
    size = _size(options.size) if options.size else side.shape[2:4]
    read = {options.direction[0]: side} | ({"instance": run.batch["instance"]} if "instance" in run.batch else {})
    inputs = {name: jax.ShapeDtypeStruct((b, *size, x.shape[-1]), x.dtype) for name, x in read.items()}
    style = run.config.gan.get("style_dim")  # a style is read, since nothing is drawn in a file
    return inputs | ({"style": jax.ShapeDtypeStruct((b, style), jnp.float32)} if style else {})


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise UserError(f"--size={text}: HEIGHTxWIDTH, such as 256x256")
    return int(height), int(width)


def _shapes(tree: dict[str, Any]) -> dict[str, str]:
    return {name: f"{x.dtype}[{', '.join(map(str, x.shape))}]" for name, x in tree.items()}
