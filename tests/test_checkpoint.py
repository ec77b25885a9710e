"""What is saved comes back to the bit or is passed over, whatever happens to its files; who only reads deletes nothing."""

import asyncio
import errno
import gc
import os
import shutil
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec
from orbax.checkpoint._src import asyncio_utils

from ganjax import parallel
from ganjax.checkpoint import GOING, Checkpoints, bits
from ganjax.core import Carry, Players, State
from ganjax.errors import UserError

KINDS = {
    "deleted": lambda file: file.unlink(),
    "empty": lambda file: file.write_bytes(b""),
    "half": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "zeros": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "a bit": lambda file: file.write_bytes(flipped(file.read_bytes())),
}


def flipped(data):
    return data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 16]) + data[len(data) // 2 + 1 :] if data else b""


def state(step, value=1.0):
    """Of every type that a state holds."""
    params = Players(
        {"kernel": jnp.full((64, 32), value), "half": jnp.arange(8, dtype=jnp.bfloat16)}, {"bias": jnp.arange(7.0)}
    )
    memory = {"pool": jnp.full((4, 8, 8, 3), 7, jnp.uint8), "full": jnp.array(True)}
    return State(params, Players((), ()), Carry(jnp.int32(step), Players({}, {}), memory), Players((), ()))


def same(a, b):
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(x.dtype == y.dtype and np.asarray(x).tobytes() == np.asarray(y).tobytes() for x, y in pairs)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A workdir with steps 1 and 2."""
    workdir = tmp_path_factory.mktemp("two")
    with Checkpoints(workdir) as checkpoints:
        for step in (1, 2):
            checkpoints.save(step, state(step, float(step)))
    return workdir


def test_any_bit_of_any_array_is_in_the_sum():
    whole = state(3)
    seen = {bits(whole)}
    leaves, tree = jax.tree.flatten(whole)
    rng = np.random.default_rng(0)
    for i, leaf in enumerate(leaves):
        raw = np.asarray(leaf)
        for place in rng.integers(0, max(raw.nbytes, 1), 5) if raw.nbytes and raw.dtype != bool else ():
            data = bytearray(raw.tobytes())
            data[place] ^= 1 << rng.integers(8)
            changed = np.frombuffer(bytes(data), raw.dtype).reshape(raw.shape)
            seen.add(bits(jax.tree.unflatten(tree, [*leaves[:i], changed, *leaves[i + 1 :]])))
    assert len(seen) > 20
    assert bits(state(3)) in seen


def test_places_count():
    assert bits({"x": jnp.array([1.0, 2.0])}) != bits({"x": jnp.array([2.0, 1.0])})
    assert bits([jnp.ones(2), jnp.zeros(2)]) != bits([jnp.zeros(2), jnp.ones(2)])


def test_the_sum_is_that_of_the_whole_however_it_is_cut():
    x = jnp.arange(64.0).reshape(8, 8)
    cut = [
        jax.device_put(x, NamedSharding(parallel.mesh(), PartitionSpec(*spec)))
        for spec in ((), ("data",), (None, "data"))
    ]
    assert {bits({"x": each}) for each in (x, np.asarray(x), *cut)} == {bits({"x": x})}


@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_to_a_file_comes_back_unseen(kind, two, tmp_path, capfd):
    """Each file of the newest step, one at a time: the state as it was saved, or the step before with a warning."""
    passed_over = 0
    for file in [each for each in (two / "checkpoints/2").rglob("*") if each.is_file()]:
        workdir = tmp_path / "w"
        shutil.rmtree(workdir, ignore_errors=True)
        shutil.copytree(two, workdir)
        KINDS[kind](workdir / file.relative_to(two))
        with Checkpoints(workdir) as checkpoints, warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            step, found = checkpoints.restore(state(0))
        assert same(found, state(step, float(step)))
        assert any("checkpoint 2 cannot be read" in str(each.message) for each in said) == (step == 1)
        passed_over += step == 1
    gc.collect()
    assert passed_over >= 2
    assert capfd.readouterr().err == ""  # the warning tells it


def test_no_bit_of_the_notes_comes_back_otherwise(tmp_path):
    notes = {"attempt": 0, "best": {"step": 1, "measure": "fid", "value": 2.5, "protocol": "p"}}
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.notes = notes
        checkpoints.save(1, state(1))
    path = tmp_path / "checkpoints/1/_CHECKPOINT_METADATA"
    whole, refused = path.read_bytes(), 0
    with Checkpoints(tmp_path) as checkpoints:
        for i in range(len(whole)):
            for bit in range(8):
                path.write_bytes(whole[:i] + bytes([whole[i] ^ 1 << bit]) + whole[i + 1 :])
                try:
                    assert checkpoints.notes_of(1) == notes
                except ValueError:
                    refused += 1
    assert refused > 8 * len(str(notes))


def test_folders_and_files_that_are_no_checkpoints(two, tmp_path):
    shutil.copytree(two, tmp_path / "w")
    (tmp_path / "w/checkpoints/9").mkdir()
    (tmp_path / "w/checkpoints/7").write_text("no folder")
    (tmp_path / "w/checkpoints/notes").mkdir()
    with Checkpoints(tmp_path / "w") as checkpoints, pytest.warns(UserWarning, match="checkpoint 9 cannot be read"):
        step, found = checkpoints.restore(state(0))
    assert (step, same(found, state(2, 2.0))) == (2, True)


def test_who_reads_deletes_nothing(tmp_path):
    with Checkpoints(tmp_path, keep=10) as checkpoints:
        for step in range(1, 6):
            checkpoints.save(step, state(step))
    with Checkpoints(tmp_path, keep=1) as checkpoints:
        assert checkpoints.restore(state(0))[0] == 5
    assert Checkpoints(tmp_path).steps() == [1, 2, 3, 4, 5]


def test_the_newest_are_kept_and_the_best(tmp_path):
    with Checkpoints(tmp_path, keep=2) as checkpoints:
        for step in range(1, 7):
            (checkpoints.keep if step == 2 else checkpoints.save)(step, state(step))
    assert Checkpoints(tmp_path).steps() == [2, 5, 6]


def test_a_kill_before_the_oldest_goes_leaves_none_too_many(tmp_path):
    with Checkpoints(tmp_path, keep=10) as checkpoints:
        for step in (1, 2, 3):
            checkpoints.save(step, state(step))
    with Checkpoints(tmp_path, keep=2) as checkpoints:  # the last step is there: nothing is left to do
        checkpoints.save(*checkpoints.restore(state(0)))
    assert Checkpoints(tmp_path).steps() == [2, 3]


def test_a_checkpoint_is_on_the_disk_before_an_older_one_goes(tmp_path, monkeypatch):
    """Else a machine that loses power could have neither."""
    seen, fsync, replace = [], os.fsync, os.replace

    def synced(file):
        seen.append(os.fstat(file).st_ino)
        fsync(file)

    def replaced(a, b):
        seen.append(a)
        replace(a, b)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    with Checkpoints(tmp_path, keep=1) as checkpoints:
        for step in (1, 2):
            checkpoints.save(step, state(step))
    folder = tmp_path / "checkpoints"
    before = seen[: seen.index(folder / "1")]
    assert {each.stat().st_ino for each in (folder, folder / "2", *(folder / "2").rglob("*"))} <= {*before}


def test_what_a_killed_run_left_is_tidied_away(two, tmp_path):
    shutil.copytree(two, tmp_path / "w")
    folder = tmp_path / "w/checkpoints"
    shutil.copytree(folder / "2", folder / "3.orbax-checkpoint-tmp")
    shutil.copytree(folder / "1", folder / f"{GOING}1")
    with Checkpoints(tmp_path / "w") as checkpoints:
        assert checkpoints.steps() == [1, 2]
        checkpoints.tidy()
    assert sorted(each.name for each in folder.iterdir()) == ["1", "2"]


def test_notes_are_those_of_their_time(tmp_path):
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(1, state(1))
        checkpoints.notes = {"attempt": 1, "best": {"step": 1}}
        checkpoints.save(2, state(2))
    again = Checkpoints(tmp_path)
    assert [again.notes_of(step) for step in (1, 2, 3)] == [{}, {"attempt": 1, "best": {"step": 1}}, {}]


def test_a_full_disk_is_one_line_and_loses_nothing(two, tmp_path, monkeypatch):
    shutil.copytree(two, tmp_path / "w")
    checkpoints = Checkpoints(tmp_path / "w")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints.orbax, "save", full)
    with pytest.raises(
        UserError, match=r"/3: a checkpoint cannot be written \(.*No space left on device\); those before"
    ):
        checkpoints.save(3, state(3))
    assert checkpoints.steps() == [1, 2]


def test_a_disk_that_fills_while_it_is_written(tmp_path):
    """What goes wrong in the background is said by the next save, or at the end."""
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, state(1))
    checkpoints._finish()
    shutil.rmtree(tmp_path / "checkpoints")
    (tmp_path / "checkpoints").write_text("in the way")
    with pytest.raises(UserError, match=r"a checkpoint cannot be written \("):
        checkpoints.save(2, state(2))


@pytest.mark.parametrize("inside", [False, True])
def test_what_orbax_began_ends_before_its_error_is_heard(inside, tmp_path):
    """Reads and writes that go on after the first failure found their event loop closed, in a notebook's loop too."""
    Checkpoints(tmp_path)
    ended = []

    async def ends(seconds, error=None):
        await asyncio.sleep(seconds)
        ended.append(seconds)
        if error:
            raise error

    async def all_of_them():
        inner = asyncio.gather(ends(0.1), ends(0.2, ValueError("the second")))
        await asyncio.gather(ends(0.3), ends(0.0, OSError("the first")), inner)

    async def in_a_loop():
        asyncio_utils.run_sync(all_of_them())

    with pytest.raises(OSError, match="the first"):
        asyncio.run(in_a_loop()) if inside else asyncio_utils.run_sync(all_of_them())
    assert ended == [0.0, 0.1, 0.2, 0.3]
