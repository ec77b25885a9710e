"""Images and what they show: ``attribute`` int32 [n, k], each a place in its values in info["attributes"], −1 unknown."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.data.avatars import codes_of, pack
from ganjax.data.folder import images_in, on_white, root_of, stream
from ganjax.data.source import Examples, Source, check_fit, fit, fit_all, from_arrays
from ganjax.errors import UserError, nearest

Table = dict[str, dict[str, str]]  # attribute -> file name -> value
HAIR = {
    "brown": ("#28150a", "#603015", "#603a14", "#611c17", "#612616"),
    "blond": ("#83623b", "#a78961", "#cab188"),
    "red": ("#bd1700",),
    "green": ("#91cb15",),
    "blue": ("#009bbd",),
}
SKIN = {
    "dark": ("#8d5524", "#a26d3d", "#b68655", "#cb9e6e"),
    "light": ("#e0b687", "#eac393", "#f5cfa0", "#ffdbac"),
}
OF_AVATARS: dict[str, tuple[str, Mapping[str, tuple[str, ...]] | None]] = {
    "hair": ("hair_colour", HAIR),
    "skin": ("skin_colour", SKIN),
    "glasses": ("glasses", None),
    "hat": ("hat", None),
}
YES, NO = ("1", "true", "yes"), ("-1", "0", "false", "no")


def avatar_attributes(
    attributes: str = "hair,skin,glasses", partly: bool = False, image_size: int = 32, channels: int = 3
) -> Source:
    """10,000 faces with some of: ``hair`` (brown, blond, red, green, blue), ``skin`` (dark, light), ``glasses``, ``hat``; CC0.

    ``partly``: the first half of the faces is known by the first attribute alone, the second half by the others.

    Raises:
        UserError: no such attribute.
    """
    columns, info = [], dict[str, list[str]]()
    for name in _names(attributes):
        if name not in OF_AVATARS:
            raise UserError(
                f"config.data.attributes: no {name!r}{nearest(name, OF_AVATARS)}; there are: {', '.join(OF_AVATARS)}"
            )
        column, groups = OF_AVATARS[name]
        codes, values = codes_of(column)
        if groups is None:  # it is there or not
            info[name], place = ["none", name], [int(value != "none") for value in values]
        else:
            info[name] = list(groups)
            place = [next(i for i, group in enumerate(groups.values()) if value in group) for value in values]
        columns.append(np.asarray(place, np.int32)[codes])
    attribute, images = np.stack(columns, axis=1), fit_all(pack()["pixel_art"], image_size, channels)
    if partly:
        half = len(attribute) // 2
        attribute[:half, 1:], attribute[half:, :1] = -1, -1
    arrays = {"image": images, "attribute": attribute}
    return from_arrays("avatar_attributes", arrays, {"attributes": info, "licence": "CC0 1.0"})


def attribute_folders(
    path: str | None = None, attributes: str | None = None, image_size: int = 128, channels: int = 3
) -> Source:
    """Images of the folder ``path``, or of several with commas between, each with a table of attributes, or domains for folders.

    A table is a .csv whose first column is the file name, or CelebA's text (a number of images, a line of names, then a file
    name and 1 or −1 of each); without one the sub-folders are the values of an attribute that has the folder's name. Several
    folders may know different attributes; ``attributes`` picks some, with commas between.

    Raises:
        UserError: no such folder or attribute, no images, tables that name none of them, or more than half cannot be read.
    """
    check_fit(image_size, channels)
    given: list[str | None] = [*_names(path)]
    roots = [root_of(each, "attribute_folders", "folders of images with a table") for each in given or [None]]
    tables = [_table(root) for root in roots]
    known = list(dict.fromkeys(name for table in tables for name in table))
    chosen = list(dict.fromkeys(_names(attributes) or known))
    for name in chosen:
        if name not in known:
            raise UserError(
                f"config.data.attributes: no {name!r}{nearest(name, known)}; there are: {', '.join(known[:50])}"
            )
    values = {name: _values(name, tables) for name in chosen}
    parts = [_folder(root, table, values, image_size, channels) for root, table in zip(roots, tables, strict=True)]
    info: dict[str, Any] = {"attributes": values, "skipped": [line for part in parts for line in part.info["skipped"]]}
    return _one_after_the_other("attribute_folders", parts, info)


def _folder(root: Path, table: Table, values: dict[str, list[str]], size: int, channels: int) -> Source:
    files = [(file,) for file in images_in(root, "images") if any(_key(root, file, of) for of in table.values())]
    if not files:
        raise UserError(f"{root}: its table names none of its images")
    read = [lambda image: {"image": fit(on_white(image), size, channels)}]
    kept, skipped, fetch = stream(root, files, read, size**2 * channels)
    attribute = np.full((len(kept), len(values)), -1, np.int32)
    for row, (file,) in enumerate(kept):
        for column, (name, places) in enumerate(values.items()):
            key = _key(root, file, table.get(name, {}))
            attribute[row, column] = places.index(table[name][key]) if key else -1
    return Source(str(root), len(kept), lambda i: {**fetch(i), "attribute": attribute[i]}, {"skipped": skipped})


def _key(root: Path, file: Path, table: dict[str, str]) -> str | None:
    """How a table names a file: by its path below the folder, its name, or without its ending."""
    return next((key for key in (str(file.relative_to(root)), file.name, file.stem) if key in table), None)


def _table(root: Path) -> Table:
    """What is known of the images of a folder.

    Raises:
        UserError: there are two tables, or none and no sub-folders.
    """
    found = [
        file
        for file in sorted(root.iterdir())
        if file.suffix == ".csv" or ("attr" in file.stem and file.suffix == ".txt")
    ]
    if len(found) > 1:
        raise UserError(f"{root} has several tables, {', '.join(file.name for file in found)}; leave one of attributes")
    if found:
        return _read(found[0])
    files = images_in(root, "images with a table, or a folder of images for each domain")
    parts = {str(file.relative_to(root)): file.relative_to(root).parts for file in files}
    domains = {name: below[0] for name, below in parts.items() if len(below) > 1}
    if not domains:
        raise UserError(
            f"{root} has no table of attributes (.csv, or CelebA's list_attr….txt) and no folder for each domain"
        )
    return {root.resolve().name: domains}


def _read(file: Path) -> Table:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read as a table: {error}") from error
    if file.suffix == ".csv":
        try:
            rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()) if row]
        except csv.Error as error:
            raise UserError(f"{file} cannot be read as a table: {error}; is a quotation mark left open?") from error
        names, rows = (rows[0][1:], rows[1:]) if rows else ([], [])
    else:
        lines = text.splitlines()
        names, rows = (
            (lines[1].split(), [line.split() for line in lines[2:] if line.strip()]) if len(lines) > 1 else ([], [])
        )
    wrong = next((i for i, row in enumerate(rows) if len(row) != len(names) + 1), None)
    if not names or wrong is not None:
        where = (
            f"its image {rows[wrong][0]} has {len(rows[wrong]) - 1} values" if wrong is not None else "it has no names"
        )
        raise UserError(f"{file} is no table of attributes: {where}, {len(names)} attributes are named")
    return {name: {row[0]: row[i + 1].strip() for row in rows if row[i + 1].strip()} for i, name in enumerate(names)}


def _values(name: str, tables: list[Table]) -> list[str]:
    """The values of an attribute in all tables; of yes and no, however they are written there, "no NAME" and NAME, which the
    tables have afterwards."""
    columns = [table[name] for table in tables if name in table]
    if {value.lower() for column in columns for value in column.values()} <= {*YES, *NO}:
        for column in columns:
            column |= {file: name if value.lower() in YES else f"no {name}" for file, value in column.items()}
        return [f"no {name}", name]
    return sorted({value for column in columns for value in column.values()})


def _one_after_the_other(name: str, parts: Sequence[Source], info: dict[str, Any]) -> Source:
    starts = np.cumsum([0, *(part.size for part in parts)])

    def fetch(i: np.ndarray) -> Examples:
        of = np.searchsorted(starts, i, side="right") - 1
        found = [part.fetch(i[of == j] - starts[j]) for j, part in enumerate(parts)]
        order = np.argsort(np.argsort(of, kind="stable"), kind="stable")
        return {key: np.concatenate([each[key] for each in found if len(each[key])])[order] for key in found[0]}

    return Source(name, int(starts[-1]), fetch, info)


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()] if text else []
