"""What a request says, or a line that says what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Float32

from ganjax.errors import UserError, nearest
from ganjax.untrusted import json_of

FAR = 1e4  # farther out is nothing to be seen, and squares stay finite


def read_json(body: bytes, known: Iterable[str]) -> dict[str, Any]:
    """The object in a body, of no other keys than those known.

    Raises:
        UserError: it is none, or has another.
    """
    try:
        said = json_of(body, parse_constant=_no_number)
    except ValueError:
        raise UserError("the body is not valid JSON") from None
    if not isinstance(said, dict):
        raise UserError('the body is no JSON object, such as {"seed": 0}')
    strange = [key for key in said if key not in known]
    if strange:
        raise UserError(f"{strange[0][:40]!r} is nothing that this run reads{nearest(strange[0], known)}")
    return said


def _no_number(name: str) -> float:
    raise ValueError(name)


def number(value: Any, name: str, low: float = -FAR, high: float = FAR) -> float:
    """A number from low to high.

    Raises:
        UserError: something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:  # NaN is not either
        raise UserError(f"{name}: a number from {low:g} to {high:g} is needed")
    return float(value)


def whole(value: Any, name: str, count: int, first: int = 0) -> int:
    """A whole number from ``first`` to count − 1.

    Raises:
        UserError: something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not first <= value < count:
        raise UserError(f"{name}: a whole number from {first} to {count - 1} is needed")
    return value


def vector(value: Any, name: str, size: int) -> Float32[np.ndarray, " size"]:
    """So many numbers.

    Raises:
        UserError: another length, or something that is no number.
    """
    if not isinstance(value, list) or len(value) != size:
        what = f"{len(value)} came" if isinstance(value, list) else "in a list"
        raise UserError(f"{name}: {size} numbers are needed, {what}")
    return np.array([number(each, f"{name}[{i}]") for i, each in enumerate(value)], np.float32)


def weights(value: Any, name: str, size: int) -> Float32[np.ndarray, " size"]:
    """So many weights, none below 0, 1 in all.

    Raises:
        UserError: others.
    """
    found = vector(value, name, size)
    if (found < 0).any() or not math.isclose(found.sum(), 1, abs_tol=1e-3):
        raise UserError(f"{name}: weights are at least 0 and add up to 1")
    return found
