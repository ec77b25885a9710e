"""The workdir of a run: what is written there first, and how a run is opened again from nothing else."""

from __future__ import annotations

import contextlib
import json
import platform
import warnings
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import filelock
import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from ganjax import config as configs
from ganjax.best import read_best
from ganjax.checkpoint import Checkpoints
from ganjax.core import State
from ganjax.data.source import Source
from ganjax.distributed import speaks
from ganjax.errors import UserError
from ganjax.monitor.pictures import PART, write_whole
from ganjax.run import Run, assemble, initial_state
from ganjax.untrusted import in_a_line, json_of


def claim(workdir: Path, run: Run) -> None:
    """Writes config.json, data.json and environment.json into ``workdir``; an older run there must be the same run. Every
    process of a run looks, the one that speaks writes.

    Converted weights have seen no data: theirs have size 0, and any will do.

    Raises:
        UserError: ``workdir`` holds a run with another config, or something else.
    """
    path, new = workdir / "config.json", configs.to_json(run.config)
    shapes = {name: [list(x.shape[2:]), str(x.dtype)] for name, x in run.batch.items()}
    data = {"name": run.source.name, "size": run.source.size, "shapes": shapes, "info": run.source.info}
    started = any((workdir / "checkpoints").glob("*"))
    if started and path.exists():
        with _readable(workdir):
            _same(workdir, new, data)
    elif started:
        raise UserError(
            f"{workdir} has checkpoints but no config.json: it is not known what run they are; take another --workdir"
        )
    if speaks():
        write_whole(path, json.dumps(new, indent=2, sort_keys=True).encode())
        write_whole(workdir / "data.json", json.dumps(data).encode())
        write_whole(workdir / "environment.json", json.dumps(_environment(), indent=2).encode())


def _same(workdir: Path, new: dict[str, Any], data: dict[str, Any]) -> None:
    """Whether config and data are those of the run in ``workdir``."""
    lines = sorted(
        configs.differences(configs.complete(_read_json(workdir / "config.json")), new),
        key=lambda line: not line.startswith("system:"),
    )
    if lines:
        more = f" and {len(lines) - 4} more" if len(lines) > 4 else ""
        raise UserError(
            f"{workdir} holds a run with another config ({'; '.join(lines[:4])}{more}); "
            "take another --workdir, or give the old values to go on with it"
        )
    old = _read_json(workdir / "data.json")
    if old["size"] and any(old[key] != data[key] for key in ("name", "size", "shapes")):
        raise UserError(
            f"{workdir} was trained on other data: {old['name']} of {old['size']} examples {old['shapes']}, "
            f"now {data['name']} of {data['size']} {data['shapes']}; take another --workdir, or bring the old data back"
        )
    known = old["info"].get("attributes"), json.loads(json.dumps(data["info"].get("attributes")))
    if old["size"] and "attribute" in data["shapes"] and known[0] != known[1]:
        raise UserError(
            f"{workdir} was trained on the attributes {known[0]}, the data have {known[1]} now; take another --workdir, or "
            "bring the old table back"
        )


@contextlib.contextmanager
def _readable(workdir: Path) -> Iterator[None]:
    """What goes wrong with a run's own files is said in a line."""
    try:
        yield
    except (UserError, jax.errors.JaxRuntimeError):  # the second is the machine's, which may be full
        raise
    except Exception as error:  # files of another version, or written by hand: anything may come out of them
        reason = f"{type(error).__name__}: {in_a_line(error)}"
        raise UserError(f"{workdir}: config.json or data.json is not what this version reads ({reason})") from error


def read_config(workdir: Path) -> ConfigDict:
    """The config of a workdir, which is data: lists are tuples again.

    Raises:
        UserError: there is no run, its config.json cannot be read, or what everybody reads in it is of another kind.
    """
    with _readable(workdir):
        config = ConfigDict(_tuples(configs.complete(_read_json(workdir / "config.json"))))
        for name in ("steps", "save_every", "num_seeds", "seed"):
            if type(config.train[name]) is not int:
                raise TypeError(f"train.{name}: {config.train[name]!r} is no whole number")
        return config


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise UserError(f"no run in {path.parent}: {path} is not there; --workdir is the directory that training wrote")
    try:
        content: dict[str, Any] = json_of(path.read_bytes())
        return content
    except ValueError as error:
        raise UserError(f"{path} is not valid JSON: {error}") from error


@contextlib.contextmanager
def held(workdir: Path) -> Iterator[None]:
    """``workdir`` is this run's alone, until it ends in whatever way: its processes are one run, verbs may read meanwhile.

    What a killed run was writing goes.

    Raises:
        UserError: another run trains there.
    """
    lock = filelock.FileLock(workdir / ".lock")
    try:
        lock.acquire(timeout=0) if speaks() else None
    except filelock.Timeout:
        raise UserError(f"{workdir}: another process trains this run; wait for it, or take another --workdir") from None
    except RuntimeError:  # filelock has no name for it
        warnings.warn(f"{workdir}: this file system has no locks; see that no other run trains there", stacklevel=3)
    try:
        for part in (*workdir.glob(PART), *workdir.glob(f"*/{PART}")) if speaks() else ():
            part.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def described(workdir: Path, **train: Any) -> Run:
    """The run of a workdir, without its data and without any state; ``train`` changes keys of ``config.train``.

    Raises:
        UserError: no such workdir; its config fits together no more.
    """
    with _readable(workdir):
        config, data = read_config(workdir), _read_json(workdir / "data.json")
        config.train.update(train)
        shapes = {name: jax.ShapeDtypeStruct(tuple(shape), dtype) for name, (shape, dtype) in data["shapes"].items()}
        return assemble(config, Source(str(data["name"]), int(data["size"]), _absent, dict(data["info"])), shapes)


def reopen(workdir: Path, step: int | str | None = None, index: int = 0) -> tuple[Run, int, State]:
    """(run, step, state) of a workdir, which is all that is needed; ``index`` picks one of several seeds.

    ``step`` is a checkpoint, ``best`` the one that evaluations found best, 0 the state before training.

    Raises:
        UserError: no such workdir, checkpoint or seed.
    """
    run = described(workdir)
    seeds = run.config.train.num_seeds
    if not 0 <= index < seeds:
        raise UserError(f"--run={index}: {workdir} trained {seeds} seed{'s'[: seeds > 1]}, numbered from 0")
    with _readable(workdir):  # networks of sizes that do not fit show when they are made
        state = initial_state(run)
    step = _named(workdir, step)
    with Checkpoints(workdir) as checkpoints:
        begun = step == 0 and 0 not in checkpoints.steps()
        restored = (0, state) if begun else checkpoints.restore(state, step)
    if restored is None:
        raise UserError(f"{workdir} has no checkpoint yet; train it first, or wait for the first save")
    found, state = restored
    return run, found, jax.tree.map(lambda x: x[index], state) if seeds > 1 else state


def grafted(run: Run, state: State, workdir: Path) -> tuple[State, int, int]:
    """(the state with the parameters and statistics of ``workdir``'s newest step where names and shapes agree, how many arrays
    those are, how many are not). A network within another (``inner``) has the names of that network alone.

    Raises:
        UserError: there is no such run, or nothing of it fits; several seeds.
    """
    if run.config.train.num_seeds > 1:
        raise UserError("config.train.start_from gives one run's parameters: train.num_seeds must be 1")
    other = reopen(workdir)[2]
    found = {
        jax.tree_util.keystr(path): x
        for path, x in jax.tree_util.tree_leaves_with_path((other.params, other.carry.vars))
    }
    taken = 0

    def graft(path: Any, leaf: jax.Array) -> jax.Array:
        nonlocal taken
        x = found.get(jax.tree_util.keystr(path).replace("['inner']", ""))
        if x is None or x.shape != leaf.shape or x.dtype != leaf.dtype:
            return leaf
        taken += 1
        return jnp.copy(x)

    params, vars = jax.tree_util.tree_map_with_path(graft, (state.params, state.carry.vars))
    if not taken:
        raise UserError(f"config.train.start_from={workdir}: no parameter there has a name and shape of this run's")
    ema = jax.tree.map(jnp.copy, (params.gen, vars.gen)) if run.game.averaged else state.ema.gen
    new = state._replace(params=params, carry=state.carry._replace(vars=vars), ema=state.ema._replace(gen=ema))
    return new, taken, len(jax.tree.leaves((params, vars))) - taken


def _named(workdir: Path, step: int | str | None) -> int | None:
    if step is None or isinstance(step, int) or step.isdecimal():
        return None if step is None else int(step)
    best = read_best(workdir)
    if step != "best" or best is None:
        what = (
            "has no best step: nothing was evaluated while it trained"
            if step == "best"
            else "has numbered steps, and `best`"
        )
        raise UserError(f"--step={step}: {workdir} {what}")
    return best.step


def _absent(indices: np.ndarray) -> dict[str, np.ndarray]:
    raise UserError("a reopened run has no data: it was opened to sample, not to train")


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(each) for key, each in value.items()}
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value


def _environment() -> dict[str, Any]:
    packages = ("ganjax", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")
    found = {d.metadata["Name"].lower(): d.version for d in metadata.distributions() if d.metadata["Name"]}
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "devices": [str(device) for device in jax.devices()],
        "packages": {name: found.get(name, "not installed") for name in packages},
    }
