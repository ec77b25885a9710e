"""Compiled programs kept on disk: by default, within bounds, and never an unfinished one."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny

from ganjax import compilation

PROGRAM = """
import os, warnings; warnings.simplefilter("error")
import jax, jax.numpy as jnp
from ganjax import compilation
compilation.WORTH_KEEPING = 0.0
compilation.keep(limit=int(os.environ.get("LIMIT", 2**30)))
events = []
jax.monitoring.register_event_listener(lambda name, **_: events.append(name))
for i in range(4):
    jax.jit(lambda x: jnp.sin(x) @ x + i)(jnp.ones((8, 8))).block_until_ready()
print(jax.config.jax_compilation_cache_dir, sum("cache_hits" in name for name in events))
"""


def run(home, **more):
    env = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    env |= {"XDG_CACHE_HOME": str(home), **more}
    folder, hits = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=env, check=True, capture_output=True, text=True
    ).stdout.split()
    return folder, int(hits)


def test_the_second_run_compiles_nothing_and_an_unfinished_entry_is_no_trouble(tmp_path):
    folder, hits = run(tmp_path)
    assert folder == str(tmp_path / "ganjax" / "compiled")
    assert hits == 0
    assert run(tmp_path)[1] > 0
    for entry in (tmp_path / "ganjax" / "compiled").glob("*-cache"):  # as a kill leaves it: half an entry, no stamp
        entry.write_bytes(entry.read_bytes()[:100])
        entry.with_name(entry.name.replace("-cache", "-atime")).unlink()
    assert run(tmp_path)[1] == 0  # warnings are errors there
    assert run(tmp_path)[1] > 0


def test_a_folder_of_the_users_own_stays(tmp_path):
    assert run(tmp_path, JAX_COMPILATION_CACHE_DIR=str(tmp_path / "own"))[0] == str(tmp_path / "own")


def test_where_no_folder_can_be_made_nothing_is_kept(tmp_path):
    (tmp_path / "ganjax").write_text("in the way")
    assert run(tmp_path)[0] == "None"


def test_sweep_keeps_what_is_whole(tmp_path):
    for name in ("whole-cache", "whole-atime", "cut-cache", "lost-atime"):
        (tmp_path / name).write_bytes(b"x")
    assert sorted(path.name for path in compilation.sweep(tmp_path)) == ["cut-cache", "lost-atime"]
    assert {path.name for path in tmp_path.iterdir()} == {".lockfile", "whole-cache", "whole-atime"}


def test_the_folder_stays_within_its_bound(tmp_path):
    folder = tmp_path / "ganjax" / "compiled"
    run(tmp_path)
    sizes = [path.stat().st_size for path in folder.glob("*-cache")]
    assert len(sizes) >= 4
    limit = int(1.5 * max(sizes))
    run(tmp_path / "bounded", LIMIT=str(limit))
    kept = [path.stat().st_size for path in (tmp_path / "bounded/ganjax/compiled").glob("*-cache")]
    assert 0 < sum(kept) <= limit < sum(sizes)


DOOR = """
import runpy, sys
from ganjax import compilation
compilation.WORTH_KEEPING = 0.0
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


@pytest.mark.ci
@pytest.mark.parametrize("door", [("ganjax.main", "--workdir={}/w"), ("ganjax", "inspect")])
def test_both_doors_keep_what_they_compile(door, tmp_path):
    env = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    module, *more = [each.format(tmp_path) for each in door]
    arguments = [*more, "--config=configs/gan.py", *tiny.overrides("gan", tmp_path, steps=1)]
    subprocess.run(
        [sys.executable, "-c", DOOR, module, *arguments],
        env=env | {"XDG_CACHE_HOME": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    assert list((tmp_path / "ganjax" / "compiled").glob("*-cache"))


def test_what_runs_once_is_the_same_compiled_in_a_hurry():
    def init(key):
        return jax.random.normal(key, (100, 7)), jnp.zeros(3, jnp.int32)

    for ours, theirs in zip(compilation.once(init)(jax.random.key(0)), init(jax.random.key(0)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
