"""JSON and archives of arrays from anywhere: what is wrong with them is told in words, before memory is full."""

from __future__ import annotations

import json
import lzma
import os
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

DAMAGED = (  # what reading a cut, crafted, encrypted or oddly packed file raises
    ValueError, TypeError, LookupError, AttributeError, EOFError, ArithmeticError, MemoryError, RuntimeError, AssertionError,
    pickle.UnpicklingError, struct.error, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError,
)  # fmt: skip


def json_of(text: str | bytes, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is none, is no text, or nests deeper than anybody means.
    """
    try:
        return json.loads(text, parse_constant=parse_constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def arrays_of(file: Any) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz``, opened for reading.

    Raises:
        DAMAGED: it is none, is damaged, or holds objects, which are never unpickled; it unpacks to more than fits.
    """
    if not zipfile.is_zipfile(file):
        raise ValueError("it is no zip file, or is cut short")
    with zipfile.ZipFile(file) as archive:
        fits(sum(entry.file_size for entry in archive.infolist()))
    file.seek(0)
    with np.load(file, allow_pickle=False) as content:
        found = dict(content)
    strange = [name for name, x in found.items() if not isinstance(x, np.ndarray)]
    if strange:
        raise ValueError(f"{strange[0]} in it is no array")
    return found


def fits(size: int) -> None:
    """Looks at a size before anything is unpacked.

    Raises:
        ValueError: so many bytes are more than half of this machine's memory, where the system says how much that is.
    """
    memory = _memory()
    if memory and size > memory // 2:
        raise ValueError(
            f"it unpacks to {size / 2**30:,.1f} GiB, more than half of this machine's {memory / 2**30:.1f} GiB"
        )


def _memory() -> int:
    """Bytes, or 0 where the system does not say."""
    try:
        return max(0, os.sysconf("SC_PAGE_SIZE")) * max(0, os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # no such call, no such name
        return 0


def in_a_line(error: BaseException) -> str:
    """What went wrong, in one line of at most 200 characters."""
    return " ".join((str(error) or type(error).__name__).split())[:200]
