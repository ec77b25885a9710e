"""Every test runs on four fake devices, shapes and types checked as annotated; one compile cache serves them all."""

import gc
import os
from pathlib import Path

import jax
import pytest
from jaxtyping import install_import_hook

jax.config.update("jax_num_cpu_devices", 4)
jax.config.update(
    "jax_compilation_cache_dir", os.environ.get("GANJAX_TEST_CACHE", str(Path(__file__).parent / ".cache"))
)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
jax.config.update("jax_persistent_cache_enable_xla_caches", "none")

install_import_hook("ganjax", "beartype.beartype")
from ganjax import allocator  # noqa: E402


def pytest_configure(config):
    """Most tests compile more than they run: without most of XLA's optimisations they take two thirds of the time.

    Those against PyTorch (-m parity) are compiled as users' programs are.
    """
    jax.config.update("jax_disable_most_optimizations", config.option.markexpr != "parity")


MAPS = Path("/proc/self/maps")
MANY = 8000  # of 65,530 that Linux gives a process; XLA dies where it gets no more, and memory goes with them
held = 0  # by programs that something still refers to


@pytest.fixture(autouse=True)
def few_programs():
    """Forgets compiled programs where a process has kept many: each holds memory maps."""
    global held
    yield
    if MAPS.is_file() and _maps() > held + MANY:
        jax.clear_caches()
        gc.collect()
        allocator.give_back()
        held = _maps()


def _maps() -> int:
    return MAPS.read_bytes().count(b"\n")


@pytest.fixture
def key():
    return jax.random.key(0)
