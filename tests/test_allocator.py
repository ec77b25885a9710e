"""What the process keeps of the memory that it freed."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from ganjax import allocator

CALLS = """
import resource, sys
import jax, jax.numpy as jnp
from ganjax import allocator
if sys.argv[1] == "held":
    allocator.hold()
step = jax.jit(lambda x: jnp.sort(jnp.sort(x, 0), 1))  # its temporaries are as large as x, 64 MiB
x = jnp.ones((4096, 4096))
for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    step(x).block_until_ready()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(held):
    command = [sys.executable, "-c", CALLS, "held" if held else "free"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.ci
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the GNU C library")
def test_a_steps_temporaries_are_held_from_call_to_call():
    pages = 4096 * 4096 * 4 // 4096
    assert faults(held=False) > pages  # each page of them is mapped and cleared again
    assert faults(held=True) < pages // 10


def test_giving_back_asks_the_c_library_once_and_does_without_where_it_cannot(monkeypatch):
    asked = []
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: SimpleNamespace(malloc_trim=asked.append))
    allocator.give_back()
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: object())
    allocator.give_back()
    assert asked == [0]
