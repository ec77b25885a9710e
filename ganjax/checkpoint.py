"""Checkpoints: every Orbax call of the project. One checkpoint is one ``State``, written whole or not at all."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import orbax.checkpoint as ocp

from ganjax.core import State
from ganjax.distributed import anyone
from ganjax.errors import UserError


class Checkpoints:
    """The checkpoints of a workdir: ``checkpoints/<step>/``, the last ``keep`` of them and the ``best``, if one is.

    Use as a context manager.
    """

    def __init__(self, workdir: Path, keep: int = 3, best: int | None = None) -> None:
        self.best, self.broken, kept = best, set[int](), ocp.checkpoint_managers
        policy = kept.AnyPreservationPolicy([kept.LatestN(keep), _Pinned(self)])
        options = ocp.CheckpointManagerOptions(preservation_policy=policy, enable_async_checkpointing=True)
        self.manager = ocp.CheckpointManager((workdir / "checkpoints").absolute(), options=options)

    def __enter__(self) -> Checkpoints:
        return self

    def __exit__(self, *_: object) -> None:
        self.manager.wait_until_finished()
        self.manager.close()

    def save(self, step: int, state: State) -> None:
        """Writes in the background; a copy is taken first, since the state is donated to the next step."""
        if step in self.broken:
            self.manager.delete(step)
            self.broken.remove(step)
        if step not in self.manager.all_steps():
            self.manager.save(step, args=ocp.args.StandardSave(jax.tree.map(jnp.copy, state)))

    def keep(self, step: int, state: State) -> None:
        """Saves ``step`` as the best so far: it stays, and the one that was is a checkpoint like the others."""
        self.best = step
        self.save(step, state)
        self.manager.wait_until_finished()  # it is called the best when it is there

    def steps(self) -> list[int]:
        """The steps that can be restored, oldest first."""
        return sorted(self.manager.all_steps())

    def restore(self, like: State, step: int | None = None) -> tuple[int, State] | None:
        """(step, state) of a given step, or of the newest that can be read; None where there is none.

        ``like`` gives shapes, types and shardings; those it was saved with may have been others. A step that cannot be read is
        passed over with a warning.

        Raises:
            UserError: the step asked for does not exist; nothing that is there can be read.
        """
        steps = self.steps()
        if step is not None and step not in steps:
            raise UserError(f"no checkpoint of step {step}; there are: {', '.join(map(str, steps)) or 'none'}")
        target = jax.tree.map(ocp.utils.to_shape_dtype_struct, like)
        for candidate in [step] if step is not None else reversed(steps):
            reason, state = "", None
            try:
                state = self.manager.restore(candidate, args=ocp.args.StandardRestore(target))
            except Exception as error:
                reason = (str(error) or type(error).__name__).splitlines()[0][:200]
            if not anyone(state is None) and state is not None:
                return candidate, state
            self.broken.add(candidate)
            reason = reason or "another process cannot read it"
            warnings.warn(f"checkpoint {candidate} cannot be read and is passed over: {reason}", stacklevel=2)
        if steps:
            raise UserError("no checkpoint can be read; see the warnings above, or start anew in another --workdir")
        return None


class _Pinned:
    """Orbax's policy: the best step stays."""

    def __init__(self, of: Checkpoints) -> None:
        self.of = of

    def should_preserve(self, checkpoints: Sequence[Any], *, context: Any) -> Sequence[bool]:
        del context
        return [each.step == self.of.best for each in checkpoints]
