"""Checkpoints: every Orbax call of the project. One checkpoint is one ``State``, written whole or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import json
import logging
import os
import shutil
import warnings
import zlib
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
from jax.experimental import multihost_utils
from orbax.checkpoint._src import asyncio_utils

from ganjax.core import State
from ganjax.distributed import anyone, speaks
from ganjax.errors import UserError
from ganjax.untrusted import DAMAGED, in_a_line, json_of

GOING = ".going-"  # before the name of a checkpoint that is being deleted: it is none any more
UNFINISHED = "*.orbax-checkpoint-tmp*"  # what a killed run was writing
PATIENCE = 60  # seconds, for what goes on after an error


class Checkpoints:
    """The checkpoints of a workdir: ``checkpoints/<step>/``, the last ``keep`` of them and the ``best``, if one is.

    Each has the ``notes`` of its time, JSON, and a sum over its bits: what does not come back as it was saved is no checkpoint.
    Use as a context manager.
    """

    def __init__(self, workdir: Path, keep: int = 3, best: int | None = None) -> None:
        self.folder, self.keep_last, self.best = (workdir / "checkpoints").absolute(), keep, best
        self.broken, self.notes, self.writes = set[int](), dict[str, Any](), False
        self.in_memory: Path | None = None  # written, but a machine that loses power now may not have it
        self.orbax = ocp.AsyncCheckpointer(ocp.CompositeCheckpointHandler())
        _to_the_end()

    def __enter__(self) -> Checkpoints:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._finish()
        except UserError:
            if kind is None:  # else what went wrong first is what is said
                raise
        finally:
            with contextlib.suppress(Exception):  # what it has to say has been said
                self.orbax.close()

    def tidy(self) -> None:
        """Removes what a killed run left half written or half deleted; for who alone writes here."""
        if speaks():
            for left in (*self.folder.glob(UNFINISHED), *self.folder.glob(f"{GOING}*")):
                shutil.rmtree(left, ignore_errors=True)

    def save(self, step: int, state: State) -> None:
        """Writes in the background; a copy is taken first, since the state is donated to the next step.

        Raises:
            UserError: this one, or the one before, cannot be written.
        """
        self._finish()
        if step not in self.steps() or step in self.broken:
            self._write(step, state)
        # where it was there already too: a kill may have come before it was on the disk and the oldest went
        self.writes, self.in_memory = True, self.folder / str(step)

    def _write(self, step: int, state: State) -> None:
        copy = jax.tree.map(jnp.copy, state)
        about = {"notes": self.notes, "bits": bits(copy)}
        about["sum"] = _of_notes(about)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if step in self.broken:
                self._delete(step)
                anyone(False)  # nobody writes there before it is away
                self.broken.remove(step)
            whole = ocp.args.Composite(default=ocp.args.StandardSave(copy))
            self.orbax.save(self.folder / str(step), args=whole, custom_metadata=about)
        except Exception as error:
            raise _unwritten(self.folder / str(step), error) from error

    def keep(self, step: int, state: State) -> None:
        """Saves ``step`` as the best so far: it stays, and the one that was is a checkpoint like the others."""
        self.best = step
        self.save(step, state)
        self._finish()  # it is called the best when it is there

    def steps(self) -> list[int]:
        """The steps that are there, oldest first."""
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted(int(each.name) for each in found if each.name.isdecimal() and each.is_dir())

    def notes_of(self, step: int) -> dict[str, Any]:
        """What was noted when ``step`` was saved."""
        found: dict[str, Any] = self._about(step).get("notes", {}) if step in self.steps() else {}
        return found

    def restore(self, like: State, step: int | None = None) -> tuple[int, State] | None:
        """(step, state) of a given step, or of the newest that can be read; None where there is none.

        ``like`` gives shapes, types and shardings; those it was saved with may have been others. A step that cannot be read is
        passed over with a warning.

        Raises:
            UserError: the step asked for does not exist; nothing that is there can be read.
        """
        self._finish()
        steps = self.steps()
        if step is not None and step not in steps:
            raise UserError(f"no checkpoint of step {step}; there are: {', '.join(map(str, steps)) or 'none'}")
        target = jax.tree.map(ocp.utils.to_shape_dtype_struct, like)
        for candidate in [step] if step is not None else reversed(steps):
            reason, state = "", None
            try:
                state = self._read(candidate, target)
            except Exception as error:
                reason = in_a_line(error)
            if not anyone(state is None) and state is not None:
                return candidate, state
            self.broken.add(candidate)
            reason = reason or "another process cannot read it"
            warnings.warn(f"checkpoint {candidate} cannot be read and is passed over: {reason}", stacklevel=2)
        if steps:
            raise UserError("no checkpoint can be read; see the warnings above, or start anew in another --workdir")
        return None

    def _read(self, step: int, target: State) -> State:
        """As it was saved, or an error."""
        asked = ocp.args.Composite(default=ocp.args.StandardRestore(target))
        state: State = self.orbax.restore(self.folder / str(step), args=asked)["default"]
        about = self._about(step)
        if about and about["bits"] != bits(state):
            raise ValueError("its bits are not those that were saved")
        return state

    def _about(self, step: int) -> dict[str, Any]:
        """What was saved with a step; nothing with those of old.

        Raises:
            ValueError: it cannot be read any more, or is something else.
        """
        path = self.folder / str(step) / "_CHECKPOINT_METADATA"
        try:
            found: dict[str, Any] = json_of(path.read_bytes())["custom_metadata"] or {}
            whole = not found or found.pop("sum") == _of_notes(found)
        except DAMAGED as error:
            raise ValueError(f"its notes cannot be read: {in_a_line(error)}") from error
        if not whole:
            raise ValueError("its notes are not those that were saved")
        return found

    def _finish(self) -> None:
        """Waits for what is being written, until it is on the disk, then lets the oldest go."""
        try:
            self.orbax.wait_until_finished()
            if self.in_memory and speaks():
                _to_the_disk(self.in_memory)
            self.in_memory = None
        except Exception as error:
            raise _unwritten(self.folder, error) from error
        kept = [step for step in self.steps() if step not in (*self.broken, self.best)]
        for step in kept[: -self.keep_last] if self.writes else ():  # who reads deletes nothing
            self._delete(step)

    def _delete(self, step: int) -> None:
        """Away at once, whole, as seen by those who read; by the process that speaks."""
        path, going = self.folder / str(step), self.folder / f"{GOING}{step}"
        if speaks() and path.is_dir():
            shutil.rmtree(going, ignore_errors=True)
            os.replace(path, going)
            shutil.rmtree(going, ignore_errors=True)


def _to_the_disk(folder: Path) -> None:
    """All that is in a folder, and its name in the one above; a rename alone outlives a process, not a machine without power."""
    for path in (*folder.rglob("*"), folder, folder.parent):
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _of_notes(about: dict[str, Any]) -> int:
    """A sum over what is told of a checkpoint; bits of the file that say nothing may be others."""
    return zlib.crc32(json.dumps(about, sort_keys=True).encode())


def bits(tree: Any) -> int:
    """A sum over the bits of all arrays of a tree: every word and its place count. All processes must call it.

    Σ wᵢ wordᵢ mod 2³² of each array with odd wᵢ, so that no single word changes unseen; each process adds the parts that it is
    the first to hold.
    """
    sums = np.array([sum(_sum(*part) for part in _parts(leaf)) % 2**32 for leaf in jax.tree.leaves(tree)], np.uint32)
    if jax.process_count() > 1:
        sums = multihost_utils.process_allgather(sums).sum(axis=0, dtype=np.uint32)
    return zlib.crc32(sums.tobytes())


def _parts(x: Any) -> Iterator[tuple[np.ndarray, tuple[slice, ...], tuple[int, ...]]]:
    """(values, where they are in the whole, its shape) of what this process is the first to hold of an array."""
    if isinstance(x, jax.Array):
        for shard in x.addressable_shards:
            if shard.replica_id == 0:
                yield np.asarray(shard.data), shard.index, x.shape
    elif speaks():
        yield np.asarray(x), (slice(None),) * np.ndim(x), np.shape(x)


def _sum(x: np.ndarray, index: tuple[slice, ...], shape: tuple[int, ...]) -> int:
    words = np.atleast_1d(np.ascontiguousarray(x)).view(f"u{x.dtype.itemsize}").astype(np.uint32)
    places: np.ndarray = np.zeros((), np.uint32)
    for where, length in zip(index, shape, strict=True):
        places = places[..., None] * np.uint32(length) + np.arange(*where.indices(length), dtype=np.uint32)
    return int((words.reshape(places.shape) * (2 * places + 1)).sum(dtype=np.uint32))


@functools.cache
def _to_the_end() -> None:
    """What Orbax began has ended before its event loop closes, and what it raises it does not print as well.

    It leaves a loop at the first read or write that fails. TensorStore's threads then answer to a loop that is gone: errors that
    nobody asks for are printed with their stacks, and on Python 3.13 processes were seen to end there.
    """
    run_sync = asyncio_utils.run_sync

    async def ended(coroutine: Coroutine[Any, Any, Any]) -> Any:
        try:
            return await coroutine
        except Exception:
            if left := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(left, timeout=PATIENCE)
            raise

    asyncio_utils.run_sync = lambda coroutine: run_sync(ended(coroutine))
    logging.getLogger("absl").addFilter(lambda record: record.levelno < logging.ERROR or "orbax" not in record.pathname)


def _unwritten(path: Path, error: Exception) -> UserError:
    full = os.strerror(errno.ENOSPC)
    reason = full if full in str(error) else in_a_line(error)
    return UserError(
        f"{path}: a checkpoint cannot be written ({reason}); those before are kept, the same command goes on"
    )
