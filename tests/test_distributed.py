"""Processes that train one run: they meet, see one batch, agree on when to stop, write once, and end in one line."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest
import tiny

from ganjax import distributed
from ganjax import workdir as workdirs
from ganjax.errors import UserError

ROOT = Path(__file__).parent.parent
SECONDS = 100  # a pair of processes that waits longer waits for ever


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def begin(arguments, processes=1, devices=1):
    """``processes`` of one command, met on a free port of this machine, each with so many fake devices."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "JAX_NUM_CPU_DEVICES": str(devices),
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.2",
        "JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir,
    }
    met = [f"--coordinator=127.0.0.1:{free_port()}", f"--num_processes={processes}"] if processes > 1 else []
    return [
        subprocess.Popen(
            [sys.executable, "-m", "ganjax.main", *arguments, *met, *[f"--process_id={i}"] * bool(met)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        for i in range(processes)
    ]


def end(running, code=0):
    """What each process said; all must end with ``code``."""
    try:
        said = [process.communicate(timeout=SECONDS)[1] for process in running]
    finally:
        for process in running:
            process.kill()
    assert [process.returncode for process in running] == [code] * len(running), said
    return said


def arguments(name, folder, workdir, *more, **train):
    return [f"--config=configs/{name}.py", f"--workdir={workdir}", *tiny.overrides(name, folder, **train), *more]


def played(name, folder, label, processes, devices, *more, **train):
    """A tiny run of a config on processes × devices; its workdir."""
    workdir = folder / label
    end(begin(arguments(name, folder, workdir, *more, **train), processes, devices))
    return workdir


def params(workdir, step):
    return jax.device_get(workdirs.reopen(workdir, step)[2].params)


def assert_close(a, b, atol):
    for (path, x), y in zip(jax.tree.leaves_with_path(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_allclose(x, y, rtol=0, atol=atol, err_msg=jax.tree_util.keystr(path))


FSDP = "--config.train.sharding.at_least=64"
ATOL = 1e-6  # of parameters that have moved by 2e-4 a step; what differs is the order in which gradients are summed


@pytest.mark.xdist_group("processes")
@pytest.mark.parametrize(
    "name", [pytest.param("dcgan", marks=pytest.mark.ci), pytest.param("biggan", marks=pytest.mark.slow)]
)
def test_two_processes_are_one_and_each_resumes_the_other(name, tmp_path):
    """2 × 2, 1 × 4 and 1 × 4 cut devices after 5 steps are where one device is; then each goes on from another's checkpoint."""
    one = played(name, tmp_path, "one", 1, 1, steps=5)
    pair = played(name, tmp_path, "pair", 2, 2, steps=5)
    four = played(name, tmp_path, "four", 1, 4, steps=5)
    cut = played(name, tmp_path, "cut", 1, 4, FSDP, steps=5)
    for other in (pair, four, cut):
        assert_close(params(other, 5), params(one, 5), ATOL)
    played(name, tmp_path, "pair", 1, 1, steps=8)  # from two processes to one device
    played(name, tmp_path, "one", 2, 2, FSDP, steps=8)  # from one device to two processes, cut
    assert_close(params(pair, 8), params(one, 8), ATOL)


@pytest.mark.ci
@pytest.mark.xdist_group("processes")
def test_what_is_written_is_written_once_and_a_signal_to_one_stops_both(tmp_path):
    workdir = tmp_path / "w"
    running = begin(
        arguments("wgan_gp", tmp_path, workdir, FSDP, steps=100_000, log_every=2, sample_every=2, save_every=10), 2, 1
    )
    until(running, lambda: len(lines(workdir)) > 5)
    running[1].send_signal(signal.SIGTERM)
    spoke, silent = end(running)
    step = int(re.search(r"the same command goes on at step (\d+), saved", spoke).group(1))
    assert not [line for line in silent.splitlines() if not line.startswith("[Gloo]")]
    logged = [line["step"] for line in lines(workdir)]
    assert logged == [*range(2, step + 1, 2)]
    assert len(list(workdir.glob("events.out.tfevents.*"))) == 1
    assert int(workdirs.reopen(workdir)[2].carry.step) == step


def lines(workdir):
    log = workdir / "metrics.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def until(running, there):
    began = time.monotonic()
    while not there():
        time.sleep(0.1)
        assert all(process.poll() is None for process in running), [process.communicate()[1] for process in running]
        assert time.monotonic() - began < SECONDS


@pytest.mark.ci
@pytest.mark.xdist_group("processes")
def test_both_see_a_parameter_gone_bad_and_evaluate_before(tmp_path):
    """The one that speaks measures, both keep the best checkpoint; then the learning rate is too high for both."""
    more = ["--config.eval.samples=100", "--config.eval.metrics=fd_efflite0", "--config.gen_opt.learning_rate=1e38"]
    running = begin(arguments("dcgan", tmp_path, tmp_path / "w", *more, steps=9, log_every=3, eval_every=3), 2, 1)
    for said in end(running, code=1):
        assert re.search(r"^ganjax: step \d: .+ is NaN or infinite", said, re.MULTILINE)
    assert json.loads((tmp_path / "w/best.json").read_text())["step"] == 0
    assert (tmp_path / "w/checkpoints/0").is_dir()


@pytest.mark.ci
@pytest.mark.xdist_group("processes")
def test_where_one_cannot_begin_both_end(tmp_path):
    """Data that are on one host alone."""
    of_both = arguments("gan", tmp_path, tmp_path / "w", steps=2)
    port = free_port()
    met = [f"--coordinator=127.0.0.1:{port}", "--num_processes=2"]
    there = begin([*of_both, *met, "--process_id=0"])
    missing = begin([*of_both, "--config.data.path=nowhere.npz", *met, "--process_id=1"])
    first, second = end([*there, *missing], code=2)
    assert "another process of this run failed; its own line says why" in first
    assert "nowhere.npz" in second


# ------------------------------------------------------------------------------------------------------------ the slips


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"coordinator": "10.0.0.1:99"}, "--num_processes and --process_id not given"),
        ({"process_id": 0}, "--coordinator and --num_processes not given"),
        ({"num_processes": 2, "process_id": 1}, "--coordinator not given"),
        ({"coordinator": "10.0.0.1", "num_processes": 2, "process_id": 1}, "has no port"),
        ({"coordinator": "10.0.0.1:99", "num_processes": 2, "process_id": 2}, "is none of the 2 processes"),
    ],
)
def test_half_of_the_settings_is_refused(settings, message, monkeypatch):
    for variable in ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(UserError, match=message):
        distributed.start(**settings)


def test_the_environment_is_read_and_flags_come_first(monkeypatch):
    for variable, value in (("COORDINATOR_ADDRESS", "10.0.0.1:99"), ("NUM_PROCESSES", "2"), ("PROCESS_ID", "two")):
        monkeypatch.setenv(f"JAX_{variable}", value)
    with pytest.raises(UserError, match="JAX_PROCESS_ID=two is no number"):
        distributed.start()
    with pytest.raises(UserError, match="--process_id=7 is none of the 2 processes"):
        distributed.start(process_id=7)


@pytest.mark.parametrize("process", [0, 1])
def test_processes_that_do_not_come_are_not_waited_for(process, tmp_path):
    address = f"--coordinator=127.0.0.1:{free_port()}"
    command = [address, "--num_processes=2", f"--process_id={process}", "--wait=2"]
    began = time.monotonic()
    (said,) = end(begin([*arguments("gan", tmp_path, tmp_path / "w"), *command]), code=2)
    assert time.monotonic() - began < 60
    shown = [line for line in said.splitlines() if not line.startswith("[Gloo]")]
    assert len(shown) == 1
    assert "not all processes came within 2 s (--wait)" in shown[0]
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--num_processes=2"], "--coordinator and --process_id not given"),
        (["--distributed"], "the processes cannot meet"),
    ],
)
def test_slips_of_processes_end_in_one_line_and_2(given, message, tmp_path):
    (said,) = end(begin([*arguments("gan", tmp_path, tmp_path / "w"), *given]), code=2)
    assert message in said
    assert said.count("\n") == 1
    assert not (tmp_path / "w").exists()


def test_a_process_alone_agrees_with_itself():
    assert distributed.speaks()
    assert [distributed.anyone(flag) for flag in (True, False)] == [True, False]
    said = iter([False, True])
    stop = distributed.asking(lambda: next(said))
    assert [stop(), stop()] == [False, True]
    with pytest.raises(UserError, match="mine"), distributed.together():
        raise UserError("mine")
