"""Colours that an outline cannot hold: what destroys them, and how what is left of them is counted."""

import numpy as np
import pytest

from experiments.hidden_information.__main__ import colour_correlation, left, verdict
from experiments.hidden_information.channels import drawn, jpeg, noise, rounded
from ganjax.data.pairs import outlines
from ganjax.monitor import pictures


def images(n=6, size=16, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, size, size, 3)).astype(np.float32)


def test_a_true_outline_passes_the_channel_of_ink_and_paper_untouched():
    true = outlines(pictures.to_bytes(images())).astype(np.float32) / 127.5 - 1
    np.testing.assert_allclose(drawn(true), true, atol=1e-6)
    faint = true + np.random.default_rng(1).uniform(-0.2, 0.2, true.shape).astype(np.float32)
    np.testing.assert_allclose(drawn(faint), true, atol=1e-6)


def test_bytes_cost_half_a_step_at_most_and_jpeg_more():
    x = images()
    assert np.abs(rounded(x) - x).max() <= 0.5 / 127.5 + 1e-6
    assert np.abs(rounded(x) - x).mean() < np.abs(jpeg(95)(x) - x).mean() < np.abs(jpeg(30)(x) - x).mean()
    assert jpeg(75)(x).shape == x.shape


def test_noise_has_its_deviation_and_is_the_same_each_time():
    x = np.zeros((20, 32, 32, 3), np.float32)
    assert noise(0.2)(x).std() == pytest.approx(0.2, rel=0.02)
    np.testing.assert_array_equal(noise(0.2)(x), noise(0.2)(x))
    np.testing.assert_array_equal(noise(0.0)(x), x)


def test_colours_are_followed_up_to_scale_and_shift():
    x = images() + np.linspace(-0.5, 0.5, 6)[:, None, None, None]
    assert colour_correlation(x, x) == pytest.approx(1)
    assert colour_correlation(0.1 * x + 0.3, x) == pytest.approx(1)
    assert colour_correlation(-x, x) == pytest.approx(-1)
    assert colour_correlation(np.broadcast_to(x.mean(axis=0), x.shape), x) == pytest.approx(0, abs=1e-5)


def numbers(clear, bare, limit, deviation):
    return {
        "back": {"clear": {"error": clear}, "noise 0.1": {"error": bare}},
        "from_truth": {"error": limit},
        "lines_alone": {"ink or paper": {"error": bare}, "deviation": deviation, "wrong_pixels": 0.1},
    }


def test_what_is_left_of_a_gain():
    found = numbers(0.1, 0.3, 0.4, 0.05)
    assert left(found, [0.1, 0.25, 0.4]).tolist() == pytest.approx([1, 0.5, 0])


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        ((0.1, 0.3, 0.4, 0.05), "yes"),
        ((0.1, 0.3, 0.4, 0.3), "partly"),  # it is there for all to see
        ((0.1, 0.12, 0.4, 0.05), "partly"),  # the lines alone tell as much
        ((0.35, 0.4, 0.4, 0.05), "no"),  # nothing comes back
    ],
)
def test_the_verdict_follows_from_the_numbers(found, answer):
    assert verdict({"outlines": numbers(*found)})[0] == answer
