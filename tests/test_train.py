"""Training as a user meets it: resume to the bit, signals, logs, seeds, devices, numbers gone bad."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest
import tiny

from ganjax import config as configs
from ganjax import run as runs
from ganjax import train as training
from ganjax import workdir as workdirs
from ganjax.checkpoint import Checkpoints
from ganjax.core import Gan
from ganjax.errors import UserError
from ganjax.monitor.log import Progress
from ganjax.nets.conv import library
from ganjax.train import train


@pytest.fixture(autouse=True)
def library_convolutions():
    with library():
        yield


def final(workdir, step):
    """All of the state in a workdir's checkpoint, as arrays."""
    run = runs.prepare(workdirs.read_config(workdir))
    with Checkpoints(workdir) as checkpoints:
        found, state = checkpoints.restore(runs.initial_state(run), step)
    assert found == step
    return jax.device_get(state)


def assert_same(a, b):
    for (path, x), y in zip(jax.tree_util.tree_leaves_with_path(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_array_equal(x, y, err_msg=jax.tree_util.keystr(path))


def lines(workdir):
    return [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]


def stop_at(monkeypatch, step, number=signal.SIGTERM):
    """A signal in the middle of the run, when ``step`` steps are done."""
    tick = Progress.tick

    def signalled(self, now):
        tick(self, now)
        if now == step:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(Progress, "tick", signalled)


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n == "dcgan" else pytest.mark.ci) for n in tiny.NAMES])
def test_stopped_by_a_signal_and_resumed_is_never_stopped(name, tmp_path, monkeypatch, capsys):
    train(tiny.config(name, tmp_path), tmp_path / "whole")
    with monkeypatch.context() as patch:
        stop_at(patch, 10)
        train(tiny.config(name, tmp_path), tmp_path / "halves")
    assert "the same command goes on at step 10, saved" in capsys.readouterr().err
    assert Checkpoints(tmp_path / "halves").steps() == [10]
    train(tiny.config(name, tmp_path), tmp_path / "halves")
    assert "going on from step 10" in capsys.readouterr().err
    assert_same(final(tmp_path / "whole", 20), final(tmp_path / "halves", 20))
    without_time = [
        [{k: v for k, v in line.items() if k not in ("time", "speed/images_per_s")} for line in lines(tmp_path / w)]
        for w in ("whole", "halves")
    ]
    assert without_time[0] == without_time[1]
    sheets = [(tmp_path / w / "samples/step_00000020.png").read_bytes() for w in ("whole", "halves")]
    assert sheets[0] == sheets[1]


def test_more_steps_go_on_from_a_finished_run(tmp_path):
    train(tiny.config("gan", tmp_path, steps=10), tmp_path / "a")
    train(tiny.config("gan", tmp_path, steps=20), tmp_path / "a")
    train(tiny.config("gan", tmp_path, steps=20), tmp_path / "b")
    assert_same(final(tmp_path / "a", 20), final(tmp_path / "b", 20))


@pytest.mark.ci
def test_a_critic_that_warms_up_resumes_in_its_place(tmp_path):
    """The number of micro-batches changes with the step; the data go on where they were."""

    def warm(steps):
        config = tiny.config("wgan", tmp_path, steps=steps)
        with config.unlocked():
            config.schedule = configs.ConfigDict(
                {"n_critic": configs.function("systems.wgan.warm_up", steps=3, many=4, few=2, period=5)}
            )
        return config

    train(warm(4), tmp_path / "a")
    train(warm(8), tmp_path / "a")
    train(warm(8), tmp_path / "b")
    assert_same(final(tmp_path / "a", 8), final(tmp_path / "b", 8))


def test_several_steps_per_call_are_the_same_steps(tmp_path):
    train(tiny.config("gan", tmp_path, steps=10), tmp_path / "one")
    train(tiny.config("gan", tmp_path, steps=10, steps_per_call=5), tmp_path / "five")
    a, b = final(tmp_path / "one", 10), final(tmp_path / "five", 10)
    for x, y in zip(jax.tree.leaves(a.params), jax.tree.leaves(b.params), strict=True):
        np.testing.assert_allclose(x, y, atol=2e-4)
    assert [line["step"] for line in lines(tmp_path / "five")] == [5, 10]


def test_what_a_run_writes(tmp_path, capsys):
    train(tiny.config("wgan_gp", tmp_path, steps=10, save_every=5, keep=2), tmp_path / "w")
    log = lines(tmp_path / "w")
    assert [line["step"] for line in log] == [5, 10]
    assert {
        "time",
        "epoch",
        "disc/loss",
        "gen/loss",
        "disc/real_score",
        "disc/fake_score",
        "gen/fake_score",
        "disc/penalty",
    } <= set(log[0])
    assert log[1]["speed/images_per_s"] > 0
    assert log[1]["epoch"] == pytest.approx(10 * 5 * 8 / 40)
    assert {"config.json", "data.json", "environment.json", "samples", "checkpoints"} <= {
        p.name for p in (tmp_path / "w").iterdir()
    }
    assert Checkpoints(tmp_path / "w").steps() == [5, 10]
    assert list((tmp_path / "w").glob("events.out.tfevents.*"))
    shown = capsys.readouterr().err
    assert "ConvTranspose_0" in shown
    assert re.search(r"step 10/10  epoch 10\.00  disc/loss .* images/s  0:00 left", shown)


def test_a_bar_on_a_terminal():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    progress = Progress(0, 10, terminal)
    progress.tick(5)
    progress.show(5, {"disc/loss": 1.0, "speed/images_per_s": 7.0})
    progress.close()
    assert "5/10" in terminal.getvalue()
    assert "disc/loss 1.000" in terminal.getvalue()


def test_log_lines_past_the_restored_step_and_half_lines_are_dropped(tmp_path):
    train(tiny.config("gan", tmp_path, steps=10), tmp_path / "w")
    path = tmp_path / "w" / "metrics.jsonl"
    path.write_text(path.read_text() + '{"step": 15, "disc/loss": 1}\n{"step": 16, "dis')
    train(tiny.config("gan", tmp_path, steps=20), tmp_path / "w")
    assert [line["step"] for line in lines(tmp_path / "w")] == [5, 10, 15, 20]
    assert "disc/real_score" in lines(tmp_path / "w")[2]


def test_epochs_stand_for_steps(tmp_path):
    run = runs.prepare(tiny.config("wgan_gp", tmp_path, epochs=10.0))
    assert run.steps == 10 * 40 / (5 * 8)


def test_seeds_trained_together_equal_single_runs_and_log_their_spread(tmp_path):
    train(tiny.config("gan", tmp_path, steps=5, num_seeds=3), tmp_path / "three")
    for i in range(3):
        train(tiny.config("gan", tmp_path, steps=5, seed=i), tmp_path / str(i))
        _, _, state = workdirs.reopen(tmp_path / "three", index=i)
        for x, y in zip(
            jax.tree.leaves(state.params), jax.tree.leaves(final(tmp_path / str(i), 5).params), strict=True
        ):
            np.testing.assert_allclose(x, y, atol=1e-5)
    losses = [lines(tmp_path / str(i))[-1]["disc/loss"] for i in range(3)]
    line = lines(tmp_path / "three")[-1]
    assert line["disc/loss"] == pytest.approx(np.mean(losses), rel=1e-4)
    assert line["disc/loss_std"] == pytest.approx(np.std(losses), rel=1e-2, abs=1e-5)


def test_pmap_trains_and_resumes(tmp_path):
    config = tiny.config("dcgan", tmp_path, steps=4, parallel="pmap", batch_size=16)
    train(config, tmp_path / "w")
    config.train.steps = 6
    train(config, tmp_path / "w")
    assert np.isfinite(lines(tmp_path / "w")[-1]["disc/loss"])
    assert final(tmp_path / "w", 6).params.gen["ConvTranspose_0"]["kernel"].shape == (4, 4, 100, 4)


def test_a_memory_refuses_pmap(tmp_path):
    config = tiny.config("dcgan", tmp_path, parallel="pmap")
    config.gan.shared_latents = True
    with pytest.raises(UserError, match=r"keeps a memory between steps \(z\)"):
        train(config, tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_data_that_changed_are_not_resumed(tmp_path):
    train(tiny.config("gan", tmp_path, steps=2), tmp_path / "w")
    before = (tmp_path / "w/data.json").read_bytes()
    np.savez(tmp_path / "images.npz", images=np.zeros((16, 8, 8, 3), np.uint8))
    with pytest.raises(UserError, match=r"trained on other data: npz of 40 examples .* now npz of 16"):
        train(tiny.config("gan", tmp_path, steps=4), tmp_path / "w")
    assert (tmp_path / "w/data.json").read_bytes() == before


def test_a_run_that_never_saved_may_be_corrected(tmp_path):
    """Without a checkpoint a config.json blocks nobody."""
    workdirs.claim(tmp_path / "w", runs.prepare(tiny.config("wgan", tmp_path)))
    train(tiny.config("gan", tmp_path, steps=2), tmp_path / "w")
    assert workdirs.read_config(tmp_path / "w").system == "gan"


def test_epochs_count_what_the_schedule_eats():
    """25 batches of warm-up steps at 100, then 5 each: 3925 batches are 25 · 100 + 285 · 5 in 310 steps."""
    assert runs.steps_of(1.0, 3925, 1, lambda step: 100 if step < 25 else 5) == 310


def test_2d_runs_count_modes(tmp_path):
    small = [
        "--config.train.steps=4",
        "--config.train.eval_every=2",
        "--config.train.batch_size=8",
        "--config.train.log_every=2",
        "--config.eval.samples=500",
    ]
    train(configs.load("configs/wgan_gp.py:grid25", small), tmp_path / "w")
    assert 0 <= lines(tmp_path / "w")[-1]["eval/share_within_3_sigma"] <= 1
    (file,) = (tmp_path / "w/eval").glob("4-modes-n500-????????-run2.json")
    report = json.loads(file.read_text())
    assert (report["protocol"]["of_modes"], report["protocol"]["n_fake"], report["of"]["train_seed"]) == (25, 500, 2)
    assert report["measures"]["modes"] <= 25
    assert [line["step"] for line in lines(tmp_path / "w") if "eval/modes" in line] == [0, 2, 4]
    best = json.loads((tmp_path / "w/best.json").read_text())
    assert best["measure"] == "modes"


def test_a_checkpoint_that_cannot_be_read_is_passed_over(tmp_path):
    train(tiny.config("gan", tmp_path, steps=10, save_every=5), tmp_path / "w")
    for file in (tmp_path / "w/checkpoints/10").rglob("*"):
        if file.is_file():
            file.write_bytes(b"")
    with pytest.warns(UserWarning, match="checkpoint 10 cannot be read and is passed over"):
        train(tiny.config("gan", tmp_path, steps=12, save_every=5), tmp_path / "w")
    assert lines(tmp_path / "w")[-1]["step"] == 12


# ------------------------------------------------------------------------------------------------------- the user's slips


def test_a_workdir_of_another_run_is_left_alone(tmp_path):
    train(tiny.config("gan", tmp_path, steps=5), tmp_path / "w")
    before = {p: p.read_bytes() for p in (tmp_path / "w").rglob("*") if p.is_file()}
    with pytest.raises(UserError, match=r"holds a run with another config \(.*system: 'gan' -> 'wgan'"):
        train(tiny.config("wgan", tmp_path, steps=5), tmp_path / "w")
    config = tiny.config("gan", tmp_path)
    config.gen_opt.learning_rate = 0.5
    with pytest.raises(UserError, match=r"gen_opt\.learning_rate: 0\.001 -> 0\.5"):
        train(config, tmp_path / "w")
    assert before == {p: p.read_bytes() for p in (tmp_path / "w").rglob("*") if p.is_file()}


def test_steps_and_intervals_may_differ(tmp_path):
    old = configs.to_json(tiny.config("gan", tmp_path))
    new = configs.to_json(
        tiny.config("gan", tmp_path, steps=99, log_every=3, save_every=7, sample_every=9, eval_every=2)
    )
    assert configs.differences(old, new) == []
    assert configs.differences(old, configs.to_json(tiny.config("gan", tmp_path, seed=1))) == ["train.seed: 0 -> 1"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 6}, r"batch_size=6 does not divide over 4 devices; take a multiple of 4, such as 8"),
        ({"parallel": "xmap"}, "choose 'jit' or 'pmap'"),
        ({"log_every": 0}, "log_every=0 must be at least 1"),
        ({"steps_per_call": 3}, "log_every must be a multiple of steps_per_call=3"),
        ({"steps": -5}, r"train\.steps=-5 must be at least 1"),
        ({"epochs": -1.0}, "must be above 0"),
        ({"ema_decay": 2.0}, "to below 1"),
        ({"eval_every": -1}, "must be at least 0"),
        ({"parallel": "pmap", "num_seeds": 2}, "pmap trains one seed"),
    ],
)
def test_settings_that_cannot_be(change, message, tmp_path):
    with pytest.raises(UserError, match=message):
        train(tiny.config("gan", tmp_path, **change), tmp_path / "w")
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("schedule.n_critic=0", "n_critic and accumulate must be at least 1"),
        ("schedule.n_critic=-1", "n_critic and accumulate must be at least 1"),
        ("gan.latent_dim=0", "a layer has no parameters"),
        ("gan.latent_dim=-1", "a layer has no parameters"),
        ("generator.channels=0", "a layer has no parameters"),
        ("eval.samples=0", "at least 100"),
    ],
)
def test_games_that_cannot_be_played(key, message, tmp_path):
    config = configs.load("configs/wgan_gp.py", [*tiny.overrides("wgan_gp", tmp_path), f"--config.{key}"])
    with pytest.raises(UserError, match=message):
        train(config, tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_a_layer_whose_width_is_halved_away(tmp_path):
    config = configs.load("configs/cogan.py", ["--config.generator.channels=2"])
    with pytest.raises(UserError, match="a layer has no parameters"):
        train(config, tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_a_run_without_sheets(tmp_path):
    train(tiny.config("gan", tmp_path, steps=2, sample_every=0), tmp_path / "w")
    assert not (tmp_path / "w" / "samples").exists()
    assert (tmp_path / "w" / "metrics.jsonl").is_file()


def test_shared_latents_with_accumulation_are_refused(tmp_path):
    config = tiny.config("dcgan", tmp_path)
    with config.unlocked():
        config.gan.shared_latents = True
        config.schedule.accumulate = 2
    with pytest.raises(UserError, match="shared_latents remembers one batch"):
        train(config, tmp_path / "w")


def test_calls_of_several_steps_need_one_number_of_moves(tmp_path):
    config = tiny.config("wgan", tmp_path, steps_per_call=5)
    with config.unlocked():
        config.schedule = configs.ConfigDict({"n_critic": configs.function("systems.wgan.warm_up")})
    with pytest.raises(UserError, match="steps_per_call must be 1"):
        train(config, tmp_path / "w")


def test_networks_of_another_size_than_the_data(tmp_path):
    config = tiny.config("dcgan", tmp_path)
    config.generator.size = 16
    with pytest.raises(UserError, match=r"makes 16×16×3, the data are 8×8×3"):
        train(config, tmp_path / "w")


# --------------------------------------------------------------------------------------------------- the command as it is


def command(*arguments):
    environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir}
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


@pytest.mark.ci
def test_kill_term_saves_and_exits_with_0(tmp_path):
    arguments = [
        "ganjax.main",
        "--config=configs/gan.py",
        f"--workdir={tmp_path}/w",
        *tiny.overrides("gan", tmp_path, steps=100_000),
    ]
    process = command(*arguments)
    while not (tmp_path / "w/metrics.jsonl").exists() or not lines_so_far(tmp_path / "w"):
        time.sleep(0.1)
        assert process.poll() is None, process.stderr.read()
    process.send_signal(signal.SIGTERM)
    _, shown = process.communicate(timeout=60)
    assert process.returncode == 0
    step = int(re.search(r"the same command goes on at step (\d+), saved", shown).group(1))
    assert Checkpoints(tmp_path / "w").steps()[-1] == step


def lines_so_far(workdir: Path):
    return (workdir / "metrics.jsonl").read_text().count("\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config=configs/gan.py", "stray"], "'stray' is no option"),
        (["--config=configs/gan.py", "--config.train.stepz=3"], 'Did you mean "steps" instead of "stepz"?'),
        (["--config=configs/gan.py", "--config.train.steps=1e3"], "a whole number is needed, such as 1000"),
        (["--config=configs/wgn_gp.py"], "no config file configs/wgn_gp.py; did you mean 'wgan_gp'?"),
        (["--config=configs/gan.py:minmax"], "no variant 'minmax'; did you mean 'minimax'?"),
        (["--config=configs/gan.py", "--config.system=wgan_pg"], "no system 'wgan_pg'; did you mean 'wgan_gp'?"),
        (["--config=configs/gan.py", "--workdri=x"], "'--workdri=x' is no option"),
        (["--config=configs/gan.py", "--config.generator.xyz=3"], "there is no key 'xyz' in that section"),
        (["--config=elsewhere/gan.py"], "no config file elsewhere/gan.py"),
        ([], "which config?"),
    ],
)
def test_slips_on_the_command_line_end_in_one_line_and_2(arguments, message, tmp_path):
    process = command("ganjax.main", *arguments, f"--workdir={tmp_path}/w")
    printed, shown = process.communicate(timeout=60)
    assert (process.returncode, printed) == (2, "")
    assert message in shown
    assert shown.count("\n") == 1
    assert not (tmp_path / "w").exists()


def test_signals_are_given_back():
    before = signal.getsignal(signal.SIGTERM)
    with training.stopping() as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop()
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_second_ctrl_c_does_not_wait():
    with training.stopping() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_game_is_five_functions():
    assert Gan._fields[:5] == ("init", "inputs", "disc_loss", "gen_loss", "generate")
    assert Gan._field_defaults == {"recognise": None}  # one more where D is a judge of attributes


def test_a_broken_checkpoint_is_written_anew(tmp_path):
    """Passed over when the run is resumed, and replaced when its step is reached again."""
    train(tiny.config("gan", tmp_path, steps=4, save_every=2), tmp_path / "w")
    whole = final(tmp_path / "w", 4)
    for file in (tmp_path / "w/checkpoints/4").rglob("*"):
        if file.is_file():
            file.write_bytes(b"")
    with pytest.warns(UserWarning, match="checkpoint 4 cannot be read"):
        train(tiny.config("gan", tmp_path, steps=4, save_every=2), tmp_path / "w")
    assert_same(final(tmp_path / "w", 4), whole)
