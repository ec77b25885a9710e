"""Modes of stacked digits: counts and divergences in closed form, the classifier, and what is published of both."""

import json
from pathlib import Path

import numpy as np
import pytest

from experiments.stacked_digits import __main__ as experiment
from experiments.stacked_digits import classifier, measure
from ganjax.metrics.stacked import stacked_modes

HERE = Path(experiment.__file__).parent
ALL = np.stack(np.meshgrid(*[np.arange(10)] * 3, indexing="ij"), axis=-1).reshape(1000, 3)


def test_every_mode_alike():
    assert stacked_modes(np.tile(ALL, (26, 1))) == (1000, pytest.approx(0, abs=1e-12))


def test_one_mode():
    assert stacked_modes(np.tile([[3, 1, 4]], (50, 1))) == (1, pytest.approx(np.log(1000)))


def test_half_of_the_modes_and_uneven_ones():
    assert stacked_modes(ALL[::2]) == (500, pytest.approx(np.log(2)))
    uneven = np.concatenate([np.tile(ALL[:1], (3, 1)), ALL[1:2]])
    assert stacked_modes(uneven) == (2, pytest.approx(0.75 * np.log(750) + 0.25 * np.log(250)))


def test_samples_of_the_data_itself_have_the_divergence_of_their_number():
    drawn = np.random.default_rng(0).integers(0, 10, (26_000, 3))
    assert stacked_modes(drawn) == (1000, pytest.approx(999 / 52_000, rel=0.1))


@pytest.mark.parametrize("digits", [np.zeros((0, 3), int), np.array([[0, 10, 0]]), np.array([[0, -1, 0]])])
def test_what_is_no_digit(digits):
    with pytest.raises(ValueError, match="from 0 to 9"):
        stacked_modes(digits)


def test_labels_of_stacked_images_count_as_digits_do():
    singles = {"image": np.zeros((10, 4, 4, 1), np.uint8), "label": np.arange(10, dtype=np.int32)}
    covered, kl = measure.count_labels(measure.real(singles, seed=0))
    assert (covered, kl) == (1000, pytest.approx(999 / 52_000, rel=0.1))


def test_training_images_are_moved_and_nothing_else(key):
    x = np.full((200, 8, 8, 1), -1.0, np.float32)
    x[:, 4, 4] = 1
    moved = np.asarray(classifier.shifted(x, key))
    rows, columns = np.nonzero(moved[..., 0] == 1)[1:]
    assert len(rows) == 200
    assert set(rows) == set(columns) == {2, 3, 4, 5, 6}
    assert (np.sort(moved.reshape(200, -1), axis=1)[:, :-1] == -1).all()


@pytest.mark.slow
def test_the_classifier_knows_digits_it_has_not_seen_in_each_channel():
    params, singles, about = measure.classifier()
    assert about["accuracy"] >= 0.97
    batch = next(measure.real(singles, seed=0))
    red, green, blue = np.asarray(classifier.digits_of(params, batch["image"])).T
    assert (100 * red + 10 * green + blue == batch["label"]).mean() == pytest.approx(about["accuracy"] ** 3, abs=0.03)


def test_the_readme_shows_what_was_counted():
    result, text = json.loads((HERE / "result.json").read_text()), (HERE / "README.md").read_text()
    for row in experiment.rows(result):
        assert row in text
    assert f"{100 * result['classifier']['accuracy']:.1f} %" in text
    assert (HERE / "figure.png").stat().st_size < 100_000
