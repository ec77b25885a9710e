"""Several processes that train one run: how they meet, which of them speaks, what they agree on.

Each runs the same program on devices of its own, so what all devices take part in, every process must call. A process
alone speaks, and agrees with itself.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from ganjax.errors import UserError

HINT = "every process needs --coordinator=HOST:PORT, which process 0 opens, --num_processes=N and its own --process_id=0 … N-1"


def start(
    coordinator: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
    found: bool = False,
    wait: int = 300,
) -> None:
    """Meets the other processes, if there are any; to be called before JAX has a device.

    What is not given is read from JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and JAX_PROCESS_ID. ``found``: JAX finds the rest by
    itself, on clusters and TPU pods that it knows. Processes that have not met after ``wait`` seconds end, with one line and 2.

    Raises:
        UserError: some settings are there and others are not; they cannot be; JAX finds none.
    """
    coordinator = coordinator or os.environ.get("JAX_COORDINATOR_ADDRESS")
    num_processes = _number("JAX_NUM_PROCESSES") if num_processes is None else num_processes
    process_id = _number("JAX_PROCESS_ID") if process_id is None else process_id
    if not found and coordinator is None and num_processes is None and process_id is None:
        return
    if not found:
        _check(coordinator, num_processes, process_id)
    with _bounded(wait, f"{coordinator or 'the coordinator'}: not all processes came within {wait} s (--wait): {HINT}"):
        try:
            jax.distributed.initialize(coordinator, num_processes, process_id, initialization_timeout=wait + 60)
        except (RuntimeError, ValueError) as error:
            raise UserError(f"the processes cannot meet: {str(error).splitlines()[0]}; {HINT}") from error
        anyone(False)  # a first collective finds the others within half a minute or fails, later ones wait for them


def speaks() -> bool:
    """Whether this process writes and prints what concerns them all."""
    return jax.process_index() == 0


def anyone(flag: bool) -> bool:
    """Whether any process says so. All must call it."""
    return flag if jax.process_count() == 1 else bool(_asked(flag))


def asking(flag: Callable[[], bool]) -> Callable[[], bool]:
    """``flag`` of any process, the same answer at the same call everywhere: to what was asked one call before.

    So nobody waits: the question travels behind the last step, and is answered while the next one runs.
    """
    if jax.process_count() == 1:
        return flag
    under_way = [_asked(False)]

    def answered() -> bool:
        under_way.append(_asked(flag()))
        return bool(under_way.pop(0))

    return answered


@contextlib.contextmanager
def together() -> Iterator[None]:
    """What every process must get through: where one fails the others end too, and do not wait for it.

    Raises:
        UserError: another process failed.
    """
    try:
        yield
    except BaseException:
        anyone(True)
        raise
    if anyone(False):
        raise UserError("another process of this run failed; its own line says why")


def _asked(flag: bool) -> jax.Array:
    mesh = Mesh(np.asarray(jax.devices()), ("devices",))
    own, everywhere = (NamedSharding(mesh, spec) for spec in (PartitionSpec("devices"), PartitionSpec()))
    flags = jax.make_array_from_callback((mesh.size,), own, lambda _: np.full(1, flag, np.int32))
    answer: jax.Array = jax.jit(jnp.max, out_shardings=everywhere)(flags)
    return answer.block_until_ready() if jax.default_backend() == "cpu" else answer  # parallel.one_at_a_time says why


def _check(coordinator: str | None, num_processes: int | None, process_id: int | None) -> None:
    given = {"--coordinator": coordinator, "--num_processes": num_processes, "--process_id": process_id}
    missing = [name for name, value in given.items() if value is None]
    if missing:
        raise UserError(f"{' and '.join(missing)} not given: {HINT}; or --distributed, where JAX finds them by itself")
    assert coordinator is not None
    assert num_processes is not None
    assert process_id is not None
    if not re.fullmatch(r".+:\d+", coordinator):
        raise UserError(f"--coordinator={coordinator} has no port: HOST:PORT, such as 10.0.0.1:1234")
    if not 0 <= process_id < num_processes:
        raise UserError(f"--process_id={process_id} is none of the {num_processes} processes, numbered from 0")


def _number(variable: str) -> int | None:
    text = os.environ.get(variable)
    if text and not text.isdecimal():
        raise UserError(f"{variable}={text} is no number")
    return int(text) if text else None


@contextlib.contextmanager
def _bounded(seconds: int, text: str) -> Iterator[None]:
    """Ends the process where the body takes longer: JAX's client would abort with a stack trace, and 134."""

    def end() -> None:
        print(f"ganjax: {text}", file=sys.stderr, flush=True)
        os._exit(2)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
