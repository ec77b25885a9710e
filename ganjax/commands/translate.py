"""Images of any size through a trained run of a translation system: a PNG for each, sheets and the way back on request."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

from ganjax.commands.wishes import Wish, wishes
from ganjax.commands.wishes import arguments as add_wishes
from ganjax.data.folder import decode_or_say, walk
from ganjax.data.pairs import pieces
from ganjax.errors import UserError
from ganjax.fitting import Fitting, read_as
from ganjax.monitor import pictures
from ganjax.run import Run
from ganjax.samples import sampler
from ganjax.translations import answers, as_colours, edits, heat_of, strip, translates, ways
from ganjax.workdir import reopen


class Picture(NamedTuple):
    """A file to be translated: its name in the output, its pixels as the game reads them, [-1, 1] or whole numbers, and the
    map of its instances where the game asks for one."""

    name: str
    pixels: np.ndarray
    instances: np.ndarray | None


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("--workdir", required=True, type=Path, help="the directory that training wrote")
    parser.add_argument("--input", required=True, type=Path, help="an image, or a folder of them")
    parser.add_argument("--output", required=True, type=Path, help="the folder for NAME.png of each")
    parser.add_argument("--direction", choices=("ab", "ba"), default="ab", help="from a to b, or from b to a (ab)")
    parser.add_argument(
        "--cycle", action="store_true", help="back again as well: cycle/NAME.png, and how far from the input"
    )
    parser.add_argument(
        "--sheet", action="store_true", help="sheets/NAME.png: input, translation, and back again, side by side"
    )
    parser.add_argument("--heatmap", action="store_true", help="ugatit: heat/NAME.png, where the attention looked")
    add_wishes(parser)
    parser.add_argument("--size", type=int, help="the shorter side is brought to this first (left as it is)")
    parser.add_argument(
        "--instances",
        type=Path,
        help="pix2pixhd: the instance map, or a folder of them by name (connected pieces of a class)",
    )
    parser.add_argument("--batch", type=int, default=8, help="images at once (8)")
    parser.add_argument("--step", help="which checkpoint: a number, best, or 0 for before training (the newest)")
    parser.add_argument("--run", type=int, default=0, dest="index", help="which of several seeds (0)")
    parser.add_argument(
        "--train-mode",
        action=argparse.BooleanOptionalAction,
        help="dropout on, BatchNorm by each image alone, as pix2pix was tested (what config.eval.train_mode says)",
    )
    parser.add_argument("--json", action="store_true", help="JSON on stdout and nothing else")


def run(options: argparse.Namespace) -> None:
    """Translates and says where everything is."""
    for name, least in (("size", 1), ("batch", 1)):
        if getattr(options, name) is not None and getattr(options, name) < least:
            raise UserError(f"--{name}={getattr(options, name)} must be at least {least}")
    opened, step, state = reopen(options.workdir, options.step, options.index)
    check(options, opened)
    wanted = wishes(options, opened, state, step)
    origin, target = way = ("image", "image") if edits(opened) else tuple(options.direction)
    files = files_of(options)
    check_names(options, files, wanted)
    train = opened.config.eval.train_mode if options.train_mode is None else options.train_mode
    sample, fitting = sampler(opened, train), Fitting(opened, way)
    skipped: list[str] = []
    errors: list[float] = []
    with tqdm(total=len(files), desc="translating", unit="image", disable=None, leave=False) as bar:
        for batch in batches(pictures_of(options, opened, origin, files, skipped, bar), fitting, options.batch):
            inputs = {origin: jnp.asarray(fitting.padded([each.pixels for each in batch], options.batch))}
            if all(each.instances is not None for each in batch):
                maps = [each.instances for each in batch if each.instances is not None]
                inputs["instance"] = jnp.asarray(fitting.padded(maps, options.batch))
            made = [sample(state, {**inputs, **wish.inputs(inputs[origin])}) for wish in wanted]
            back = sample(state, {target: jnp.asarray(made[0][target])})[origin] if options.cycle else None
            for i, picture in enumerate(batch):
                own = {
                    wish.name: fitting.cut(each[target][i], picture.pixels)
                    for wish, each in zip(wanted, made, strict=True)
                }
                heat = (
                    heat_of(made[0][f"heat_{target}"][i], picture.pixels, inputs[origin].shape)
                    if options.heatmap
                    else None
                )
                errors += write(options, picture, own, None if back is None else back[i], heat)
    if not errors:
        raise UserError(f"--input={options.input}: none of {len(files)} images could be read; the first: {skipped[0]}")
    answer: dict[str, Any] = {
        "output": str(options.output),
        "n": len(errors),
        "step": step,
        "direction": options.direction,
    }
    answer |= {"train_mode": bool(train), "skipped": skipped, "each": len(wanted)}
    answer |= {"cycle_error": float(np.mean(errors))} if options.cycle else {}
    print(json.dumps(answer) if options.json else _line(answer))


def check(options: argparse.Namespace, run: Run) -> None:
    """Raises a UserError where the run does not translate that way, or the input would be written over."""
    if not translates(run):
        raise UserError(f"{run.config.system} draws from noise: python -m ganjax sample --workdir={options.workdir}")
    known = [options.direction] if edits(run) else ways(run)
    if options.direction not in known:
        raise UserError(f"--direction={options.direction}: {run.config.system} translates {' and '.join(known)} alone")
    if options.cycle and options.direction[::-1] not in known:
        raise UserError(f"--cycle: {run.config.system} has no way back")
    if options.cycle and (options.styles or options.style_from):
        raise UserError("--cycle: of one translation alone, without styles")
    attends = run.config.generator.get("cam_gen", True) and f"heat_{options.direction[1]}" in answers(run)
    if options.heatmap and not attends:
        raise UserError(f"--heatmap: {run.config.system} has no attention to show")
    if options.output.resolve() == (options.input if options.input.is_dir() else options.input.parent).resolve():
        raise UserError(f"--output={options.output} holds the input, which would be written over; take another folder")


def check_names(options: argparse.Namespace, files: dict[str, Path], wanted: Sequence[Wish]) -> None:
    """Raises a UserError where a file would be written over an input, or over another one's translation."""
    written: dict[Path, Path] = {}
    read = {file.resolve() for file in files.values()}
    kinds = {"cycle": options.cycle, "heat": options.heatmap, "sheets": options.sheet}
    for name, file in files.items():
        own = [f"{name}{wish.name}" for wish in wanted] + [f"{kind}/{name}" for kind, asked in kinds.items() if asked]
        for out in (options.output / f"{each}.png" for each in own):
            if out.resolve() in read:
                raise UserError(f"--output={options.output}: {out} is an input itself; take another folder")
            if written.setdefault(out, file) is not file:
                raise UserError(f"{out} would be written for {written[out]} and for {file}; rename one of them")


def files_of(options: argparse.Namespace) -> dict[str, Path]:
    """{name in the output: file}; two files of one stem keep their endings.

    Raises:
        UserError: there is nothing to translate.
    """
    root = options.input
    if root.is_file():
        return {root.stem: root}
    if not root.is_dir():
        raise UserError(f"--input={root}: there is no such file or folder")
    inside = options.output.resolve() != root.resolve() and options.output.resolve().is_relative_to(root.resolve())
    if inside and options.output.is_dir() and any(walk(options.output)):
        raise UserError(f"--output={options.output} lies in the input and holds images already; take another folder")
    files = [*walk(root)]
    if not files:
        led_out = " that lie in it: links are not followed out of a folder" if any(root.iterdir()) else ""
        raise UserError(f"--input={root} has no images{led_out}")
    stems = [str(file.relative_to(root).with_suffix("")) for file in files]
    alone = {stem for stem in stems if stems.count(stem) == 1}
    return {
        stem if stem in alone else str(file.relative_to(root)): file for stem, file in zip(stems, files, strict=True)
    }


def pictures_of(
    options: argparse.Namespace, run: Run, origin: str, files: dict[str, Path], skipped: list[str], bar: Any
) -> Iterator[Picture]:
    """What can be read, one after the other; the rest is noted in ``skipped`` and said."""
    for name, file in files.items():
        image = decode_or_say(file, lambda image: read_as(run, origin, image, options.size))
        beside = (
            None if isinstance(image, str) or "instance" not in run.batch else instances_of(options, run, file, image)
        )
        bar.update()
        why = next((each for each in (image, beside) if isinstance(each, str)), None)
        if isinstance(image, str) or isinstance(beside, str):
            skipped.append(f"{file}: {why}")
            print(f"skipped {skipped[-1]}", file=sys.stderr)
        else:
            yield Picture(name, image, beside)


def instances_of(options: argparse.Namespace, run: Run, file: Path, classes: np.ndarray) -> np.ndarray | str:
    """The map of a file's instances: that of its name in ``--instances``, or the connected pieces of its classes."""
    if options.instances is None:
        return pieces(classes[None, ..., 0].astype(np.uint8))[0, ..., None].astype(np.int32)
    folder = options.instances if options.instances.is_dir() else options.instances.parent
    below = file.relative_to(options.input) if options.input.is_dir() else Path(options.instances.name)
    if not (folder / below).is_file():
        return f"no {folder / below}"
    found = decode_or_say(folder / below, lambda image: read_as(run, "a", image, options.size))
    return found if isinstance(found, str) or found.shape == classes.shape else f"{folder / below} has another size"


def batches(images: Iterator[Picture], fitting: Fitting, size: int) -> Iterator[list[Picture]]:
    """Neighbours that are padded to one size, ``size`` at most."""
    for _, group in itertools.groupby(images, key=lambda picture: fitting.size(*picture.pixels.shape[:2])):
        while batch := list(itertools.islice(group, size)):
            yield batch


def write(
    options: argparse.Namespace,
    picture: Picture,
    made: dict[str, np.ndarray],
    back: np.ndarray | None,
    heat: np.ndarray | None,
) -> list[float]:
    """Writes what was asked for of one picture; returns [mean |back − input|], [0] without the way back."""
    x = picture.pixels
    seen = {f"{picture.name}{ending}": image[None] for ending, image in made.items()}
    if back is not None:
        seen[f"cycle/{picture.name}"] = back[None, : x.shape[0], : x.shape[1]]
    colours = {name: as_colours(image, x[None]) for name, image in seen.items()}
    if heat is not None:
        colours[f"heat/{picture.name}"] = heat[None]
    for name, image in colours.items():
        pictures.save_png(options.output / f"{name}.png", image[0])
    if options.sheet:
        row = [as_colours(x[None], x[None]), *colours.values()]
        page = strip([image.transpose(0, 2, 1, 3) for image in row]).transpose(1, 0, 2)  # side by side
        pictures.save_png(options.output / "sheets" / f"{picture.name}.png", page)
    return [0.0 if back is None else float(np.abs(seen[f"cycle/{picture.name}"] - x).mean())]


def _line(answer: dict[str, Any]) -> str:
    many, back = "s" * (answer["n"] != 1), answer.get("cycle_error")
    said = (
        f"{answer['n']} image{many} translated {answer['direction']} by step {answer['step']} into {answer['output']}"
    )
    said += "" if back is None else f", translated back {back:.4f} from the input"
    return said + (f", {len(answer['skipped'])} skipped" if answer["skipped"] else "")
