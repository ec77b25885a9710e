"""Disks that are full or may not be written, files that may not be read: a line that names them, nothing lost."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import jax
import numpy as np
import pytest
from PIL import Image

from ganjax.checkpoint import Checkpoints
from ganjax.monitor.pictures import write_whole
from ganjax.workdir import reopen

SMALL = ("generator.hidden=(64,)", "critic.hidden=(64,)", "eval.samples=500", "train.batch_size=8", "train.num_seeds=1")
STEPS = ("train.steps=40", "train.log_every=2", "train.sample_every=4", "train.save_every=2", "train.eval_every=20")
CLOCKS = ("time", "speed/images_per_s", "eval/seconds", "eval/share_of_time")


def trained(workdir):
    """(exit code, what was said last) of the command in a process of its own."""
    options = [f"--config.{each}" for each in (*SMALL, *STEPS, "train.keep=20")]
    done = subprocess.run(
        [sys.executable, "-m", "ganjax.main", "--config=configs/gan.py:grid25", f"--workdir={workdir}", *options],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, (done.stderr.strip().splitlines() or [""])[-1]


@pytest.fixture
def disk(tmp_path):
    """A disk of its own, and how to change it."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root mounts")

    def changed(options):
        subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)

    yield place, changed
    subprocess.run(["umount", str(place)], check=True)


def kept(workdir):
    _, _, state = reopen(workdir)
    log = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    return state, [{name: x for name, x in line.items() if name not in CLOCKS} for line in log]


@pytest.mark.ci
def test_a_disk_that_fills_while_it_trains(disk, tmp_path):
    """One line, exit code 2; with room again the same command ends where a run on a large disk ends."""
    place, changed = disk
    code, line = trained(place / "run")
    assert code == 2, line
    assert str(place / "run") in line
    assert "space" in line
    with Checkpoints(place / "run") as checkpoints:
        assert checkpoints.steps()
    changed("size=100m")
    assert trained(place / "run")[0] == 0
    assert trained(tmp_path / "whole")[0] == 0
    (state, log), (whole, whole_log) = kept(place / "run"), kept(tmp_path / "whole")
    jax.tree.map(np.testing.assert_array_equal, state.params, whole.params)
    assert log == whole_log


@pytest.mark.ci
def test_a_disk_that_may_only_be_read(disk):
    place, changed = disk
    changed("ro")
    code, line = trained(place / "run")
    assert (code, "Read-only file system" in line, str(place / "run") in line) == (2, True, True), line


@pytest.mark.ci
def test_a_disk_that_turns_read_only_names_the_file(disk):
    place, changed = disk
    changed("ro")
    with pytest.raises(OSError, match="Read-only") as caught:
        write_whole(place / "config.json", b"{}")
    assert caught.value.filename == str(place / "config.json")


AS_NOBODY = """
import os, sys
from ganjax.main import guarded
from ganjax.data import open_source
import ganjax.data.folder, PIL.PngImagePlugin
if not os.geteuid():
    os.setuid(65534)
guarded(lambda argv: print(open_source("folder", path=argv[0], image_size=8).info["skipped"]))(sys.argv[1:])
"""


def read_as_nobody(folder):
    return subprocess.run([sys.executable, "-c", AS_NOBODY, str(folder)], capture_output=True, text=True, timeout=60)


@pytest.fixture
def open_folder():
    """A folder of three images that anybody may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        folder = Path(place) / "images"
        (folder / "below").mkdir(parents=True)
        for name in ("0.png", "1.png", "below/2.png"):
            Image.new("RGB", (8, 8)).save(folder / name)
        yield folder


def test_a_file_that_may_not_be_read_is_skipped_and_named(open_folder):
    os.chmod(open_folder / "1.png", 0)
    done = read_as_nobody(open_folder)
    assert done.returncode == 0, done.stderr
    assert "1.png: " in done.stdout
    assert "Permission denied" in done.stdout


def test_a_folder_that_may_not_be_read_is_named(open_folder):
    os.chmod(open_folder / "below", 0)
    done = read_as_nobody(open_folder)
    os.chmod(open_folder / "below", 0o755)
    assert done.returncode == 2, done.stdout
    assert done.stderr.strip() == f"ganjax: {open_folder}/below: Permission denied"
