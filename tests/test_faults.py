"""Numbers gone bad, two runs in one workdir, files that cannot be written: named, stopped or rolled back, nothing lost."""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import filelock
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny

from ganjax import config as configs
from ganjax import finite
from ganjax import run as runs
from ganjax.checkpoint import Checkpoints
from ganjax.core import Carry, Players, State
from ganjax.errors import UserError
from ganjax.main import guarded
from ganjax.monitor.log import Log
from ganjax.nets.conv import library
from ganjax.train import key_of, train
from ganjax.workdir import held, reopen


@pytest.fixture(autouse=True)
def library_convolutions():
    with library():
        yield


def breaking(monkeypatch, at, spoil, attempts=1):
    """Step ``at`` is spoilt: ``spoil`` takes (state, metrics); in the first ``attempts`` attempts alone."""
    build = runs.game.build

    def broken(config, axis_name=None):
        played = build(config, axis_name)
        known = [key_of(i, runs.root(config.train.seed, "steps")) for i in range(attempts)]

        def step(state, batch, key):
            new = played.step(state, batch, key)
            early = jnp.stack([(jax.random.key_data(key) == jax.random.key_data(k)).all() for k in known]).any()
            bad = (state.carry.step == at - 1) & early
            return jax.tree.map(lambda good, spoilt: jnp.where(bad, spoilt, good), new, spoil(*new))

        return played._replace(step=step)

    monkeypatch.setattr(runs.game, "build", broken)


def bad_parameter(state, metrics):
    gen = jax.tree.map(lambda p: p * jnp.nan, state.params.gen)
    return state._replace(params=state.params._replace(gen=gen)), metrics


def bad_gradient(state, metrics):
    state, metrics = bad_parameter(state, metrics)
    moments = jax.tree.map(lambda m: m * jnp.nan if m.dtype == jnp.float32 else m, state.opt.gen)
    return state._replace(opt=state.opt._replace(gen=moments)), metrics


def bad_loss(state, metrics):
    return *bad_gradient(state, metrics)[:1], {**metrics, "gen/loss": metrics["gen/loss"] * jnp.nan}


def infinite_loss(state, metrics):
    return state, {**metrics, "disc/loss": metrics["disc/loss"] + jnp.inf}


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (bad_parameter, r"parameter gen/Dense_0/bias"),
        pytest.param(bad_gradient, r"gradients in the optimiser's gen/\S*mu/Dense_0/bias", marks=pytest.mark.ci),
        (bad_loss, r"gen/loss"),
        pytest.param(infinite_loss, r"disc/loss", marks=pytest.mark.ci),
    ],
)
def test_the_step_and_the_first_bad_tensor_are_named_and_nothing_bad_is_saved(spoil, name, tmp_path, monkeypatch):
    breaking(monkeypatch, 8, spoil)
    with pytest.raises(FloatingPointError, match=rf"^step 8: {name} is NaN or infinite"):
        train(tiny.config("gan", tmp_path, save_every=2, log_every=6), tmp_path / "w")
    assert Checkpoints(tmp_path / "w").steps() == [2, 4, 6]
    _, _, state = reopen(tmp_path / "w")
    assert all(np.isfinite(x).all() for x in jax.tree.leaves(state) if x.dtype == jnp.float32)


@pytest.mark.ci
def test_a_batch_with_a_nan_is_named(tmp_path):
    points = np.random.default_rng(0).standard_normal((40, 2)).astype(np.float32)
    points[7, 1] = np.nan
    np.savez(tmp_path / "points.npz", points=points)
    config = runs_of_points(tmp_path)
    with pytest.raises(FloatingPointError, match=r"^step [1-5]: batch image is NaN or infinite"):
        train(config, tmp_path / "w")


def runs_of_points(folder):
    small = ["generator.hidden=(8,)", "critic.hidden=(8,)", "train.batch_size=8", "train.steps=10", "train.num_seeds=1"]
    more = [
        "data.name=npz",
        f"data.path={folder}/points.npz",
        "train.log_every=2",
        "train.eval_every=0",
        "train.sample_every=10",
    ]
    return configs.load("configs/gan.py:grid25", [f"--config.{each}" for each in (*small, *more)])


def test_a_skipped_moves_nan_is_no_fault():
    state = State(
        Players({"w": jnp.ones(2)}, {"w": jnp.ones(2)}),
        Players((), ()),
        Carry(jnp.int32(0), Players({}, {}), {}),
        Players((), ()),
    )
    metrics = {"gen/loss": jnp.float32(jnp.nan), "disc/loss": jnp.float32(1.0)}
    assert not finite.flags(state, {"image": jnp.zeros((1, 2))}, metrics).any()


def test_names_and_flags_are_of_one_order():
    vars, memory = Players({"s": jnp.ones(1)}, {}), {"pool": jnp.zeros((2, 2), jnp.uint8)}
    params, opt = Players({"w": jnp.ones(2)}, {"w": jnp.ones(2)}), Players({"m": jnp.ones(2), "n": jnp.int32(1)}, ())
    state = State(params, opt, Carry(jnp.int32(0), vars, memory), Players((), ()))
    batch = {"image": jnp.ones((1, 2)), "label": jnp.zeros(1, jnp.int32)}
    names = finite.names(state, batch)
    assert names == [
        "batch image",
        "gen/loss",
        "disc/loss",
        "gradients in the optimiser's gen/m",
        "parameter gen/w",
        "parameter disc/w",
        "statistic gen/s",
    ]
    bad = state._replace(params=state.params._replace(disc={"w": jnp.array([1.0, jnp.inf])}))
    flags = np.asarray(finite.flags(bad, batch, {}))
    assert [name for name, flag in zip(names, flags, strict=True) if flag] == ["parameter disc/w"]


@pytest.mark.ci
@pytest.mark.parametrize("at", [8, pytest.param(1, marks=pytest.mark.ci)])
def test_rolled_back_it_goes_on_with_other_draws(at, tmp_path, monkeypatch, capsys):
    """And is the same run when it is stopped and started again at any moment."""
    settings = {"save_every": 2, "log_every": 2, "rollbacks": 1, "sample_every": 6}
    train(tiny.config("gan", tmp_path, **settings), tmp_path / "plain")
    breaking(monkeypatch, at, bad_parameter)
    train(tiny.config("gan", tmp_path, **settings), tmp_path / "w")
    assert f"step {at}: parameter gen/Dense_0/bias is NaN or infinite" in capsys.readouterr().err
    lines = [json.loads(line) for line in (tmp_path / "w/metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(2, 21, 2))
    for steps in (6, 10):
        train(tiny.config("gan", tmp_path, **settings | {"steps": steps}), tmp_path / "again")
    train(tiny.config("gan", tmp_path, **settings), tmp_path / "again")
    plain, one, two = (reopen(tmp_path / name)[2] for name in ("plain", "w", "again"))
    assert all((x == y).all() for x, y in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True))
    assert not all(
        (x == y).all() for x, y in zip(jax.tree.leaves(one.params), jax.tree.leaves(plain.params), strict=True)
    )
    assert Checkpoints(tmp_path / "w").notes_of(20)["attempt"] == 1


@pytest.mark.ci
def test_roll_backs_have_a_budget(tmp_path, monkeypatch):
    breaking(monkeypatch, 8, bad_parameter, attempts=3)
    with pytest.raises(FloatingPointError, match="step 8"):
        train(tiny.config("gan", tmp_path, save_every=2, log_every=2, rollbacks=2), tmp_path / "w")
    assert Checkpoints(tmp_path / "w").steps()[-1] == 6


def test_the_key_of_an_attempt():
    key = jax.random.key(3)
    assert key_of(0, key) is key
    data = {tuple(np.asarray(jax.random.key_data(key_of(i, key)))) for i in range(5)}
    assert len(data) == 5
    assert data.isdisjoint({tuple(np.asarray(jax.random.key_data(jax.random.fold_in(key, i)))) for i in range(1000)})
    both = jax.random.split(key, 2)
    assert (jax.random.key_data(key_of(2, both)[1]) == jax.random.key_data(key_of(2, both[1]))).all()


def test_a_second_run_in_a_workdir_is_refused_and_verbs_may_read(tmp_path, capsys):
    config = tiny.config("gan", tmp_path, steps=2)
    train(config, tmp_path / "w")
    before = {p: p.read_bytes() for p in (tmp_path / "w").rglob("*") if p.is_file()}
    with held(tmp_path / "w"):
        with pytest.raises(
            UserError, match="/w: another process trains this run; wait for it, or take another --workdir"
        ):
            train(config, tmp_path / "w")
        assert tiny.call(capsys, "sample", f"--workdir={tmp_path}/w", "--n=4", f"--out={tmp_path}/x.png", "--json")
    assert {p: p.read_bytes() for p in (tmp_path / "w").rglob("*") if p.is_file()} == before
    train(config, tmp_path / "w")


def test_the_lock_of_a_killed_run_is_nobodys(tmp_path):
    holds = (
        "import sys, time, pathlib; from ganjax.workdir import held\n"
        "with held(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", holds, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(UserError, match="another process"), held(tmp_path):
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (tmp_path / ".config.json.17.part").write_text("{")
    with held(tmp_path):
        assert not list(tmp_path.glob("*.part"))


def test_a_file_system_without_locks_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(filelock.FileLock, "acquire", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("no flock")))
    with pytest.warns(UserWarning, match="has no locks"), held(tmp_path):
        pass


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has it")
def test_a_full_disk_names_the_log(tmp_path):
    log = Log(tmp_path, 0)
    log.file.file.close()
    log.file.file = open("/dev/full", "ab", buffering=0)
    with pytest.raises(OSError, match="No space left") as caught:
        log.write(1, {"disc/loss": 1.0})
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(tmp_path / "metrics.jsonl"))
    log.close()


def test_a_workdir_that_cannot_be_written(capsys):
    with pytest.raises(SystemExit) as stop:
        guarded(lambda _: held(Path("/proc/ganjax")).__enter__())([])
    assert stop.value.code == 2
    assert "/proc/ganjax" in capsys.readouterr().err


ALONE = """
import sys

def hook(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        raise RuntimeError(f"{event} {args}")

sys.addaudithook(hook)
from absl import app
from ganjax.main import guarded, main, parse

app.run(guarded(main), argv=["ganjax.main", *sys.argv[1:]], flags_parser=guarded(parse))
"""


@pytest.mark.ci
def test_importing_and_training_ask_nobody(tmp_path):
    """No name is looked up, no connection opened: sheets, measures and checkpoints included."""
    small = ["generator.hidden=(8,)", "critic.hidden=(8,)", "train.steps=4", "train.batch_size=8", "eval.samples=500"]
    more = [
        "train.log_every=2",
        "train.sample_every=2",
        "train.eval_every=2",
        "train.save_every=2",
        "train.num_seeds=1",
    ]
    options = [
        "--config=configs/wgan_gp.py:grid25",
        f"--workdir={tmp_path}",
        *(f"--config.{x}" for x in (*small, *more)),
    ]
    environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir}
    done = subprocess.run([sys.executable, "-c", ALONE, *options], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert Checkpoints(tmp_path).steps()[-1] == 4


def test_a_run_that_begins_anew_has_one_first_line(tmp_path):
    """Killed before its first checkpoint, it measures its beginning again."""
    for _ in range(2):
        with contextlib.closing(Log(tmp_path, 0)) as log:
            log.write(0, {"eval/modes": 1.0})
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 1
    with contextlib.closing(Log(tmp_path, 0)) as log:
        log.write(0, {"eval/modes": 1.0})
        log.write(5, {})
    Log(tmp_path, 5).close()
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 2
