"""Folders of two domains: of no pairs, of pairs in twin folders or side by side, of maps of classes and photographs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ganjax.data.folder import Files, images_in, on_white, root_of, stream, walk
from ganjax.data.source import Examples, Source, check_fit, fit, fit_map
from ganjax.errors import UserError

OF_CITYSCAPES = re.compile(r"_(gt(Fine|Coarse)_(labelIds|instanceIds)|leftImg8bit)$")  # what its twins' names differ in


def unpaired_folders(path: str | None = None, split: str = "train", image_size: int = 256, channels: int = 3) -> Source:
    """Unpaired: ``a`` of the folder ``path``/trainA, ``b`` of trainB (testA, testB), of any numbers and sizes.

    Raises:
        UserError: no such folders, no images in one, or more than half of its images cannot be read.
    """
    root = root_of(path, "unpaired_folders", f"{split}A and {split}B in a folder of yours")
    check_fit(image_size, channels)
    names = {side: f"{split}{side.upper()}" for side in "ab"}
    sides = [_side(root, side, name, image_size, channels) for side, name in names.items()]
    large, small = sorted(sides, key=lambda source: -source.size)
    info = {"sides": names, "skipped": [line for source in sides for line in source.info["skipped"]]}
    return large._replace(name="unpaired_folders", info=info, beside=small)


def _side(root: Path, side: str, name: str, size: int, channels: int) -> Source:
    folder = _below(root, name, "trainA, trainB (and testA, testB)")
    items = [(file,) for file in images_in(folder, "images")]
    kept, skipped, fetch = stream(root, items, [_reader(side, size, channels)], size**2 * channels)
    return Source(f"{root.name}/{name}", len(kept), fetch, {"skipped": skipped})


def paired_folders(path: str | None = None, split: str = "train", image_size: int = 256, channels: int = 3) -> Source:
    """Pairs: files of one stem in ``path``/trainA and trainB (or A/train and B/train), or ``a`` beside ``b`` in one image.

    Raises:
        UserError: no such folders, no pairs in them, or more than half of the images cannot be read.
    """
    root = root_of(path, "paired_folders", "pairs of images in a folder of yours")
    check_fit(image_size, channels)
    if twins := _twin_folders(root, split):
        items, alone = _of_one_stem(root, twins)
        readers = [_reader(side, image_size, channels) for side in "ab"]
        sides = [str(folder.relative_to(root)) for folder in twins]
    else:
        items, alone, sides = [(file,) for file in _side_by_side(root, split)], [], ["left half", "right half"]
        readers = [_halves(image_size, channels)]
    kept, skipped, fetch = stream(root, items, readers, 2 * image_size**2 * channels, alone)
    return Source(
        "paired_folders", len(kept), fetch, {"sides": dict(zip("ab", sides, strict=True)), "skipped": skipped}
    )


def label_folders(path: str | None = None, split: str = "train", image_size: int = 256, classes: int = 35) -> Source:
    """Maps of classes ``a``, int32 of ``path``/train_label, photographs ``b`` of train_img; ``instance`` of train_inst if there.

    Files of one stem belong together; what Cityscapes adds to it is left out. Instances are numbered within an image from 0.

    Raises:
        UserError: no such folders, no pairs in them, or more than half of the files cannot be read, or hold other classes.
    """
    root = root_of(path, "label_folders", f"{split}_label, {split}_img and, if you have it, {split}_inst")
    check_fit(image_size, 3)
    names = [f"{split}_{kind}" for kind in ("label", "img", "inst")]
    expected = "train_label and train_img (and train_inst, and the same of test)"
    folders = [_below(root, name, expected) for name in names[: 2 + (root / names[2]).is_dir()]]
    items, alone = _of_one_stem(root, folders)
    readers = [_labels(image_size, classes), _reader("b", image_size, 3), _instances(image_size)][: len(folders)]
    kept, skipped, fetch = stream(root, items, readers, (3 + 4 * len(folders[1:])) * image_size**2, alone)
    info = {
        "sides": {"a": "classes", "b": "photographs"},
        "parts": [str(i) for i in range(classes)],
        "skipped": skipped,
    }
    return Source("label_folders", len(kept), fetch, info)


def _below(root: Path, name: str, expected: str) -> Path:
    if not (root / name).is_dir():
        raise UserError(f"{root} has no {name}; it should hold {expected}")
    return root / name


def _twin_folders(root: Path, split: str) -> list[Path]:
    """Those of ``paired_folders`` that are there, none where pairs are single images."""
    for names in ((f"{split}A", f"{split}B"), (f"A/{split}", f"B/{split}")):
        if any((root / name).is_dir() for name in names):
            return [_below(root, name, f"{' and '.join(names)}, with files of one name in both") for name in names]
    return []


def _side_by_side(root: Path, split: str) -> list[Path]:
    folder = root / split if (root / split).is_dir() else root
    files = list(walk(folder))
    if folder == root:  # what lies deeper is another split
        files = [file for file in files if file.parent == root]
    if not files:
        raise UserError(
            f"{folder} has no pairs: it should hold {split}A and {split}B, A/{split} and B/{split}, "
            f"or {split} with images of both sides in one, the left half a, the right half b"
        )
    return files


def _of_one_stem(root: Path, folders: Sequence[Path]) -> tuple[list[Files], list[str]]:
    """(files that share a path but for its ending, one of each folder; the others, and why).

    Raises:
        UserError: there are none.
    """
    listed = [images_in(folder, "images") for folder in folders]
    tables = [{_stem(file, folder): file for file in files} for folder, files in zip(folders, listed, strict=True)]
    items = [tuple(table[stem] for table in tables) for stem in tables[0] if all(stem in table for table in tables)]
    if not items:
        here, there = (files[0].relative_to(root) for files in listed[:2])
        raise UserError(f"{root}: no two files belong together, such as {here} and {there}; give pairs one name")
    used = {file for files in items for file in files}
    alone = [f"{file.relative_to(root)}: has no twin" for files in listed for file in files if file not in used]
    return items, alone


def _stem(file: Path, folder: Path) -> str:
    return OF_CITYSCAPES.sub("", str(file.relative_to(folder).with_suffix("")))


def _reader(side: str, size: int, channels: int) -> Callable[[Image.Image], Examples]:
    return lambda image: {side: fit(on_white(image), size, channels)}


def _halves(size: int, channels: int) -> Callable[[Image.Image], Examples]:
    """a of the left half, b of the right one; of an odd width the column between is left out."""

    def read(image: Image.Image) -> Examples:
        width, height = image.size
        if width < 2:
            raise ValueError(f"{width}×{height} pixels have no two halves")
        whole = on_white(image)
        places = {"a": (0, 0, width // 2, height), "b": (width - width // 2, 0, width, height)}
        return {side: fit(whole.crop(place), size, channels) for side, place in places.items()}

    return read


def _labels(size: int, classes: int) -> Callable[[Image.Image], Examples]:
    def read(image: Image.Image) -> Examples:
        ids = fit_map(ids_of(image), size)
        if not 0 <= ids.min() <= ids.max() < classes:
            raise ValueError(
                f"classes {ids.min()} to {ids.max()}, and config.data.classes={classes} are 0 to {classes - 1}"
            )
        return {"a": ids}

    return read


def _instances(size: int) -> Callable[[Image.Image], Examples]:
    def read(image: Image.Image) -> Examples:
        ids = fit_map(ids_of(image), size)
        numbers = np.unique(ids, return_inverse=True)[1]
        return {"instance": numbers.reshape(ids.shape).astype(np.int32)}

    return read


def ids_of(image: Image.Image) -> np.ndarray:
    """The numbers of a map [h, w] as they are in the file: of a palette its indices, of 16 bits all."""
    if image.mode not in ("1", "L", "P") and not image.mode.startswith("I"):
        raise ValueError(f"its pixels are {image.mode}, and should be one whole number each")
    return np.asarray(image)
