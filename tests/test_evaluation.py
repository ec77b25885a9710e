"""Measurements with their protocol: what is written, compared, refused, cached, and kept while training."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny
from PIL import Image
from tiny import call, refused

from ganjax import cache, classes, evaluation, protocol, sweep, workdir
from ganjax import config as configs
from ganjax import run as runs
from ganjax.checkpoint import Checkpoints
from ganjax.errors import UserError
from ganjax.metrics import extractors, measures
from ganjax.metrics.extractors import Extractor
from ganjax.metrics.measures import Seen
from ganjax.nets.conv import library
from ganjax.protocol import Result
from ganjax.samples import sampler, with_standing_statistics
from ganjax.train import train

RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def library_convolutions():
    with library():
        yield


def thumbnail(resize=None):
    """In efflite0's place: a coarse view of an image, with logits, counted each time that it looks."""

    def network(_, images):
        thumbnail.seen += len(images)
        x = images.astype(jnp.float32) / 255
        small = x.reshape(len(x), 2, 4, 2, 4, 3).mean(axis=(2, 4)).reshape(len(x), 12)
        return {"features": small, "logits": small}

    return Extractor("efflite0", network, (), "thumbnail", resize or "clean", 2)


@pytest.fixture(autouse=True)
def cheap(monkeypatch, tmp_path_factory):
    monkeypatch.setattr(evaluation, "efflite0", thumbnail)
    monkeypatch.setattr(cache, "folder", lambda name: tmp_path_factory.getbasetemp() / "cache" / name)
    thumbnail.seen = 0


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with library():
        train(tiny.config("dcgan", folder, steps=4), folder / "w")
    return folder / "w"


def evaluate(capsys, folder, *options):
    (answer,) = json.loads(call(capsys, "evaluate", f"--workdir={folder}", "--json", *options))
    return answer


def test_a_number_with_its_protocol(capsys, trained):
    answer = evaluate(capsys, trained, "--n=60", "--metrics=fd_efflite0,kd_efflite0,prdc_efflite0,cs_efflite0")
    assert set(answer["measures"]) == {
        *("fd_efflite0", "kd_efflite0", "kd_low_efflite0", "kd_high_efflite0", "cs_efflite0", "cs_splits_efflite0"),
        *("precision_efflite0", "recall_efflite0", "density_efflite0", "coverage_efflite0"),
    }
    agreed = answer["protocol"]
    assert {**agreed, "data_sha256": ""} == {
        "kind": "efflite0", "weights": "thumbnail", "resize": "clean", "size": 2, "n_fake": 60, "n_real": 40,
        "quantised": "uint8, rounded", "generator": "raw", "batch_norm": "running", "truncation": None,
        "data": "npz", "shape": [8, 8, 3], "split": None, "data_sha256": "", "flips": False,
    }  # fmt: skip
    assert answer["of"]["step"] == 4
    assert {"train_seed", "samples_seed", "versions", "system"} <= set(answer["of"])
    assert "fewer than 2048" in answer["marks"][0]
    kept = json.loads(Path(answer["file"]).read_text())
    assert kept["measures"] == answer["measures"]
    assert answer["file"].startswith(str(trained / "eval" / "4-efflite0-n60-"))


def test_the_numbers_are_those_of_the_arrays(capsys, trained):
    """The distance by hand: the same samples, as bytes, and the data, through the same view."""
    answer = evaluate(capsys, trained, "--n=60", "--metrics=fd_efflite0")
    run, _, state = workdir.reopen(trained)
    inputs = run.game.gan.inputs(runs.root(0, "evaluation"), evaluation.CHUNK)
    made = sampler(run)(state, inputs)["image"][:60]
    fake = np.round((made + 1) * 127.5) / 255
    real = np.load(run.config.data.path)["images"] / 255

    def moments(x):
        rows = x.reshape(len(x), 2, 4, 2, 4, 3).mean(axis=(2, 4)).reshape(len(x), 12)
        return rows.mean(axis=0), np.cov(rows.T)

    expected = evaluation.measures.frechet_distance(*moments(real), *moments(fake))
    assert answer["measures"]["fd_efflite0"] == pytest.approx(expected, rel=1e-4)


def test_measures_of_other_samples_have_a_file_of_their_own(capsys, trained):
    one = evaluate(capsys, trained, "--n=52", "--metrics=fd_efflite0")
    two = evaluate(capsys, trained, "--n=52", "--metrics=kd_efflite0", "--seed=7")
    assert two["file"].endswith("-seed7.json")
    kept = json.loads(Path(one["file"]).read_text())
    assert set(kept["measures"]) == {"fd_efflite0"}
    assert kept["marks"]


def test_a_mark_stays_when_a_measure_joins(capsys, trained):
    evaluate(capsys, trained, "--n=54", "--metrics=fd_efflite0")
    two = evaluate(capsys, trained, "--n=54", "--metrics=kd_efflite0")
    assert json.loads(Path(two["file"]).read_text())["marks"]


def test_images_are_known_by_what_they_are(trained):
    """The order in which a run meets its data, and labels that no measure asks for, change no hash."""
    run, _, _ = workdir.reopen(trained)
    source, _ = runs.open_data(run.config.data)
    settings = evaluation.Settings(("fd_efflite0",))
    one = evaluation.fingerprint(source, run.config.data, settings, labelled=False)
    with run.config.unlocked():
        run.config.data.seed = 5
    told = source._replace(fetch=lambda i: {**source.fetch(i), "label": i.astype(np.int32)})
    assert evaluation.fingerprint(told, run.config.data, settings, labelled=False) == one
    assert evaluation.fingerprint(told, run.config.data, settings, labelled=True) != one


def test_a_damaged_cache_is_looked_at_again(capsys, trained):
    answer = evaluate(capsys, trained, "--n=60", "--real=31", "--metrics=fd_efflite0")
    for file in cache.folder("features").iterdir():
        file.write_bytes(b"PK\x03\x04 damaged")
    assert evaluate(capsys, trained, "--n=60", "--real=31", "--metrics=fd_efflite0")["measures"] == answer["measures"]


def test_a_number_that_is_none_is_null_in_json():
    assert json.loads(protocol.to_json({"a": float("nan"), "b": [1.0, float("inf")]})) == {"a": None, "b": [1.0, None]}


@pytest.mark.ci
def test_points_without_modes_train_without_measures(tmp_path):
    from ganjax.config import load

    small = ["--config.train.steps=2", "--config.train.batch_size=8", "--config.train.num_seeds=1"]
    train(load("configs/gan.py:ring8", ["--config.data.name=two_moons", *small]), tmp_path / "w")
    assert not (tmp_path / "w/eval").exists()
    config = load("configs/gan.py:ring8", ["--config.data.name=two_moons", "--config.eval.metrics=modes", *small])
    with pytest.raises(UserError, match="two_moons has no known modes to count"):
        train(config, tmp_path / "v")
    assert not (tmp_path / "v").exists()


def test_other_measures_of_the_same_protocol_share_a_file(capsys, trained):
    one = evaluate(capsys, trained, "--n=50", "--metrics=fd_efflite0")
    two = evaluate(capsys, trained, "--n=50", "--metrics=kd_efflite0")
    assert one["file"] == two["file"]
    assert {"fd_efflite0", "kd_efflite0"} <= set(json.loads(Path(one["file"]).read_text())["measures"])


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        (["--n=80"], "n_fake: 60 and 80"),
        (["--real=30"], "n_real: 40 and 30"),
        (["--resize=legacy-tf"], "resize: 'clean' and 'legacy-tf'"),
        (["--batch-norm=batch"], "batch_norm: 'running' and 'batch'"),
        (["--flips"], "flips: False and True"),
    ],
)
def test_unlike_numbers_are_not_compared(capsys, trained, options, difference):
    one = evaluate(capsys, trained, "--n=60", "--metrics=fd_efflite0")
    two = evaluate(capsys, trained, "--n=60", "--metrics=fd_efflite0", *options)
    assert difference in refused(capsys, "evaluate", "--compare", one["file"], two["file"])


def test_like_numbers_are_compared_also_across_steps_and_seeds(capsys, trained):
    one = evaluate(capsys, trained, "--n=60", "--metrics=fd_efflite0,kd_efflite0")
    two = evaluate(capsys, trained, "--n=60", "--metrics=fd_efflite0", "--step=0", "--seed=3")
    assert two["of"]["step"] == 0
    found = json.loads(call(capsys, "evaluate", "--compare", one["file"], two["file"], "--json"))
    assert found == {"fd_efflite0": [one["measures"]["fd_efflite0"], two["measures"]["fd_efflite0"]]}
    table = call(capsys, "evaluate", "--compare", one["file"], trained)
    assert "fd_efflite0" in table
    assert "note: 40 samples are fewer" in table


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--metrics=fd_eflite0"], "no measure 'fd_eflite0'; did you mean 'fd_efflite0'?"),
        (["--metrics=fid_efflite0"], "no measure 'fid_efflite0'"),
        (["--metrics=fid_inception2015"], "no package holds the weights of Inception 2015: download"),
        (["--metrics=modes"], "counts modes of points, these are images"),
        (["--metrics=intra_fd_efflite0"], "compares class by class"),
        (["--metrics=lpips_vgg61"], "no LPIPS of 'vgg61'; did you mean 'vgg16'?"),
        (["--metrics=lpips_alexnet"], "lpips_alexnet needs images of 31 pixels; these have 8"),
        (["--metrics=,"], "no measures are named"),
        (["--n=5", "--metrics=prdc_efflite0"], "prdc_efflite0: 5 neighbours need 6 features on each side"),
        (["--n=8", "--metrics=cs_efflite0"], "cs_efflite0: 10 splits need as many samples"),
        (["--n=1"], "--n=1 must be from 2"),
        (["--batch-norm=bach"], "--batch-norm=bach: choose running, batch, standing"),
        (["--step=best"], "has no best step"),
        (["--step=3"], "no checkpoint of step 3"),
        (["--step=three"], "numbered steps, and `best`"),
        (["--resize=bilinear", "--metrics=fd_inception2015", "--inception-weights=no.pth"], "no resizing mode"),
        (["--metrics=fd_inception2015", "--inception-weights=no.pth"], "no file no.pth"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(capsys, trained, options, message):
    assert message in refused(capsys, "evaluate", f"--workdir={trained}", *options)


def test_nothing_to_measure_and_nothing_to_compare(capsys, tmp_path):
    assert "--workdir=DIR, or --compare A B" in refused(capsys, "evaluate")
    assert "no measurement in" in refused(capsys, "evaluate", "--compare", tmp_path, tmp_path)
    (tmp_path / "x.json").write_text("{}")
    assert "is no measurement of ganjax" in refused(capsys, "evaluate", "--compare", tmp_path / "x.json", tmp_path)


def test_the_data_are_looked_at_once(capsys, trained):
    """A second evaluation finds them by the hash of the images; other images are looked at anew."""
    evaluate(capsys, trained, "--n=60", "--real=33", "--metrics=fd_efflite0")
    with_data = thumbnail.seen
    thumbnail.seen = 0
    evaluate(capsys, trained, "--n=60", "--real=33", "--metrics=fd_efflite0")
    assert thumbnail.seen < with_data
    assert len(list(cache.folder("features").iterdir())) >= 1


def test_the_cache_forgets_the_longest_unused(tmp_path):
    import os

    for i in range(4):
        (tmp_path / str(i)).write_bytes(bytes(10))
        os.utime(tmp_path / str(i), (i, i))
    cache.trim(tmp_path, limit=25)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2", "3"]


def test_a_name_that_published_weights_alone_may_bear():
    seen = Seen(RANDOM.normal(size=(20, 3)).astype(np.float32))
    mine = Extractor("inception2015", thumbnail, (), "0123456789abcdef")
    with pytest.raises(UserError, match=r"these have 01234567…: what they give is called fd_inception2015"):
        measures.measure("fid", mine, seen, seen)
    assert set(measures.measure("fd", mine, seen, seen)) == {"fd_inception2015"}
    published = mine._replace(published=True)
    assert set(measures.measure("kid", published, seen, seen)) == {
        "kid_inception2015",
        "kid_low_inception2015",
        "kid_high_inception2015",
    }
    assert extractors.PUBLISHED == "6726825d"


def test_which_value_is_better():
    assert measures.better("fd_efflite0", 1.0, 2.0)
    assert not measures.better("fd_efflite0", 2.0, 1.0)
    assert measures.better("precision_efflite0", 0.9, 0.8)
    assert measures.better("modes", 25.0, 24.0)
    assert not measures.better("modes", float("nan"), 24.0)
    assert measures.better("kd_efflite0", 3.0, float("nan"))
    assert measures.better("modes", 25.0, 25.0)  # the later of equals


def test_intra_class_distance_sees_a_swap_that_the_whole_does_not():
    """Two classes that changed places: as a whole nothing moved, each class did, by its mean alone."""
    from ganjax import metrics

    x = RANDOM.normal(size=(400, 3))
    labels = np.arange(400) % 2
    features = x + 5.0 * labels[:, None]
    swapped = 1 - labels
    apart = metrics.intra_class_frechet_distance(features, labels, features, swapped)
    whole = metrics.moments([features])
    assert metrics.frechet_distance(*whole[1:], *whole[1:]) == pytest.approx(0, abs=1e-9)
    assert apart[0] == pytest.approx(apart[1])
    assert apart[0] == pytest.approx(75, rel=0.1)
    with pytest.raises(ValueError, match="class 1 has 200 and 0 features"):
        metrics.intra_class_frechet_distance(features, labels, features, 0 * labels)


def test_standing_statistics_are_the_mean_of_batches(trained):
    """A linear update of unknown rate: the first BatchNorm's mean is that of its inputs over all batches."""
    run, _, state = workdir.reopen(trained)
    new = with_standing_statistics(run, state, batches=3, size=64)
    params, key = state.params.gen, runs.root(0, "evaluation")
    inside = []
    for i in range(3):
        z = run.game.gan.inputs(jax.random.fold_in(key, i), 64)["z"]
        kernel = params["ConvTranspose_0"]["kernel"]
        inside.append(jnp.einsum("bn,ijnc->bijc", z, kernel))
    found = new.carry.vars.gen["batch_stats"]["BatchNorm_0"]
    np.testing.assert_allclose(found["mean"], jnp.stack(inside).mean(axis=(0, 1, 2, 3)), atol=1e-5)
    each = jnp.stack([x.var(axis=(0, 1, 2)) for x in inside]).mean(axis=0)
    np.testing.assert_allclose(found["var"], each, rtol=1e-3)
    assert new.params is state.params


def test_evaluation_while_training_keeps_the_best(tmp_path, monkeypatch):
    """Given values 3, 1, 2, 5 at steps 0, 2, 4, 6: step 2 stays beside the newest, and `best` opens it."""
    values = iter([3.0, 1.0, 2.0, 5.0])
    monkeypatch.setattr(measures, "fd", None)
    monkeypatch.setitem(measures.MEASURES, "fd", lambda real, fake: {"fd": next(values)})
    config = tiny.config("dcgan", tmp_path, steps=6, eval_every=2, log_every=2, keep=1, save_every=6)
    with config.unlocked():
        config.eval.samples = 100
    train(config, tmp_path / "w")
    logged = [json.loads(line) for line in (tmp_path / "w/metrics.jsonl").read_text().splitlines()]
    assert [line["eval/fd_efflite0"] for line in logged] == [3, 1, 2, 5]
    assert all(0 < line["eval/share_of_time"] < 1 for line in logged)
    assert Checkpoints(tmp_path / "w").steps() == [2, 6]
    best = json.loads((tmp_path / "w/best.json").read_text())
    assert (best["step"], best["measure"], best["value"]) == (2, "fd_efflite0", 1.0)
    assert workdir.reopen(tmp_path / "w", "best")[1] == 2
    assert len(list((tmp_path / "w/eval").iterdir())) == 4


def test_a_resumed_run_remembers_its_best(tmp_path, monkeypatch):
    values = iter([3.0, 1.0, 2.0, 5.0])
    monkeypatch.setitem(measures.MEASURES, "fd", lambda real, fake: {"fd": next(values)})

    def go(steps):
        config = tiny.config("dcgan", tmp_path, steps=steps, eval_every=2, log_every=2, keep=1, save_every=2)
        with config.unlocked():
            config.eval.samples = 100
        train(config, tmp_path / "w")

    go(4)
    go(6)
    assert Checkpoints(tmp_path / "w").steps() == [2, 6]


def test_a_best_step_that_is_gone_or_of_another_protocol_is_not_believed(tmp_path, monkeypatch):
    values = iter([3.0, 1.0, 2.0, 5.0, 4.0])
    monkeypatch.setitem(measures.MEASURES, "fd", lambda real, fake: {"fd": next(values)})

    def go(steps, samples):
        config = tiny.config("dcgan", tmp_path, steps=steps, eval_every=2, log_every=2, save_every=2)
        with config.unlocked():
            config.eval.samples = samples
        train(config, tmp_path / "w")

    (tmp_path / "w").mkdir()
    (tmp_path / "w/best.json").write_text('{"step": 500, "measure": "fd_efflite0", "value": 0.1, "protocol": "x"}')
    go(4, 100)
    assert workdir.read_best(tmp_path / "w").step == 2
    go(6, 120)  # 5.0 of 120 samples is not set against 1.0 of 100
    assert workdir.read_best(tmp_path / "w").step == 6


def test_a_best_value_that_is_none_is_read_and_beaten(tmp_path):
    (tmp_path / "checkpoints/4").mkdir(parents=True)
    (tmp_path / "best.json").write_text('{"step": 4, "measure": "fd_efflite0", "value": null, "protocol": "x"}')
    best = workdir.read_best(tmp_path)
    assert np.isnan(best.value)
    assert measures.better(best.measure, 3.0, best.value)


def test_a_comparison_keeps_every_protocol(capsys, tmp_path):
    """Two protocols of one measure at one step: both pairs are in the JSON."""
    for folder, value in (("a", 1.0), ("b", 2.0)):
        for n in (5, 6):
            protocol.write(
                tmp_path / folder, Result({"modes": value * n}, {"kind": "modes", "n_fake": n}, {"step": 7}, [])
            )
    found = json.loads(call(capsys, "evaluate", "--compare", tmp_path / "a", tmp_path / "b", "--json"))
    assert sorted(found.values()) == [[5, 10], [6, 12]]


def test_a_measure_that_is_not_there_stops_before_anything_is_written(tmp_path):
    config = tiny.config("dcgan", tmp_path, steps=2, eval_every=2)
    with config.unlocked():
        config.eval.metrics = "fd_eflite0"
    with pytest.raises(UserError, match="did you mean 'fd_efflite0'"):
        train(config, tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_a_result_comes_back_from_its_file(tmp_path):
    result = Result({"modes": 3}, {"kind": "modes", "n_fake": 5}, {"step": 7, "run": 2}, ["few"])
    path = protocol.write(tmp_path, result)
    assert path.name.startswith("7-modes-n5-")
    assert path.name.endswith("-run2.json")
    assert protocol.read(path) == result
    assert protocol.newest(tmp_path) == [result]


def test_truncation_is_in_the_protocol_and_unlike_ones_are_not_compared(capsys, trained):
    plain, cut, hub = (
        evaluate(capsys, trained, "--n=60", "--metrics=fd_efflite0", *more)
        for more in ([], ["--truncation=0.5"], ["--truncation=tfhub:0.5"])
    )
    assert plain["protocol"]["truncation"] is None
    assert cut["protocol"]["truncation"] == {"kind": "redrawn", "threshold": 0.5}
    assert hub["protocol"]["truncation"] == {"kind": "tfhub", "threshold": 0.5}
    assert len({answer["measures"]["fd_efflite0"] for answer in (plain, cut, hub)}) == 3
    for other in (plain, hub):
        assert "differ in truncation: " in refused(capsys, "evaluate", "--compare", other["file"], cut["file"])
    shown = call(capsys, "evaluate", f"--workdir={trained}", "--n=60", "--metrics=fd_efflite0", "--truncation=0.5")
    assert "truncation 0.5" in shown
    assert "truncation 0.5" in call(capsys, "evaluate", "--compare", cut["file"], cut["file"])


def test_a_sweep_of_truncations(capsys, trained):
    """Each threshold is measured as it is alone; a sheet of the same latents, a curve, the columns."""
    answer = json.loads(
        call(capsys, "evaluate", f"--workdir={trained}", "--n=60", "--truncation-sweep=0.5,0.04,none", "--json")
    )
    assert [*answer["points"]] == ["0.04", "0.5", "none"]
    alone = evaluate(capsys, trained, "--n=60", "--metrics=fd_efflite0,prdc_efflite0", "--truncation=0.5")
    for name in ("fd_efflite0", "precision_efflite0", "coverage_efflite0"):
        assert answer["points"]["0.5"][name] == pytest.approx(alone["measures"][name], rel=1e-6)
    assert answer["columns"]["none"] == "none"
    distances = {name: point["fd_efflite0"] for name, point in answer["points"].items()}
    assert answer["columns"]["best fd_efflite0"] == min(distances, key=distances.get)
    assert answer["data"]["cs_efflite0"] >= 1
    folder = Path(answer["folder"])
    with Image.open(folder / "sheet.png") as sheet:
        assert sheet.size[1] == 3 * 50 + 2  # three rows of images six times as large, two pixels between
        assert sheet.size[0] > 10 * 50 + 2
    with Image.open(folder / "curve.png") as curve:
        assert curve.size == (1120, 400)
    assert json.loads((folder / "sweep.json").read_text())["points"] == answer["points"]


def test_the_sheets_rows_are_the_samples_of_each_truncation(capsys, trained):
    """Columns are of the same latents: the row of no truncation is the first samples that were measured."""
    run, step, state = workdir.reopen(trained)
    run = run._replace(source=runs.open_data(run.config.data)[0])
    settings = sweep.asked(evaluation.settings_of(run)._replace(n_fake=20), own=False)
    found = sweep.sweeper(run, settings, sweep.truncations("0.001"))(state, step, 0)
    inputs = run.game.gan.inputs(runs.root(0, "evaluation"), evaluation.CHUNK)
    first = np.round((sampler(run)(state, inputs)["image"][:10] + 1) * 127.5)
    np.testing.assert_array_equal(found.shown["none"], first)
    assert np.ptp(found.shown["0.001"].astype(int), axis=0).max() <= 2  # all but one image


def point(threshold, distance, score):
    cut = None if threshold is None else {"kind": "redrawn", "threshold": threshold}
    return Result({"fd_x": distance, "cs_x": score}, {"kind": "x", "n_fake": 9, "truncation": cut}, {"step": 3}, [])


def test_the_four_columns():
    """Without truncation, at the best distance, at the data's score, at the best score."""
    found = sweep.Sweep(
        [point(0.04, 90.0, 7.0), point(0.2, 25.0, 9.0), point(0.5, 9.6, 5.5), point(1.0, 7.7, 4.2),
         point(1.5, float("nan"), float("nan")), point(None, 8.7, 3.3)],
        "fd_x", "cs_x", 5.4, {},
    )  # fmt: skip
    cut = {name: sweep.name_of(each) for name, each in sweep.columns(found).items()}
    assert cut == {"none": "none", "best fd_x": "1", "data's cs_x": "0.5", "best cs_x": "0.2"}
    lines = [line.split() for line in sweep.table(found).splitlines()]
    assert lines[1:] == [
        ["truncation", "none", "1", "0.5", "0.2"],
        ["fd_x", "8.7", "7.7", "9.6", "25"],
        ["cs_x", "3.3", "4.2", "5.5", "9"],
        ["cs_x", "of", "the", "data", "5.4"],
    ]


def test_a_sweep_by_published_names_keeps_them():
    own = evaluation.Settings(("fid_inception2015",))
    assert sweep.asked(own, own=False).metrics == ("fid_inception2015", "is_inception2015", "prdc_inception2015")
    assert sweep.asked(evaluation.Settings(("kd_efflite0",)), own=False).metrics[0] == "fd_efflite0"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--truncation-sweep=0.5,half"], "--truncation=half: use a threshold above 0"),
        (["--truncation-sweep=none"], "--truncation-sweep=none: thresholds are needed"),
        (["--truncation-sweep", "--truncation=1"], "one at a time"),
        (
            ["--truncation-sweep", "--metrics=fd_efflite0"],
            "cannot go by fd_efflite0: it sets a Fréchet distance against",
        ),
        (["--truncation-sweep", "--compare", "a", "b"], "not allowed with"),
        (["--truncation=0"], "--truncation=0: use a threshold above 0"),
    ],
)
def test_truncations_that_cannot_be_measured(capsys, trained, options, message):
    assert message in refused(capsys, "evaluate", f"--workdir={trained}", *options)


def test_a_prior_without_tails_is_not_swept(capsys, tmp_path):
    train(tiny.config("gan", tmp_path, steps=1), tmp_path / "w")
    for option in ("--truncation=0.5", "--truncation-sweep=0.5"):
        line = refused(capsys, "evaluate", f"--workdir={tmp_path / 'w'}", "--n=60", option)
        assert "--truncation=0.5 cuts the tails of z ~ N(0, 1); gan draws a z that is not" in line
    assert not (tmp_path / "w/eval").exists()
    assert thumbnail.seen == 0


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """An untrained run told ten classes: ten images of each, of the last twelve."""
    folder = tmp_path_factory.mktemp("told")
    labels = np.append(np.arange(100) % 10, [9, 9])
    images = np.random.default_rng(0).integers(0, 255, (102, 8, 8, 3), np.uint8)
    np.savez(folder / "images.npz", images=images, labels=labels)
    colour = "--config.generator.image_channels=3"
    with library(), Checkpoints(folder / "w") as checkpoints:
        run = runs.prepare(configs.load("configs/acgan.py", [*tiny.overrides("acgan", folder), colour]))
        workdir.claim(folder / "w", run)
        checkpoints.save(0, runs.initial_state(run))
    return folder / "w"


def test_classes_by_themselves(capsys, told):
    """As many samples of each; the distances are those of the rows of one class, nearest first; their mean is intra_fd."""
    answer = json.loads(call(capsys, "evaluate", f"--workdir={told}", "--n=95", "--classes", "--json"))
    found = answer["classes"]
    assert sorted(each["label"] for each in found) == list(range(10))
    assert {each["n_fake"] for each in found} == {9, 10}
    assert {each["label"]: each["n_real"] for each in found}[9] == 12
    distances = [each["distance"] for each in found]
    assert distances == sorted(distances)
    assert answer["measures"]["intra_fd_efflite0"] == pytest.approx(np.mean(distances))
    assert answer["protocol"]["labels"] == "in turn"
    assert "classes have 10 to 12 images: of fewer a distance is larger" in answer["marks"]
    run, _, state = workdir.reopen(told)
    data = np.load(run.config.data.path)
    inputs = run.game.gan.inputs(runs.root(0, "evaluation"), evaluation.CHUNK)
    made = sampler(run)(state, {**inputs, "label": jnp.arange(evaluation.CHUNK) % 10})["image"][:95]
    seven = np.round((made[np.arange(95) % 10 == 7] + 1) * 127.5)
    one, two = (
        x.reshape(len(x), 2, 4, 2, 4, 3).mean(axis=(2, 4)).reshape(len(x), 12) / 255
        for x in (data["images"][data["labels"] == 7].astype(float), seven)
    )
    expected = evaluation.measures.frechet_distance(one.mean(axis=0), np.cov(one.T), two.mean(axis=0), np.cov(two.T))
    assert next(each["distance"] for each in found if each["label"] == 7) == pytest.approx(expected, rel=1e-3)
    with Image.open(Path(answer["folder"]) / "sheet.png") as sheet:
        assert sheet.size[1] == 8 * 50 + 2  # the four best and the four worst
        assert sheet.size[0] > 17 * 50 + 2  # eight samples, a gap, eight images
    assert not [file for file in (told / "eval").glob("*.json")]


def test_a_classs_row_is_of_its_samples_and_its_images(told):
    run, step, state = workdir.reopen(told)
    run = run._replace(source=runs.open_data(run.config.data)[0])
    found = classes.ranker(run, evaluation.settings_of(run)._replace(n_fake=100))(state, step, 0)
    data = np.load(run.config.data.path)
    for name, row in found.shown.items():
        label = int(name.split()[0])
        np.testing.assert_array_equal(row[9:], data["images"][data["labels"] == label][:8])
        assert (row[8] == 255).all()
        assert len(np.unique(row[:8].reshape(8, -1), axis=0)) == 8
    table = classes.table(found).splitlines()
    assert table[0].split() == ["class", "fd_efflite0", "images", "samples"]
    assert [line.split()[0] for line in table[1:11]] == [str(i + 1) for i in range(10)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--n=15"], "--n=15: 10 classes need 20 samples at least"),
        (["--metrics=lpips_vgg16"], "--classes cannot go by lpips_vgg16"),
        (["--truncation=half"], "use a threshold above 0"),
    ],
)
def test_classes_that_cannot_be_ranked(capsys, told, options, message):
    assert message in refused(capsys, "evaluate", f"--workdir={told}", "--classes", *options)


def test_a_run_without_classes_is_not_ranked(capsys, trained):
    assert "--classes: dcgan draws without labels" in refused(capsys, "evaluate", f"--workdir={trained}", "--classes")
