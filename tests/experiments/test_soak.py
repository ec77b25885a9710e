"""What the soak counts."""

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from experiments.reliability import soak
from ganjax.checkpoint import Checkpoints
from ganjax.core import Carry, Players, State

HAS_PROC = Path("/proc/self/task").is_dir()


def test_a_thread_that_begins_and_stays_is_counted_one_that_comes_and_goes_is_not():
    always, passing = {"1", "2"}, [{f"of {i}"} for i in range(9)]
    assert soak.staying([always | each for each in passing]) == (2, 2)
    assert soak.staying([always | ({"3"} if i >= 5 else set()) for i in range(9)]) == (2, 3)
    assert soak.staying([always | {f"leak {j}" for j in range(i)} for i in range(9)]) == (5, 8)


@pytest.mark.skipif(not HAS_PROC, reason="no /proc on this system")
def test_a_thread_of_a_process_is_among_what_it_holds():
    before, end = soak.held(os.getpid()), threading.Event()
    thread = threading.Thread(target=end.wait, daemon=True)
    thread.start()
    assert str(thread.native_id) in soak.held(os.getpid())["threads"] - before["threads"]
    end.set()
    thread.join()


@pytest.mark.ci
@pytest.mark.skipif(not HAS_PROC, reason="no /proc on this system")
def test_tensorstores_workers_end_when_they_have_no_work_but_for_one(tmp_path):
    none = Players((), ())
    arrays = Players({f"{i}": np.ones((64, 64), np.float32) for i in range(20)}, {})
    state = State(arrays, none, Carry(np.int32(0), Players({}, {}), {}), none)
    with Checkpoints(tmp_path, keep=1) as checkpoints:
        for step in range(20):
            checkpoints.save(step, state)
    assert 0 < soak.held(os.getpid())["workers"] <= soak.WORKERS
    end = time.monotonic() + 40  # they wait for 20 s
    while soak.held(os.getpid())["workers"] > 1 and time.monotonic() < end:
        time.sleep(1)
    assert soak.held(os.getpid())["workers"] <= 1
