"""The report: what it reads of a workdir, what it leaves out, and that no text of a run gets out of its place."""

import json
import math
import os
import re
import shutil
import time

import numpy as np
import pytest
import tiny
from PIL import Image
from tiny import call, refused

from ganjax import report
from ganjax.monitor import gallery, health, history, pages
from ganjax.nets.conv import library
from ganjax.train import train

pytestmark = pytest.mark.xdist_group("report")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    config = tiny.config("dcgan", folder, steps=4, sample_every=2, log_every=1, num_seeds=2)
    with library():
        train(config, folder / "w")
    return folder / "w"


@pytest.fixture
def workdir(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "run")


def told(capsys, workdir, *options):
    """What the page of a run holds."""
    answer = json.loads(call(capsys, "report", f"--workdir={workdir}", "--json", *options))
    return inside(answer["out"])


def inside(path):
    with open(path, encoding="utf-8") as file:
        return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', file.read(), re.S)[1])


def change(workdir, file, **values):
    content = json.loads((workdir / file).read_text())
    (workdir / file).write_text(json.dumps(content | values))


def log(workdir, lines):
    (workdir / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_page_of_a_run(capsys, workdir):
    printed = call(capsys, "report", f"--workdir={workdir}")
    assert printed.startswith(f"{workdir}/report.html (")
    page = inside(workdir / "report.html")
    (run,) = page["runs"]
    assert (page["title"], run["system"], run["status"]["state"]) == ("run", "dcgan", "done")
    assert (run["status"]["step"], run["status"]["saved"]) == (4, 4)
    assert [strip["steps"] for strip in run["samples"]] == [[2, 4]]
    assert run["curves"]["disc/loss"]["steps"] == [1, 2, 3, 4]
    assert len(run["curves"]["disc/loss"]["spread"]) == 4
    assert not [name for name in run["curves"] if name.endswith("_std")]
    assert run["config"]["train.num_seeds"] == "2"
    assert run["environment"]["packages.jax"]
    (warning,) = run["warnings"]  # as training said it, two steps old
    assert warning.startswith("step 2: samples differ from each other 0.0")
    assert [network["name"] for network in run["networks"]] == ["gen", "disc"]
    assert run["networks"][0]["count"] == 6600
    assert dict(run["facts"])["parameters of G"] == "6,600"


def test_the_pictures_are_those_of_the_run(capsys, workdir):
    import base64

    (strip,) = told(capsys, workdir)["runs"][0]["samples"]
    kind, data = strip["pictures"][-1].split(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data) == (workdir / "samples/step_00000004.png").read_bytes()


def test_nothing_of_a_run_leaves_its_place(capsys, workdir):
    hostile = "</script><script>alert(1)</script><!--"
    content = json.loads((workdir / "config.json").read_text())
    content["data"]["path"] = hostile
    (workdir / "config.json").write_text(json.dumps(content))
    change(workdir, "environment.json", python=hostile)
    log(workdir, [{"step": 1, "time": 1.0, f"disc/{hostile}": 1.0}])
    evil = shutil.copytree(workdir, workdir.parent / "<img src=x>&")
    assert told(capsys, evil)["runs"][0]["config"]["data.path"] == hostile
    text = (evil / "report.html").read_text()
    assert text.count("<script") == text.count("</script>") == 2
    assert "<!--" not in text
    assert "<title>&lt;img src=x&gt;&amp;</title>" in text


def test_the_policy_lets_in_our_script_alone():
    import base64
    import hashlib

    text = pages.page("a", {})
    script = re.findall(r"<script>(.*?)</script>", text, re.S)[0]
    style = re.search(r"<style>(.*?)</style>", text, re.S)[1]
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', text)[1]
    assert policy.startswith("default-src 'none'; img-src data:;")
    for part in (script, style):
        assert base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() in policy
    assert not re.search(r"innerHTML|insertAdjacent|document\.write|\beval\(|https?://(?!www\.w3\.org/2000/svg)", text)


def test_numbers_that_are_none_stop_the_page_before_it_is_written():
    with pytest.raises(ValueError, match="not JSON compliant"):
        pages.embedded({"x": math.nan})


def test_half_a_last_line_is_left_out(capsys, workdir):
    with (workdir / "metrics.jsonl").open("a") as file:
        file.write('{"step": 5, "time": 17')
    (run,) = told(capsys, workdir)["runs"]
    assert run["curves"]["disc/loss"]["steps"][-1] == 4
    assert not [line for line in run["warnings"] if "metrics.jsonl" in line]
    assert run["notes"] == ["curves: one line of the log is half written and left out"]


def test_lines_that_are_none(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(
        b'[]\n{"step": "x"}\n\xff\n{"step": true}\n{"step": 2, "a": "text", "b": null, "c": [1]}\n{"step": 1}\n'
    )
    lines, unreadable = history.read(path)
    assert [line["step"] for line in lines] == [1, 2]
    assert list(lines[1]) == ["step", "b"]
    assert math.isnan(lines[1]["b"])
    assert unreadable == 4
    assert history.read(tmp_path / "none") == ([], 0)


def every(n, count, name="a", skip=()):
    return [{"step": i, **({name: float(i)} if i % n == 0 and i not in skip else {})} for i in range(count)]


def test_a_metric_that_was_skipped_has_a_gap():
    curve = history.curves(every(1, 8, skip=(3, 4)))["a"]
    assert curve.steps == [0, 1, 2, 3, 5, 6, 7]
    assert curve.values == [0, 1, 2, None, 5, 6, 7]


def test_a_metric_of_every_fourth_line_has_gaps_only_where_it_was_skipped():
    assert None not in history.curves(every(4, 40))["a"].values
    assert history.curves(every(4, 40, skip=(12, 16, 20)))["a"].values == [0, 4, 8, None, 24, 28, 32, 36]


def test_what_is_not_finite_is_a_gap():
    values = [1.0, math.nan, math.inf, 4.0]
    lines = [{"step": i, "a": value, "a_std": 0.5} for i, value in enumerate(values)]
    curve = history.curves(lines)["a"]
    assert curve.values == [1, None, None, 4]
    assert curve.spread == [0.5] * 4


def test_long_logs_lose_neither_peaks_nor_ends():
    values = np.sin(np.arange(50_000) / 700).tolist()
    values[12_345], values[33_333] = 9.0, -9.0
    values[20_000] = None
    kept = history.thinned(values, 1000)
    assert len(kept) <= 1502
    assert kept == sorted({*kept, 0, 12_345, 20_000, 33_333, 49_999})
    assert history.thinned(values[:1000], 1000) == list(range(1000))


def test_minutes_leave_pauses_out():
    lines = [{"step": i, "time": t} for i, t in enumerate([0.0, 30.0, 60.0, 4000.0, 4030.0, 4000.0])]
    assert history.minutes(lines) == [0, 0.5, 1, 1, 1.5, 1.5]
    assert history.minutes([]) == []
    assert history.minutes([{"step": 1}, {"step": 2, "time": 1.0}]) == [0, 0]


def pictures(folder, steps, way="", side=4):
    folder.mkdir(exist_ok=True)
    for step in steps:
        Image.fromarray(np.random.default_rng(step).integers(0, 255, (side, side, 3), np.uint8)).save(
            folder / f"step_{step:08}{way}.png"
        )


def test_pictures_of_each_direction(tmp_path):
    pictures(tmp_path / "samples", (0, 5), "_ab")
    pictures(tmp_path / "samples", (0, 5, 10), "_ba")
    (tmp_path / "samples/step_00000005_xy.png").write_bytes(b"no picture")
    (tmp_path / "samples/notes.png").write_bytes(b"")
    found = gallery.strips(tmp_path / "samples")
    assert [(strip.name, strip.steps) for strip in found] == [("ab", [0, 5]), ("ba", [0, 5, 10])]
    assert gallery.strips(tmp_path / "none") == []


def test_a_page_holds_so_many_pictures_and_no_more(tmp_path):
    pictures(tmp_path, range(0, 1000, 5))
    (strip,) = gallery.strips(tmp_path, most=9)
    assert (len(strip.steps), strip.steps[0], strip.steps[-1], strip.found) == (9, 0, 995, 200)
    assert {*np.diff(strip.steps)} <= {120, 125}
    (few,) = gallery.strips(tmp_path, weight=1)
    assert few.steps == [0, 995]
    (weighed,) = gallery.strips(tmp_path, weight=5000)
    assert sum(map(len, weighed.pictures)) < 6000


def test_pictures_that_are_too_large_are_made_smaller(tmp_path):
    pictures(tmp_path, (1,), side=gallery.LARGEST + 400)
    (strip,) = gallery.strips(tmp_path)
    assert strip.size == (gallery.LARGEST, gallery.LARGEST)
    assert strip.shrunk
    assert strip.pictures[0].startswith("data:image/jpeg;base64,")


def test_what_is_left_out_is_said(capsys, workdir):
    pictures(workdir / "samples", range(10, 3000, 10))
    log(workdir, [{"step": i, "time": float(i), "disc/loss": 1.0} for i in range(1, 5001)])
    (run,) = told(capsys, workdir)["runs"]
    assert len(run["curves"]["disc/loss"]["steps"]) <= 1.5 * history.POINTS + 2
    assert "curves: of 5,000 log lines the least and the greatest of each 10 or so are drawn" in run["notes"]
    assert f"samples: {gallery.MOST} of 301 pictures, evenly, first and last kept" in run["notes"]


def standing(state="done", step=10, steps=10, saved=10, quiet=0.0):
    return health.Status(state, step, steps, saved, quiet)


def lines_to(last, **values):
    return [{"step": step, **values} for step in range(1, last + 1)]


@pytest.mark.parametrize(
    ("lines", "unreadable", "at", "expected"),
    [
        (lines_to(10), 1, standing(), None),
        (lines_to(6), 0, standing("training", 6, saved=None), None),
        (
            lines_to(6),
            0,
            standing("stopped", 6, saved=6, quiet=7300.0),
            "the run has not finished: it stands at step 6 of 10",
        ),
        ([], 0, standing("stopped", 0, saved=None, quiet=7300.0), "the run has not begun"),
        (lines_to(9), 0, standing("training", 9, saved=1), "of step 1: the 8 steps after it are in the log"),
        (lines_to(10), 0, standing(saved=8), "the newest checkpoint is of step 8: the 2 steps"),
        (lines_to(10), 0, standing(saved=None), "there is no checkpoint: the 10 steps"),
        (lines_to(6), 0, standing(saved=10), "the log ends at step 6, the newest checkpoint is of step 10"),
        (lines_to(10), 3, standing(), "3 lines of metrics.jsonl cannot be read"),
        ([*lines_to(9), {"step": 10, "gen/loss": math.inf}], 0, standing(), "step 10: gen/loss is inf"),
        ([{"step": 10, "gen/gradient_norm": 1e9}], 0, standing(), "step 10: gen/gradient_norm is 1.0e+09: it explodes"),
        ([{"step": 10, "watch/apart": 0.1}], 0, standing(), "step 10: samples differ from each other 0.10 times"),
        ([{"step": 1, "watch/apart": 0.1}, {"step": 10}], 0, standing(), None),  # it had just begun
    ],
)
def test_warnings_from_files_alone(lines, unreadable, at, expected):
    found = health.warnings(lines, unreadable, at, save_every=3)
    if expected is None:
        assert found == []
    else:
        assert [line for line in found if expected in line] == found != []


def test_a_warning_that_comes_again_and_again_is_counted():
    lines = [{"step": step, "gen/gradient_norm": 1.0 if step % 2 else 1e9} for step in range(100)]
    found = health.signs(lines, standing())
    assert len(found) == health.SAID + 1
    assert found[-1].startswith(f"… and {50 - health.SAID} more of this kind, the last at step 98: ")


def test_a_run_is_training_while_it_writes(workdir):
    lines, _ = history.read(workdir / "metrics.jsonl")
    wrote = (workdir / "metrics.jsonl").stat().st_mtime
    states = [health.status(workdir, lines, steps, wrote + s).state for steps, s in ((4, 9e9), (9, 1), (9, 9e3))]
    assert states == ["done", "training", "stopped"]
    slow = [line | {"time": 3600.0 * line["step"]} for line in lines]
    assert health.status(workdir, slow, 9, wrote + 9e3).state == "training"


def test_a_run_that_still_trains_has_its_page(capsys, workdir):
    for file in ("checkpoints", "samples"):
        shutil.rmtree(workdir / file)
    (workdir / "metrics.jsonl").unlink()
    os.utime(workdir / "config.json", (time.time(), time.time()))
    (run,) = told(capsys, workdir)["runs"]
    assert (run["status"]["state"], run["samples"], run["curves"], run["warnings"]) == ("training", [], {}, [])


def test_weights_from_elsewhere_are_no_run_that_stopped(capsys, workdir):
    for file in ("checkpoints", "samples"):
        shutil.rmtree(workdir / file)
    (workdir / "metrics.jsonl").unlink()
    (workdir / "checkpoints/0").mkdir(parents=True)
    change(workdir, "data.json", size=0)
    os.utime(workdir / "config.json", (1.0, 1.0))
    (run,) = told(capsys, workdir)["runs"]
    assert (run["status"]["state"], run["warnings"]) == ("done", [])


def test_a_page_without_networks_says_why(capsys, workdir):
    (workdir / "data.json").unlink()
    (workdir / "environment.json").write_text("{")
    (run,) = told(capsys, workdir)["runs"]
    assert run["networks"] == []
    assert any(line.startswith("the networks cannot be built from this folder: no run in") for line in run["warnings"])


def result(step, value, **agreed):
    content = {"kind": "efflite0", "n_fake": 100, "truncation": None, **agreed}
    return {"measures": {"fd": value}, "protocol": content, "of": {"step": step, "run": 0}, "marks": ["few"]}


def test_measures_stand_beside_those_of_their_protocol(capsys, workdir):
    (workdir / "eval").mkdir()
    cut = {"kind": "redrawn", "threshold": 0.5}
    for i, content in enumerate(
        (result(2, 3.0), result(4, None), result(4, 2.0, truncation=cut), result(4, 1.0, n_fake=9))
    ):
        (workdir / f"eval/{i}.json").write_text(json.dumps(content))
    (workdir / "eval/broken.json").write_text("{")
    first, second = told(capsys, workdir)["runs"][0]["measures"]
    assert [(row["truncation"], row["step"], row["values"]) for row in first["rows"]] == [
        ("redrawn 0.5", 4, [2.0]),
        ("", 2, [3.0]),
        ("", 4, [None]),
    ]
    assert first["marks"] == ["few"]
    assert second["title"] == "efflite0: n_fake 9"


@pytest.fixture
def other(workdir, tmp_path):
    """Another run of the same name, in another folder, with other settings, and no longer training."""
    other = shutil.copytree(workdir, tmp_path / "elsewhere/run")
    content = json.loads((other / "config.json").read_text())
    content["gen_opt"]["learning_rate"] = 0.5
    content["data"]["style"] = "new"
    (other / "config.json").write_text(json.dumps(content))
    return other


def test_runs_beside_each_other(capsys, workdir, other, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call(capsys, "report", "--compare", workdir, other).startswith("compare.html (")
    page = inside(tmp_path / "compare.html")
    assert page["title"] == "2 runs compared"
    assert [run["name"] for run in page["runs"]] == [f"{tmp_path.name}/run", "elsewhere/run"]
    assert [key for key, _ in page["differences"]] == ["data.style", "gen_opt.learning_rate"]
    assert page["differences"][0][1] == ["", "new"]
    assert page["differences"][1][1][1] == "0.5"


def test_of_measures_the_newest_are_compared(capsys, workdir, other, tmp_path):
    for folder, value in ((workdir, 1.0), (other, 2.0)):
        (folder / "eval").mkdir()
        for step in (2, 4):
            (folder / f"eval/{step}.json").write_text(json.dumps(result(step, value * step)))
    (table,) = report.side_by_side([("a", workdir), ("b", other)])
    assert [(row["name"], row["step"], row["values"]) for row in table["rows"]] == [("a", 4, [4.0]), ("b", 4, [8.0])]


def test_runs_share_the_room_for_pictures(capsys, workdir, other, tmp_path):
    for folder in (workdir, other):
        pictures(folder / "samples", range(10, 1000, 10))
    call(capsys, "report", "--compare", workdir, other, f"--out={tmp_path}/x.html")
    page = inside(tmp_path / "x.html")
    assert [len(run["samples"][0]["steps"]) for run in page["runs"]] == [gallery.MOST // 2] * 2


def test_what_a_report_refuses(capsys, workdir, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for options, message in (
        ([f"--workdir={tmp_path}/none"], "no run in"),
        ([], "one of the arguments --workdir --compare is required"),
        ([f"--workdir={workdir}", "--compare", workdir], "not allowed with"),
        (["--compare", workdir], "two runs are needed"),
        (["--compare", workdir, f"{workdir}/../run"], "are the same run"),
        (["--compare", workdir, tmp_path], "no run in"),
        ([f"--workdir={workdir}", "--out=page.pdf"], "--out=page.pdf: X.html is needed"),
        ([f"--workdir={workdir}", f"--out={tmp_path}"], "X.html is needed"),
        ([f"--workdir={workdir}", f"--out={workdir}/config.json/x.html"], "config.json"),
        ([f"--workdir={workdir}", "--step=1"], "unrecognised: --step=1"),
    ):
        assert message in refused(capsys, "report", *options), options
    (workdir / "config.json").write_text("{")
    assert "not valid JSON" in refused(capsys, "report", f"--workdir={workdir}")
    assert not list(tmp_path.rglob("*.html"))


def test_a_script_learns_what_is_wrong(capsys, workdir):
    log(workdir, lines_to(4, **{"gen/gradient_norm": 1e9}))
    answer = json.loads(call(capsys, "report", f"--workdir={workdir}", "--json"))
    assert answer["bytes"] == (workdir / "report.html").stat().st_size
    (warning,) = answer["warnings"][str(workdir)]
    assert "it explodes" in warning
