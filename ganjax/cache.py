"""The folder in the user's cache where what was computed once is kept."""

from __future__ import annotations

import os
from pathlib import Path


def folder(name: str) -> Path:
    """ganjax's folder of a name, under XDG_CACHE_HOME or ~/.cache; it may not exist yet."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ganjax" / name


def trim(path: Path, limit: int) -> None:
    """Deletes files of ``path``, the longest unused first, until the others are ``limit`` bytes or less."""
    files = sorted(path.iterdir(), key=lambda file: file.stat().st_atime, reverse=True)
    held = 0
    for file in files:
        held += file.stat().st_size
        if held > limit:
            file.unlink(missing_ok=True)
