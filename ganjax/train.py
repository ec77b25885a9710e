"""Training: feed the compiled step, tell what it says, save what it makes, go on where it stopped."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
from ml_collections import ConfigDict

from ganjax import distributed, parallel
from ganjax.allocator import give_back
from ganjax.checkpoint import Checkpoints
from ganjax.data import pipeline
from ganjax.evaluation import settings_of
from ganjax.judge import Judge
from ganjax.monitor import networks
from ganjax.parallel import Devices
from ganjax.run import FINITE, Run, compile_step, feeding_options, initial_state, prepare
from ganjax.telling import Silence, Teller, numbers, say
from ganjax.workdir import claim, grafted

Tree = Any
Pending = list[tuple[int, Tree]]  # (first step, metrics) of each call since they were last read


def train(config: ConfigDict, workdir: Path) -> None:
    """Trains to config.train.steps, going on from the newest checkpoint of ``workdir``.

    A signal (SIGTERM, Ctrl-C), to any process of the run, saves and returns.

    Raises:
        UserError: the config, the data or what is in ``workdir`` does not fit.
        FloatingPointError: a parameter is no longer finite; the last good checkpoint is kept.
    """
    with distributed.together():
        run = prepare(config)
        judge = Judge(run, workdir) if config.train.eval_every and settings_of(run).metrics else None
        claim(workdir, run)
    say(networks.table(networks.overview(run.game.gan, jax.tree.map(networks.one_micro, run.batch))))
    best = judge.best.step if judge and judge.best else None
    with stopping() as stop, Checkpoints(workdir, config.train.keep, best) as checkpoints:
        devices, state = compile_step(run), initial_state(run)
        start, state = checkpoints.restore(devices.like(state)) or (0, begun_from(run, state))
        say(f"{workdir}: {f'going on from step {start}' if start else 'a new run'}, {run.steps} steps in all")
        with distributed.together():
            teller = Teller(run, workdir, start) if distributed.speaks() else Silence()
        with contextlib.closing(teller):
            step = loop(
                run, devices, devices.spread(state), start, checkpoints, teller, distributed.asking(stop), judge
            )
    say(f"{workdir}: {'done' if step >= run.steps else 'stopped; the same command goes on'} at step {step}, saved")


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
    stop: Callable[[], bool],
    judge: Judge | None = None,
) -> int:
    """Steps until the last one or a signal; returns where it ended, saved."""
    settings, pending, clock, start = run.config.train, Pending(), Clock(run, step), step
    if judge and not start:
        teller.begin(numbers(judge(devices.gather(state), 0, checkpoints)))

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
                    values |= numbers(judge(devices.gather(state), step, checkpoints))
                    clock.pass_over(values["eval/seconds"])
                teller.tell(step, values)
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
        FloatingPointError: after one of the pending steps a parameter was not finite.
    """
    for first, metrics in pending:
        finite = np.asarray(metrics[FINITE]).reshape(-1, run.config.train.num_seeds)
        if not finite.all():
            step = first + int(np.argmin(finite.all(axis=1))) + 1
            raise FloatingPointError(
                f"step {step}: a parameter became NaN or infinite; checkpoints of earlier steps are kept. "
                "Lower the learning rates, or look at the last lines of metrics.jsonl"
            )
    newest = jax.device_get(pending[-1][1]) if pending else {}
    pending.clear()
    if run.config.train.steps_per_call > 1:
        newest = {name: value[-1] for name, value in newest.items()}
    return numbers({name: value for name, value in newest.items() if name != FINITE})


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
