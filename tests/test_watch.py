"""The collapse watch: what it computes in closed form, and when it speaks."""

import json

import jax.numpy as jnp
import numpy as np
import pytest
import tiny
from PIL import Image

from ganjax.config import load
from ganjax.data import open_source
from ganjax.data.source import divide
from ganjax.errors import UserError
from ganjax.losses import accuracy
from ganjax.monitor import collapse, curves
from ganjax.nets.conv import library
from ganjax.run import prepare
from ganjax.train import train
from ganjax.watch import Watch

RANDOM = np.random.default_rng(0)


def test_apart_is_the_mean_over_all_pairs():
    x = RANDOM.normal(size=(7, 3, 2))
    pairs = [((x[i] - x[j]) ** 2).mean() for i in range(7) for j in range(i)]
    assert collapse.apart(x) == pytest.approx(np.mean(pairs) ** 0.5, rel=1e-12)
    assert collapse.apart(np.ones((4, 5))) == 0


def test_top_singular_values_of_chosen_layers():
    kernel = RANDOM.normal(size=(3, 3, 4, 5))
    params = {
        "disc": {"Conv_0": {"kernel": kernel, "bias": np.ones(5)}, "Dense_0": {"kernel": RANDOM.normal(size=(4, 9))}}
    }
    expected = np.linalg.svd(kernel.reshape(36, 5), compute_uv=False)[:3]
    found = collapse.singular_values(params, "Conv")
    assert found == pytest.approx({f"disc/Conv_0/sigma{i}": value for i, value in enumerate(expected)}, rel=1e-6)
    wide = collapse.singular_values(params, "Dense", top=2)
    assert list(wide) == ["disc/Dense_0/sigma0", "disc/Dense_0/sigma1"]
    assert collapse.singular_values(params, "nothing") == {}


def test_tables_of_classes_are_layers_too():
    """A projection's embedding goes through spectral normalisation as kernels do."""
    rows = np.diag([3.0, 2.0, 1.0])
    params = {"disc": {"Projection_0": {"told": {"embedding": rows, "bias": rows[0]}}}}
    assert collapse.layers(params) == ["disc/Projection_0/told"]
    found = collapse.singular_values(params, "told")
    assert [found[f"disc/Projection_0/told/sigma{i}"] for i in range(3)] == pytest.approx([3.0, 2.0, 1.0])


def test_accuracy_is_the_share_of_pairs_in_order():
    assert float(accuracy(jnp.array([1.0, 3.0]), jnp.array([0.0, 2.0]))) == 0.75
    assert float(accuracy(jnp.ones(4), jnp.ones(5))) == 0.5
    assert float(accuracy(jnp.full((2, 3), 1e30), jnp.zeros(4))) == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"watch/apart": 0.1}, "samples differ from each other 0.10 times as much as the data"),
        (
            {"watch/accuracy_train": 0.95, "watch/accuracy_held_out": 0.6},
            "right on 95% of what it was trained on and 60%",
        ),
        ({"gen/gradient_norm": 1e-9}, "gen/gradient_norm is 1.0e-09: it has nothing to go by"),
        ({"disc/gradient_norm": 1e6}, "disc/gradient_norm is 1.0e+06: it explodes"),
    ],
)
def test_a_warning_says_what_it_saw(values, said):
    (line,) = collapse.signs(values).values()
    assert said in line


def test_nothing_is_said_of_good_numbers_nor_of_moves_that_were_skipped():
    good = {"watch/apart": 0.9, "gen/gradient_norm": 1.0, "watch/accuracy_train": 0.9, "watch/accuracy_held_out": 0.85}
    assert collapse.signs(good) == {"apart": "", "gen": "", "accuracy": ""}
    assert collapse.signs({"gen/gradient_norm": float("nan")}) == {}


def test_a_sign_is_said_once_also_where_lines_without_it_come_between(tmp_path, capsys):
    config = tiny.config("dcgan", tmp_path)
    with library():
        watch = Watch(prepare(config))
    for step, values in [(10, {"watch/apart": 0.1}), (11, {}), (12, {"watch/apart": 0.1}), (13, {"watch/apart": 0.9})]:
        watch.warn(step, values)
    watch.warn(14, {"watch/apart": 0.1})
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == ["watch, step 10", "watch, step 14"]


def test_held_out_examples_are_not_trained_on():
    source = open_source("two_moons")
    train_part, held = divide(source, 500, seed=3)
    assert (train_part.size, held.size) == (source.size - 500, 500)
    everything = np.concatenate([part.fetch(np.arange(part.size))["image"] for part in (train_part, held)])
    order = np.lexsort(everything.T), np.lexsort((own := source.fetch(np.arange(source.size))["image"]).T)
    np.testing.assert_array_equal(everything[order[0]], own[order[1]])
    with pytest.raises(UserError, match="held_out=100000: two_moons has 100000 examples"):
        divide(source, 100_000, seed=0)


def test_a_run_is_watched(tmp_path, capsys):
    config = tiny.config("dcgan", tmp_path, steps=4, sample_every=2, log_every=4)
    with config.unlocked():
        config.data.held_out = 8
        config.train.watch = "disc/Conv"
    with library():
        train(config, tmp_path / "w")
    lines = [json.loads(line) for line in (tmp_path / "w/metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4]
    for line in lines:
        assert 0 <= line["watch/accuracy_train"] <= 1
        assert 0 <= line["watch/accuracy_held_out"] <= 1
        assert line["watch/loss_train"] > 0
        assert line["watch/loss_held_out"] > 0
        assert line["watch/disc/Conv_0/sigma0"] >= line["watch/disc/Conv_0/sigma1"] > 0
        assert line["gen/gradient_norm"] > 0
        assert line["watch/apart"] < 0.25  # two steps old: its samples are all alike
    shown = curves.panels(lines)
    assert list(shown["disc/loss"]) == list(shown["disc/accuracy"]) == ["train", "held out"]
    assert shown["disc/Conv_0"]["σ₀"] == ((2, 4), tuple(line["watch/disc/Conv_0/sigma0"] for line in lines))
    wide, high = curves.PANEL
    with Image.open(tmp_path / "w/watch.png") as drawn:
        assert drawn.size == (min(len(shown), curves.COLUMNS) * wide, -(-len(shown) // curves.COLUMNS) * high)
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("watch, step 2: samples differ")]
    assert len(said) == 1  # and not again at step 4


def test_a_layer_that_is_not_there_is_refused(tmp_path):
    config = tiny.config("dcgan", tmp_path)
    with config.unlocked():
        config.train.watch = "disk/Cnov"
    with pytest.raises(UserError, match=r"'disk/Cnov' is in no layer's name; there are: gen/ConvTranspose_0"):
        Watch(prepare(config))


def test_a_pattern_that_is_none_is_refused(tmp_path):
    config = tiny.config("dcgan", tmp_path)
    with config.unlocked():
        config.train.watch = "disc/("
    with pytest.raises(UserError, match=r"config.train.watch='disc/\(' is no regular expression"):
        train(config, tmp_path / "w")


@pytest.mark.ci
def test_a_run_with_few_labels_is_watched(tmp_path):
    """What is held out has its own labels, and D is asked about images alone."""
    config = load("configs/sgan.py", ["--config.critic.hidden=(8,)", "--config.generator.hidden=(8,)"])
    with config.unlocked():
        config.train.update(steps=1, batch_size=8)
    with library():
        train(config, tmp_path / "w")
    (line,) = [json.loads(line) for line in (tmp_path / "w/metrics.jsonl").read_text().splitlines()]
    assert {"watch/accuracy_train", "watch/accuracy_held_out", "disc/class_accuracy"} <= set(line)
