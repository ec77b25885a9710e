"""Data sets by name; every one is a ``Source``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ganjax.data import (
    attributes,
    avatars,
    captions,
    colours,
    files,
    folder,
    mixtures,
    pairs,
    stacked,
    tfds,
    translation,
)
from ganjax.data.source import Source
from ganjax.errors import UserError, nearest

SOURCES: dict[str, Callable[..., Source]] = {
    "avatars": avatars.avatars,
    "avatar_pairs": avatars.avatar_pairs,
    "avatar_outlines": pairs.avatar_outlines,
    "avatar_styles": pairs.avatar_styles,
    "avatar_parts": pairs.avatar_parts,
    "avatar_attributes": attributes.avatar_attributes,
    "attribute_folders": attributes.attribute_folders,
    "captioned_avatars": captions.captioned_avatars,
    "digits": files.digits,
    "digit_edges": pairs.digit_edges,
    "mnist": files.mnist,
    "stacked_digits": stacked.stacked_digits,
    "cifar10": files.cifar10,
    "npz": files.npz,
    "folder": folder.folder,
    "unpaired_folders": translation.unpaired_folders,
    "paired_folders": translation.paired_folders,
    "label_folders": translation.label_folders,
    "colours": colours.colours,
    "tfds": tfds.tfds,
    "ring8": mixtures.ring8,
    "grid25": mixtures.grid25,
    "swiss_roll": mixtures.swiss_roll,
    "two_moons": mixtures.two_moons,
}


def open_source(name: str, **options: Any) -> Source:
    """The data set of a name, opened with its options.

    Raises:
        UserError: no such data set, no such option of it, or its files are not there.
    """
    if name not in SOURCES:
        raise UserError(
            f"config.data.name: no data set {name!r}{nearest(name, SOURCES)}; there are: {', '.join(SOURCES)}"
        )
    taken = inspect.signature(SOURCES[name]).parameters
    for option in options:
        if option not in taken:
            known = f"it takes {', '.join(taken)}" if taken else "it takes none"
            raise UserError(f"config.data.{option}: {name} has no such option{nearest(option, taken)}; {known}")
    return SOURCES[name](**options)


def names() -> dict[str, str]:
    """Name -> what it is, in one line."""
    return {name: (inspect.getdoc(opener) or "").splitlines()[0] for name, opener in SOURCES.items()}
