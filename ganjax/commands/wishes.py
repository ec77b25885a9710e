"""What is asked of a translation besides its direction: styles, the style of a picture, attributes, a slide along one."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core import Batch, State
from ganjax.data.folder import decode_or_say
from ganjax.errors import UserError, nearest
from ganjax.fitting import read_as
from ganjax.run import Run
from ganjax.translations import edits, made_shapes, of_one_set

HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")  # CelebA's: one at a time


class Wish(NamedTuple):
    """One translation of each picture: what its name ends in, and what the game reads besides the pictures [n, h, w, c]."""

    name: str
    inputs: Callable[[jax.Array], Batch]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the verb that wishes are made of."""
    parser.add_argument("--styles", type=int, help="munit: so many styles for each image, drawn by --seed")
    parser.add_argument("--style-from", type=Path, help="munit: the style of this picture of the domain that is made")
    parser.add_argument("--seed", type=int, default=0, help="of the styles (0)")
    parser.add_argument(
        "--to", help="stargan, fader: values that the images are to show, such as blond,glasses or no glasses"
    )
    parser.add_argument("--attribute", help="fader: the attribute whose values, or the value, to slide along")
    parser.add_argument(
        "--sweep",
        help="fader: from, to and how many; 0 is the first value, or without, 1 the next, or with, … (0,1,5)",
    )


def wishes(options: argparse.Namespace, run: Run, state: State, step: int) -> list[Wish]:
    """What was asked for of the state of a step; one plain translation where nothing was.

    Raises:
        UserError: the game reads no such thing, or there is no such value.
    """
    asked = [name for name in ("styles", "style_from", "to", "attribute") if getattr(options, name) is not None]
    if len(asked) > 1:
        raise UserError(f"--{asked[0].replace('_', '-')} and --{asked[1].replace('_', '-')}: one at a time")
    if options.sweep is not None and asked != ["attribute"]:
        raise UserError(f"--sweep={options.sweep} goes along an attribute: say --attribute=NAME as well")
    system = run.config.system
    if edits(run):
        if not asked or asked[0] not in ("to", "attribute"):
            known = "; ".join(f"{name}: {', '.join(values)}" for name, values in run.source.info["attributes"].items())
            raise UserError(f"{system} changes attributes: say --to=VALUE,… ({known})")
        return [_shown(options.to, run, state, step)] if options.to is not None else _slide(options, run)
    if asked and (asked[0] in ("to", "attribute") or "style_dim" not in run.config.gan):
        raise UserError(f"--{asked[0].replace('_', '-')}: {system} reads nothing of the kind")
    if options.styles is not None:
        return _styles(options, run)
    return [_style_of(options, run)] if options.style_from is not None else [Wish("", lambda x: {})]


def _styles(options: argparse.Namespace, run: Run) -> list[Wish]:
    if options.styles < 1:
        raise UserError(f"--styles={options.styles} must be at least 1")
    if not 0 <= options.seed < 2**32:
        raise UserError(f"--seed={options.seed} must be from 0 to {2**32 - 1}")
    drawn = jax.random.normal(jax.random.key(options.seed), (options.styles, run.config.gan.style_dim))

    def wish(i: int) -> Wish:
        return Wish(f"_{i}", lambda x: {"style": jnp.broadcast_to(drawn[i], (len(x), drawn.shape[1]))})

    return [wish(i) for i in range(options.styles)]


def _style_of(options: argparse.Namespace, run: Run) -> Wish:
    target, size = options.direction[1], run.batch[options.direction[1]].shape[2]
    if not options.style_from.is_file():
        raise UserError(f"--style-from={options.style_from}: there is no such file")
    found = decode_or_say(options.style_from, lambda image: read_as(run, target, image, size))
    if isinstance(found, str):
        raise UserError(f"--style-from={options.style_from}: {found}")
    rows, columns = ((n - size) // 2 for n in found.shape[:2])
    square = jnp.asarray(found[rows : rows + size, columns : columns + size])
    return Wish("", lambda x: {"style_image": jnp.broadcast_to(square, (len(x), *square.shape))})


def _shown(text: str, run: Run, state: State, step: int) -> Wish:
    """--to: the values that are named; of the other attributes those that D sees in each picture."""
    attributes = run.source.info["attributes"]
    wanted: dict[int, int] = {}
    for name in filter(None, map(str.strip, text.split(","))):
        column, place = _place(name, attributes)
        if column in wanted:
            raise UserError(f"--to={text} asks for two values of {list(attributes)[column]}")
        wanted[column] = place
    sets = run.config.gan.get("sets", ()) or (0,) * len(attributes)
    asked = {sets[column] for column in wanted}
    wanted = {i: place for i, place in _without_other_hair(wanted, [*attributes]).items() if sets[i] in asked}
    if len(asked) > 1:
        raise UserError(
            f"--to={text} names values that two data sets know: ask for one, then of its result for the other"
        )
    missing = [name for i, name in enumerate(attributes) if i not in wanted]
    recognise = run.game.gan.recognise
    if missing and recognise is None:
        raise UserError(
            f"--to={text}: {run.config.system} cannot see {missing[0]} in a picture, name a value of it as well"
        )
    if missing and step == 0 and run.source.info.get("unread"):
        raise UserError(
            f"--to={text}: the weights of the critic, which sees {missing[0]} in a picture, were not converted; "
            f"name a value of {', '.join(missing)} as well, or convert both files"
        )
    side = run.batch["image"].shape[2:4]

    @jax.jit
    def attribute(x: jax.Array) -> jax.Array:
        found = jnp.zeros((len(x), len(attributes)), jnp.int32)
        if missing and recognise is not None:
            small = jax.image.resize(x, (len(x), *side, x.shape[-1]), "bilinear")
            found = recognise(state.params.disc, state.carry.vars.disc, small)
        for column, place in wanted.items():
            found = of_one_set(run, found, column).at[:, column].set(place)
        return found

    return Wish("", lambda x: {"attribute": attribute(x)})


def _without_other_hair(wanted: dict[int, int], names: list[str]) -> dict[int, int]:
    """Whoever turns blond is black-haired no longer, unless both are asked for."""
    if not any(place and names[column] in HAIR for column, place in wanted.items()):
        return wanted
    return {i: 0 for i, name in enumerate(names) if name in HAIR} | wanted


def _place(name: str, attributes: dict[str, list[str]]) -> tuple[int, int]:
    """(attribute, value) of a value's name, or ATTRIBUTE=VALUE; of an attribute of yes and no its own name, with "no " before it.

    Raises:
        UserError: there is none, or several attributes have it.
    """
    found: dict[int, int] = {}
    for column, (attribute, values) in enumerate(attributes.items()):
        own = name.removeprefix(f"{attribute}=")
        if own in values:
            found[column] = values.index(own)
        elif len(values) == 2 and own in (attribute, f"no {attribute}"):
            found[column] = int(own == attribute)
    if len(found) > 1:
        which = " or ".join(f"{[*attributes][column]}={name}" for column in found)
        raise UserError(f"several attributes have a value {name!r}; say {which}")
    if not found:
        of_two = [attribute for attribute, values in attributes.items() if len(values) == 2]
        known = list(dict.fromkeys([*(value for values in attributes.values() for value in values), *of_two]))
        raise UserError(f"no value {name!r}{nearest(name, known)}; there are: {', '.join(known)}")
    return next(iter(found.items()))


def _slide(options: argparse.Namespace, run: Run) -> list[Wish]:
    """What --attribute and --sweep ask for: along one value, or through an attribute's values in turn."""
    attributes = run.source.info["attributes"]
    sizes = [len(values) for values in attributes.values()]
    if not _slides(run, sum(sizes)):
        raise UserError(f"--attribute: {run.config.system} knows no values between; say --to=VALUE")
    if len(attributes) > 1:
        raise UserError(
            f"--attribute: {run.config.system} cannot see {list(attributes)} in a picture; say --to of each"
        )
    try:
        low, high, count = (options.sweep or "0,1,5").split(",")
        ends = float(low), float(high)
        if int(count) < 1 or not np.isfinite(ends).all():
            raise ValueError(options.sweep)
        amounts = np.linspace(*ends, int(count), dtype=np.float32)
    except ValueError as error:
        raise UserError(f"--sweep={options.sweep}: from, to and how many are needed, such as -1,2,9") from error
    rows = _from_value_to_value(amounts, sizes[0])
    if options.attribute not in attributes:
        rows = _along(amounts, _place(options.attribute, attributes)[1], sizes[0])

    def wish(i: int, row: np.ndarray) -> Wish:
        return Wish(f"_{i}", lambda x: {"slide": jnp.broadcast_to(jnp.asarray(row), (len(x), len(row)))})

    return [wish(i, row) for i, row in enumerate(rows)]


def _from_value_to_value(amounts: np.ndarray, n: int) -> np.ndarray:
    """[k, n]: the one-hot of value 0 at 0, of value 1 at 1, …, straight between them and on beyond the ends."""
    first = np.clip(np.floor(amounts), 0, n - 2).astype(int)
    one_hot = np.eye(n, dtype=np.float32)
    share = (amounts - first)[:, None]
    rows: np.ndarray = (1 - share) * one_hot[first] + share * one_hot[first + 1]
    return rows


def _along(amounts: np.ndarray, place: int, n: int) -> np.ndarray:
    """[k, n]: α in the place of one value, and (1 − α) shared by the others."""
    rows = np.repeat((1 - amounts[:, None]) / (n - 1), n, axis=1)
    rows[:, place] = amounts
    return rows


def _slides(run: Run, width: int) -> bool:
    """Whether the game reads any numbers in the place of attributes."""
    image = run.batch["image"]
    shown = {"image": jax.ShapeDtypeStruct((1, *image.shape[2:]), image.dtype)}
    try:
        made_shapes(run, {**shown, "slide": jax.ShapeDtypeStruct((1, width), jnp.float32)})
    except KeyError:
        return False
    return True
