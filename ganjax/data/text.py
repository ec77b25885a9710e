"""Sentences as vectors, with nothing to download: words and pairs of words, each a random vector that its hash names.

    φ(t) = Σ_i v(term_i) / √(number of terms),   v(term) ∈ {−1, 1}^size, the bits of SHAKE-256(term)

Terms are the words, neighbours ("red hair") and words with one between ("red … hair"), so order matters a little; case and
punctuation do not. Entries of φ have mean 0 and variance 1 over sentences of different words. Any sentence has a vector, and
sentences that share words have vectors that are near. The same on every machine.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int, Int16

from ganjax.data.source import Examples, Source
from ganjax.errors import UserError

SIZE = 1024  # as the embeddings of Reed et al. 2016


def encode(sentences: Sequence[str], size: int = SIZE) -> Float[np.ndarray, "n size"]:
    """φ of each sentence.

    Raises:
        UserError: a sentence without a word.
    """
    return scaled(*sums(sentences, size))


def sums(sentences: Sequence[str], size: int = SIZE) -> tuple[Int16[np.ndarray, "n size"], Int[np.ndarray, " n"]]:
    """(Σ_i v(term_i), number of terms): φ before it is scaled, small whole numbers.

    Raises:
        UserError: a sentence without a word.
    """
    found = [terms(sentence) for sentence in sentences]
    empty = [sentence for sentence, each in zip(sentences, found, strict=True) if not each]
    if empty:
        raise UserError(f"text {empty[0]!r} has no words: say what is to be seen, such as 'a person with red hair'")
    table = {term: vector(term, size) for term in {term for each in found for term in each}}
    totals = [np.sum([table[term] for term in each], axis=0, dtype=np.int16) for each in found]
    return np.stack(totals), np.array([len(each) for each in found])


def scaled(total: Int[np.ndarray, "n size"], count: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n size"]:
    """Σ v / √(number of terms), float32."""
    phi: np.ndarray = total.astype(np.float32) / np.sqrt(count, dtype=np.float32)[:, None]
    return phi


def words(sentence: str) -> list[str]:
    """The words of a sentence in lower case."""
    return re.findall(r"[^\W_]+", sentence.lower())


def terms(sentence: str) -> list[str]:
    """Words, neighbours, and words with one between."""
    w = words(sentence)
    neighbours = [f"{a} {b}" for a, b in itertools.pairwise(w)]
    return w + neighbours + [f"{a} _ {b}" for a, b in zip(w, w[2:], strict=False)]


@functools.lru_cache(maxsize=2**14)
def vector(term: str, size: int = SIZE) -> np.ndarray:
    """v(term), int8 [size] of −1 and 1."""
    digest = np.frombuffer(hashlib.shake_256(term.encode()).digest(-(-size // 8)), np.uint8)
    return 2 * np.unpackbits(digest)[:size].astype(np.int8) - 1


def told(source: Source, text: Callable[[np.ndarray], np.ndarray], wrong: Int[np.ndarray, "n k"]) -> Source:
    """The source, each example k times, with one of its k captions each time: ``text`` [b, d], and ``text_wrong``.

    Example i of the new source is caption i % k of example i // k; ``wrong`` names for each caption of each example another
    example, one of whose captions is drawn once. ``info`` says k, so that what is held out is held out with all it has.
    """
    k = wrong.shape[1]
    other = (k * wrong + np.random.default_rng(k).integers(0, k, wrong.shape)).ravel()

    def fetch(i: np.ndarray) -> Examples:
        return {**source.fetch(i // k), "text": text(i), "text_wrong": text(other[i])}

    return Source(source.name, k * source.size, fetch, {**source.info, "captions": k})


def mismatched(
    classes: Int[np.ndarray, " n"], within: Int[np.ndarray, " n"] | None = None, seed: int = 0
) -> Int[np.ndarray, " n"]:
    """For each example the index of one of another class, drawn evenly from all there are, once by the seed.

    ``within`` are groups that it stays in.

    Raises:
        UserError: all are of one class, in a group.
    """
    n, groups = len(classes), np.zeros_like(classes) if within is None else within
    order = np.lexsort((classes, groups))  # groups in one piece, and in them classes
    first, size = _runs(groups[order])
    new = np.diff(groups[order], prepend=groups[:1]) != 0, np.diff(classes[order], prepend=classes[:1]) != 0
    start, length = _runs(np.cumsum(np.logical_or(*new)))
    if (size == length).any():
        raise UserError("wrong captions are those of other images: there must be two images, or classes, at least")
    behind = start + length - first + np.random.default_rng(seed).integers(0, size - length)
    other = np.empty(n, np.int64)
    other[order] = order[first + behind % size]
    return other


def _runs(values: Int[np.ndarray, " n"]) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """(where it begins, how long it is) of the run of equal values that each of sorted values is in."""
    _, first, place, length = np.unique(values, return_index=True, return_inverse=True, return_counts=True)
    return first[place], length[place]
