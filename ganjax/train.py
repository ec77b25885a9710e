"""Training: feed the compiled step, tell what it says, save what it makes, go on where it stopped."""

from __future__ import annotations

import contextlib
import functools
import signal
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
from ml_collections import ConfigDict

from ganjax import distributed, finite, parallel
from ganjax.allocator import give_back
from ganjax.best import best_of, read_best, remember
from ganjax.checkpoint import Checkpoints
from ganjax.data import pipeline
from ganjax.evaluation import settings_of
from ganjax.judge import Judge
from ganjax.monitor import networks
from ganjax.parallel import Devices
from ganjax.run import Run, compile_step, feeding_options, initial_shapes, initial_state, prepare
from ganjax.telling import Silence, Teller, numbers, say
from ganjax.workdir import claim, grafted, held

Tree = Any
Stop = Callable[[], bool]
Pending = list[tuple[int, Tree]]  # (first step, metrics) of each call since they were last read


def train(config: ConfigDict, workdir: Path) -> None:
    """Trains to config.train.steps, going on from the newest checkpoint of ``workdir``.

    A signal (SIGTERM, Ctrl-C), to any process of the run, saves and returns. Numbers gone bad send the run back to its last
    checkpoint, with other draws, ``config.train.rollbacks`` times.

    Raises:
        UserError: the config, the data or what is in ``workdir`` does not fit; another run trains there.
        FloatingPointError: something is no longer finite; the last good checkpoint is kept.
    """
    with distributed.together():
        run = prepare(config)
        judge = Judge(run, workdir) if config.train.eval_every and settings_of(run).metrics else None
    with contextlib.ExitStack() as stack:
        with distributed.together():
            stack.enter_context(held(workdir))
            claim(workdir, run)
        say(networks.table(networks.overview(run.game.gan, jax.tree.map(networks.one_micro, run.batch))))
        stop = distributed.asking(stack.enter_context(stopping()))
        checkpoints = stack.enter_context(Checkpoints(workdir, config.train.keep))
        checkpoints.tidy()
        step = attempts(run, workdir, checkpoints, judge, stop)
    say(f"{workdir}: {'done' if step >= run.steps else 'stopped; the same command goes on'} at step {step}, saved")


def attempts(run: Run, workdir: Path, checkpoints: Checkpoints, judge: Judge | None, stop: Stop) -> int:
    """Trains from the newest checkpoint and, where numbers go bad and it is allowed, again; returns where it ended.

    The draws are those of the attempt, whose number the checkpoints note: a run that is resumed is the same run.
    """
    devices, attempt, allowed = compile_step(run), 0, run.config.train.rollbacks
    while True:
        first = initial_state(run)
        start, state = checkpoints.restore(devices.like(first)) or (0, begun_from(run, first))
        attempt = recalled(workdir, checkpoints, judge, start, attempt)
        same = run._replace(step_key=key_of(attempt, run.step_key))
        say(f"{workdir}: {f'going on from step {start}' if start else 'a new run'}, {run.steps} steps in all")
        try:
            return once(same, workdir, devices, state, start, checkpoints, stop, judge)
        except FloatingPointError as bad:
            if attempt >= allowed:
                raise
            attempt += 1
            say(f"{bad}; back to the last checkpoint, with other draws: {attempt} of {allowed} times")


def recalled(workdir: Path, checkpoints: Checkpoints, judge: Judge | None, start: int, attempt: int) -> int:
    """The attempt that this is: the one that was noted at ``start``, if it is no earlier one. What was best is known again."""
    notes = checkpoints.notes_of(start)
    attempt = max(attempt, notes.get("attempt", 0))
    best = best_of(notes["best"]) if notes.get("best") else read_best(workdir)
    checkpoints.notes, checkpoints.best = {**notes, "attempt": attempt}, best.step if best else None
    if judge:
        judge.best = best
        remember(workdir, best)
    return attempt


def key_of(attempt: int, key: jax.Array) -> jax.Array:
    """The key of the steps in an attempt, of several seeds each; the first has the key itself, no other one of a step's."""
    if not attempt:
        return key
    fold = functools.partial(jax.random.fold_in, data=2**31 + attempt)
    return fold(key) if key.ndim == 0 else jax.vmap(fold)(key)


def once(
    run: Run,
    workdir: Path,
    devices: Devices,
    state: Tree,
    start: int,
    checkpoints: Checkpoints,
    stop: Stop,
    judge: Judge | None,
) -> int:
    """One attempt, told."""
    with distributed.together():
        teller = Teller(run, workdir, start) if distributed.speaks() else Silence()
    with contextlib.closing(teller):
        return loop(run, devices, devices.spread(state), start, checkpoints, teller, stop, judge)


def begun_from(run: Run, state: Tree) -> Tree:
    """The first state, with what ``config.train.start_from`` has learnt.

    Raises:
        UserError: that is no run, or nothing of it fits.
    """
    if not run.config.train.start_from:
        return state
    state, taken, left = grafted(run, state, Path(run.config.train.start_from))
    say(f"{taken} arrays are those of {run.config.train.start_from}, {left} begin anew")
    return state


def loop(
    run: Run,
    devices: Devices,
    state: Tree,
    step: int,
    checkpoints: Checkpoints,
    teller: Teller,
    stop: Stop,
    judge: Judge | None = None,
) -> int:
    """Steps until the last one or a signal; returns where it ended, saved."""
    settings, pending, clock, start = run.config.train, Pending(), Clock(run, step), step
    if judge and not start:
        teller.begin(numbers(judge(devices.gather(state), 0)))
        judge.keep(devices.gather(state), 0, checkpoints)

    def due(name: str, before: int) -> bool:
        every = settings[f"{name}_every"]
        return bool(every) and (step // every > before // every or step >= run.steps)

    with contextlib.closing(feed(run, devices, step)) as batches:
        while step < run.steps and not stop():
            before, (taken, batch) = step, next(batches)
            state, metrics = devices.step(state, batch, run.step_key)
            if before == start:
                give_back()  # what compiling took
            pending.append((step, metrics))
            step += taken
            teller.tick(step)
            if due("log", before) or due("eval", before) or due("sample", before):
                values = read(run, pending) | clock.read(step)
                if due("sample", before):
                    looked_at = parallel.whole(devices.gather(state))
                    with distributed.together():
                        values |= teller.look(step, looked_at)
                if judge and due("eval", before):
                    values |= numbers(judge(devices.gather(state), step))
                    clock.pass_over(values["eval/seconds"])
                teller.tell(step, values)
                if judge:
                    judge.keep(devices.gather(state), step, checkpoints)
            if due("save", before):
                read(run, pending)
                checkpoints.save(step, devices.gather(state))
        read(run, pending)
        checkpoints.save(step, devices.gather(state))
    return step


def feed(run: Run, devices: Devices, start: int) -> Generator[tuple[int, Tree], None, None]:
    """(steps in it, batch on the devices) from step ``start`` on; the next are on their way meanwhile."""
    per_call = run.config.train.steps_per_call
    host = pipeline.batches(
        run.source,
        batch_size=run.config.train.batch_size,
        micro=run.game.micro,
        start=start,
        rows=parallel.rows(run.config.train.batch_size),
        **feeding_options(run.config.data),
    )

    def calls() -> Iterator[tuple[int, Tree]]:
        for step in range(start, run.steps, per_call):
            batches = [next(host) for _ in range(min(per_call, run.steps - step))]
            yield len(batches), batches[0] if per_call == 1 else jax.tree.map(lambda *x: np.stack(x), *batches)

    return pipeline.prefetch(calls(), lambda call: (call[0], devices.put(call[1])))


def read(run: Run, pending: Pending) -> dict[str, float]:
    """The newest metrics as numbers (several seeds: their mean, and ``_std``); empties ``pending``.

    Raises:
        FloatingPointError: after one of the pending steps something was not finite.
    """
    for first, metrics in pending:
        flags = np.asarray(metrics[finite.FLAGS])
        bad = finite.first_bad(flags.reshape(-1, run.config.train.num_seeds, flags.shape[-1]))
        if bad:
            name = finite.names(initial_shapes(run), run.batch)[bad[1]]
            raise FloatingPointError(
                f"step {first + bad[0] + 1}: {name} is NaN or infinite; checkpoints of earlier steps are kept. "
                "Lower the learning rates, or look at the last lines of metrics.jsonl"
            )
    newest = jax.device_get(pending[-1][1]) if pending else {}
    pending.clear()
    if run.config.train.steps_per_call > 1:
        newest = {name: value[-1] for name, value in newest.items()}
    return numbers({name: value for name, value in newest.items() if name != finite.FLAGS})


class Clock:
    """Epochs so far, and speed since it was last read; the first reading, which compiles, has none."""

    def __init__(self, run: Run, step: int) -> None:
        self.run, self.step, self.time = run, step, 0.0
        self.batches = pipeline.position(run.game.micro, step)

    def read(self, step: int) -> dict[str, float]:
        """{epoch, speed/images_per_s} at a step."""
        size, before = int(self.run.config.train.batch_size), self.time
        new = sum(self.run.game.micro(s) for s in range(self.step, step))
        self.step, self.time, self.batches = step, time.monotonic(), self.batches + new
        values = {"epoch": self.batches * size / self.run.source.size}
        return values | ({"speed/images_per_s": new * size / (self.time - before)} if before else {})

    def pass_over(self, seconds: float) -> None:
        """Time in which nothing was trained: it is not of the speed."""
        self.time += seconds


@contextlib.contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM or SIGINT came; the handlers only note it, so a step, a save, a compilation ends first.

    A second Ctrl-C does not wait.
    """
    came: list[int] = []

    def note(number: int, frame: object) -> None:
        if number == signal.SIGINT and number in came:
            raise KeyboardInterrupt
        came.append(number)

    old = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
