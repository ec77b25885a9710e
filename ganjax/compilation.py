"""Compiled programs are kept between runs, and what runs once is compiled in a hurry."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import filelock
import jax

from ganjax import cache

T = TypeVar("T")
LIMIT = 2**30  # bytes of compiled programs; the least recently used go first
WORTH_KEEPING = 0.5  # seconds of compilation


def keep(folder: Path | None = None, limit: int = LIMIT) -> None:
    """Lets JAX keep compiled programs in ``folder``, by default ganjax's in the user's cache folder.

    Does nothing where JAX already has a folder (JAX_COMPILATION_CACHE_DIR), or where none can be made.
    """
    if jax.config.jax_compilation_cache_dir:  # type: ignore[attr-defined]
        return
    folder = folder or cache.folder("compiled")
    with contextlib.suppress(OSError, filelock.Timeout):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_compilation_cache_max_size", limit)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", WORTH_KEEPING)


def sweep(folder: Path) -> list[Path]:
    """Deletes, and returns, entries that were never finished; JAX would warn of them for ever and compile each time.

    JAX writes an entry in place and then its time stamp, so one without a stamp was cut short; a stamp without an
    entry makes it stumble too.
    """
    with filelock.FileLock(folder / ".lockfile", timeout=10):  # JAX's own: nobody is writing now
        entries = {path.name.removesuffix("-cache"): path for path in folder.glob("*-cache")}
        stamps = {path.name.removesuffix("-atime"): path for path in folder.glob("*-atime")}
        cut = [(entries | stamps)[name] for name in sorted(entries.keys() ^ stamps.keys())]
        for path in cut:
            path.unlink(missing_ok=True)
    return cut


def hurry() -> dict[str, int] | None:
    """``compiler_options`` of a program that hardly runs: on the CPU few optimisations compile in 0.3 to 0.4 of the time."""
    return {"xla_backend_optimization_level": 1} if jax.default_backend() == "cpu" else None


def once(function: Callable[..., T]) -> Callable[..., T]:
    """``function`` as a program of one call: compiled in a hurry, and forgotten; a program that is kept takes tens of MiB."""

    def call(*args: object) -> T:
        own = jax.jit(lambda *args: function(*args), compiler_options=hurry())  # JAX remembers while the function lives
        return own(*args)  # type: ignore[no-any-return]

    return call
