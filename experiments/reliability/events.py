"""What a process does to files, by whatever library, as far as Python's audit hooks see it: C++ writes past them."""

from __future__ import annotations

import os
from typing import Any

from ganjax import cache

ONE_PATH = ("os.remove", "os.mkdir", "os.rmdir", "os.truncate")
TWO_PATHS = ("os.rename", "os.link", "os.symlink")


def changed(event: str, args: tuple[Any, ...]) -> str | None:
    """The path that an event writes to, makes or deletes; None of all other events."""
    if event == "open":
        mode, flags = args[1:3]
        writes = set(mode) & set("wxa+") if isinstance(mode, str) else flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    elif not (writes := event in ONE_PATH + TWO_PATHS):
        return None
    if not writes:
        return None
    path, folder = args[event in TWO_PATHS], args[-1] if event != "open" else -1
    if isinstance(path, int):
        return None
    if isinstance(folder, int) and folder >= 0 and event != "os.truncate":  # a name within an open folder
        return os.path.join(os.readlink(f"/proc/self/fd/{folder}"), os.fsdecode(path))
    return os.fsdecode(path)


def outside(path: str, root: str) -> bool:
    """Whether it is no file in ``root``, none of the compilation cache, no folder on the way there, and no device."""
    real = os.path.realpath(path) + "/"
    kept = os.path.realpath(os.environ.get("JAX_COMPILATION_CACHE_DIR", cache.folder("compiled"))) + "/"
    return not real.startswith((f"{root}/", kept, "/dev/", "/proc/")) and not kept.startswith(real)
