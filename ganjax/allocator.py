"""The memory of this process: a step's temporaries stay from call to call, what compiling took is given back.

Both ask the GNU C library, which most Linux systems have; elsewhere little happens.
"""

from __future__ import annotations

import contextlib
import ctypes

import jax

# malloc.h's names for what can be set
TRIM_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -4, -8
LARGEST = 2**31 - 1  # bytes; what is set is an int


def hold() -> None:
    """Keeps freed memory for the next step; to be called before JAX starts a device.

    XLA allocates a program's temporaries anew at each call on the CPU. Large ones come straight from the system and go
    back there, and each of their pages is cleared again when it is touched: up to a third of a step's time. One arena,
    since only the first can hold more than 64 MiB. And one step at a time there: where the next is dispatched before
    the last has ended, there are two or three sets of temporaries.
    """
    for name, value in ((ARENA_MAX, 1), (MMAP_MAX, 0), (TRIM_THRESHOLD, LARGEST)):
        _ask("mallopt", name, value)
    jax.config.update("jax_cpu_enable_async_dispatch", False)


def give_back() -> None:
    """Returns freed memory to the system: compiling a step takes several times what running it does."""
    _ask("malloc_trim", 0)


def _ask(function: str, *values: int) -> None:
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another library, or none that can be opened so
        getattr(ctypes.CDLL(None), function)(*values)
