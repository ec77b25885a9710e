"""Captions of the embedded avatars: what is to be seen, in varied sentences, the same for an index everywhere.

Colours that the eye cannot tell apart share a word. Every caption names the colours of hair and skin, and glasses where
there are any; some the length of the hair, the shape of the glasses, hats, beards and earrings.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from ganjax.data import text
from ganjax.data.avatars import avatars
from ganjax.data.source import Source

HAIR = {  # word -> colours
    "black": ("#28150a",),
    "brown": ("#603015", "#603a14", "#611c17", "#612616"),
    "light brown": ("#83623b",),
    "blond": ("#a78961", "#cab188"),
    "red": ("#bd1700",),
    "blue": ("#009bbd",),
    "green": ("#91cb15",),
}
SKIN = {
    "dark": ("#8d5524",),
    "brown": ("#a26d3d", "#b68655"),
    "tan": ("#cb9e6e",),
    "light": ("#e0b687", "#eac393", "#f5cfa0", "#ffdbac"),
}
GLASSES = ("none", "glasses", "sunglasses")  # light01 … light07 and dark01 … dark07 of the style
SHAPES = {"1": "narrow", "2": "narrow", "3": "narrow", "4": "rimless", "5": "round", "6": "round", "7": "round"}
HAIR_WORDS = {"black": ("black", "jet black"), "blond": ("blond", "blonde"), "red": ("red", "bright red")}
SKIN_WORDS = {"light": ("light", "fair", "pale"), "tan": ("tan", "tanned")}
WORN = {"none": ("no glasses",), "glasses": ("glasses", "spectacles"), "sunglasses": ("sunglasses", "dark glasses")}
CAPTIONS = (
    10  # of each avatar, as the birds and flowers of Reed et al. 2016 have; of one, D learns by heart what belongs
)
EXTRAS = {"hat": "a hat", "beard": "a beard", "accessories": "earrings"}
WITH_GLASSES = (  # {h} red hair, {hc} red, {s} dark skin, {sc} dark, {g} round glasses, {w} wearing round glasses
    "a person with {h}, {s} and {g}",
    "a person with {g}, {h} and {s}",
    "a person with {s}, {g} and {h}",
    "a person with {h} and {g}, and {s}",
    "someone with {g} and {h}, and {s}",
    "someone whose hair is {hc} and whose skin is {sc}, {w}",
    "someone {w}, whose skin is {sc} and whose hair is {hc}",
    "someone with {s} whose hair is {hc}, {w}",
    "this face has {h}, {s} and {g}",
    "this face has {g}, {s} and {h}",
    "this person has {s} and {h}, {w}",
    "{w}, this person has {h} and {s}",
    "a portrait of somebody with {s}, {h} and {g}",
    "a picture of a face with {h}, {g} and {s}",
    "{h}, {s}, {g}",
    "{g}, {h}, {s}",
    "{s} and {h}, {g}",
    "the hair is {hc}, the skin is {sc}, {w}",
    "the skin is {sc} and the hair is {hc}, {g}",
    "a {hc} haired person with {s} and {g}",
    "a {sc} skinned person with {h}, {w}",
    "a {hc} haired, {sc} skinned face, {w}",
    "{h} above a face with {s} and {g}",
    "you see {g} on a face with {s}, under {h}",
    "{g} on somebody with {h} and {s}",
)
WITHOUT = (
    "a person with {h} and {s}",
    "a person with {s} and {h}",
    "someone with {h} and {s}",
    "someone whose hair is {hc} and whose skin is {sc}",
    "someone with {s} whose hair is {hc}",
    "this face has {s} and {h}",
    "this person has {h} and {s}",
    "a portrait of somebody with {s} and {h}",
    "{h}, {s}",
    "{s} under {h}",
    "the hair is {hc}, the skin is {sc}",
    "a {hc} haired person with {s}",
    "a {sc} skinned person with {h}",
)


class Face(NamedTuple):
    """What a caption says, in the names of ``HAIR``, ``SKIN``, ``GLASSES``; length and shape are '' where unsaid."""

    hair: str
    skin: str
    glasses: str = "none"
    length: str = ""
    shape: str = ""
    extras: tuple[str, ...] = ()


def sentence(face: Face, number: int) -> str:
    """The caption of a face: its form and words are chosen by the number."""
    digits = iter(hashlib.shake_256(f"caption {number}".encode()).digest(16))
    hair = _one_of(digits, HAIR_WORDS.get(face.hair, (face.hair,)))
    skin = _one_of(digits, SKIN_WORDS.get(face.skin, (face.skin,)))
    shape = _one_of(digits, (f"{face.shape} ", "")) if face.shape else ""
    glasses = shape + _one_of(digits, WORN[face.glasses])
    length = _one_of(digits, (f"{face.length} ", "")) if face.length else ""
    forms = WITHOUT if face.glasses == "none" and _one_of(digits, ("say", "leave")) == "leave" else WITH_GLASSES
    bare = glasses == "no glasses" and _one_of(digits, ("without", "wearing no")) == "without"
    wearing = "without glasses" if bare else f"wearing {glasses}"
    slots = {"h": f"{length}{hair} hair", "hc": hair, "s": f"{skin} skin", "sc": skin, "g": glasses, "w": wearing}
    return ", ".join([_one_of(digits, forms).format(**slots), *face.extras])


def _one_of(digits: Iterator[int], options: Sequence[str]) -> str:
    return options[next(digits) % len(options)]


@functools.cache
def faces() -> tuple[Face, ...]:
    """What there is to say of each of the 10,000."""
    source = avatars()
    columns = dict(zip(source.info["attributes"], source.fetch(np.arange(source.size))["attributes"].T, strict=True))
    values = {
        name: [source.info["attributes"][name][code] for code in columns[name]]
        for name in ("hair", "hair_colour", "skin_colour", "glasses", *EXTRAS)
    }
    return tuple(_face(dict(zip(values, row, strict=True))) for row in zip(*values.values(), strict=True))


def _face(values: dict[str, str]) -> Face:
    hair, skin = (
        next(word for word, colours in table.items() if values[name] in colours)
        for name, table in (("hair_colour", HAIR), ("skin_colour", SKIN))
    )
    glasses = {"n": "none", "l": "glasses", "d": "sunglasses"}[values["glasses"][0]]
    shape = "" if glasses == "none" else SHAPES[values["glasses"][-1]]
    extras = tuple(said for name, said in EXTRAS.items() if values[name] != "none")
    return Face(hair, skin, glasses, "long" if values["hair"].startswith("long") else "short", shape, extras)


def captions(pairs: Int[np.ndarray, " n"]) -> list[str]:
    """The sentence of each pair of an avatar and one of its captions: pair p is caption p % CAPTIONS of p // CAPTIONS."""
    everyone = faces()
    return [sentence(everyone[p // CAPTIONS], p) for p in pairs.tolist()]


@functools.cache
def classes() -> dict[str, tuple[list[str], Int[np.ndarray, " n"]]]:
    """{"hair", "skin", "glasses": (words, which of them each avatar is)}."""
    names = {"hair": list(HAIR), "skin": list(SKIN), "glasses": list(GLASSES)}
    return {
        key: (words, np.array([words.index(getattr(face, key)) for face in faces()])) for key, words in names.items()
    }


@functools.cache
def wrong() -> Int[np.ndarray, "n k"]:
    """For each caption of each avatar another avatar, whose captions are wrong for it in one thing: hair, skin or glasses,
    each a third of the time. What differs in all of them D could tell by the easiest.
    """
    rng = np.random.default_rng(CAPTIONS)
    return np.stack([_unlike(number, rng) for number in range(CAPTIONS)], axis=1)


def _unlike(number: int, rng: np.random.Generator) -> Int[np.ndarray, " n"]:
    """For each avatar another that differs in one thing."""
    codes, sizes = [each for _, each in classes().values()], [len(words) for words, _ in classes().values()]
    triple = np.ravel_multi_index(codes, sizes)
    steps = np.cumprod([1, *sizes[:0:-1]])[::-1]  # what one value more adds to the triple
    alone = [triple - code * step for code, step in zip(codes, steps, strict=True)]  # the triple without one of them
    seeds = range(len(codes) * number, len(codes) * (number + 1))
    candidates = [text.mismatched(*each) for each in zip(codes, alone, seeds, strict=True)]
    picked: np.ndarray = np.choose(rng.integers(0, len(codes), len(triple)), candidates)
    return picked


def captioned_avatars(image_size: int = 32, channels: int = 3) -> Source:
    """The avatars, each with ``CAPTIONS`` captions: ``text`` float32 [n, 1024], ``text_wrong`` of others (``wrong``).

    Raises:
        UserError: no such size or number of channels.
    """
    source = avatars(image_size=image_size, channels=channels)
    plain = Source("captioned_avatars", source.size, lambda i: {"image": source.fetch(i)["image"]}, {})
    pairs = text.told(plain, lambda i: text.encode(captions(i)), wrong())
    known = sorted({word for caption in captions(np.arange(0, pairs.size, 7)) for word in text.words(caption)})
    return pairs._replace(info={**pairs.info, "licence": source.info["licence"], "words": known})
