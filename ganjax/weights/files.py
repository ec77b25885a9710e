"""Named arrays out of a file of weights: torch's .pth (both of its formats), .safetensors, .npz, pickled NumPy arrays.

Nothing in a file is run, torch is not needed, and the file's SHA-256 says which weights they are.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.errors import UserError
from ganjax.untrusted import DAMAGED, arrays_of, fits, in_a_line
from ganjax.weights.pickles import NumpyArray, NumpyPickle, Tensor, TorchPickle

Arrays = dict[str, np.ndarray]  # names joined by dots
DEEP = 20  # dicts in dicts
TORCH_LEGACY = 0x1950A86A20F9469CFC6C


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path) -> Arrays:
    """All arrays of a file, by name; what the file is, is seen from its content.

    Raises:
        UserError: no such file, or it is none of these, is cut short, or holds more than arrays.
    """
    if not path.is_file():
        raise UserError(f"no file {path}")
    try:
        with path.open("rb") as file:
            return _read(file)
    except DAMAGED as error:
        raise UserError(f"{path} cannot be read as weights: {in_a_line(error)}") from error


def _read(file: Any) -> Arrays:
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            pickled = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            if pickled:
                return _torch_zip(archive, pickled[0].removesuffix("data.pkl"))
        return {name.removesuffix(".npy"): x for name, x in arrays_of(file).items()}
    file.seek(0)
    start = file.read(10)
    file.seek(0)
    if start[8:9] == b"{":
        return _safetensors(file.read())
    if start[:1] != b"\x80":
        raise ValueError("it is no .pth, .safetensors, .npz or pickle of arrays")
    return _torch_legacy(file) if _is_torch(file) else _flat(NumpyPickle(file).load())


def _torch_zip(archive: zipfile.ZipFile, root: str) -> Arrays:
    fits(sum(entry.file_size for entry in archive.infolist()))
    if f"{root}byteorder" in archive.namelist() and archive.read(f"{root}byteorder") != b"little":
        raise ValueError("it was written on a big-endian machine")
    reader = TorchPickle(io.BytesIO(archive.read(f"{root}data.pkl")))
    tree = reader.load()
    for key, storage in reader.storages.items():
        entry = archive.getinfo(f"{root}data/{key}")
        storage.check(entry.file_size)  # before it is unpacked
        storage.fill(archive.read(entry))
    return _flat(tree)


def _is_torch(file: Any) -> bool:
    try:
        return bool(TorchPickle(file).load() == TORCH_LEGACY)
    except pickle.UnpicklingError:
        return False
    finally:
        file.seek(0)


def _torch_legacy(file: Any) -> Arrays:
    for _ in ("magic number", "protocol", "machine"):
        TorchPickle(file).load()
    reader = TorchPickle(file)
    tree = reader.load()
    for key in TorchPickle(file).load():
        storage = reader.storages[key]
        (size,) = struct.unpack("<q", file.read(8))
        if size != storage.size:
            raise ValueError(f"{size} numbers where {storage.size} were announced")
        storage.fill(file.read(size * storage.dtype.itemsize))
    return _flat(tree)


def _safetensors(data: bytes) -> Arrays:
    try:
        from safetensors import SafetensorError, numpy
    except ModuleNotFoundError:
        raise UserError('.safetensors are read by their library: pip install "ganjax[metrics]"') from None
    try:
        arrays: Arrays = numpy.load(data)
    except SafetensorError as error:
        raise ValueError(error) from error
    return arrays


def safetensors_of(arrays: Arrays) -> bytes:
    """The bytes of a .safetensors file.

    Raises:
        UserError: their library is not there.
    """
    try:
        from safetensors import numpy
    except ModuleNotFoundError:
        raise UserError('.safetensors are written by their library: pip install "ganjax[metrics]"') from None
    data: bytes = numpy.save(arrays)
    return data


def _flat(tree: Any, prefix: str = "", depth: int = 0) -> Arrays:
    """The arrays of nested dicts and lists; numbers and texts between them are left out."""
    if isinstance(tree, Tensor):
        return {prefix: tree.array()}
    if isinstance(tree, NumpyArray):
        return {prefix: tree.array}
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, (list, tuple)) else ()
    if depth > DEEP:
        raise ValueError(f"it is nested more than {DEEP} deep")
    flat: Arrays = {}
    for name, child in children:
        flat |= _flat(child, f"{prefix}.{name}" if prefix else str(name), depth + 1)
    return flat
