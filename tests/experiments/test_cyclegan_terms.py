"""Swings, colours and losses that are made by hand."""

import json

import numpy as np
import pytest

from experiments.cyclegan_terms.__main__ import verdict
from experiments.cyclegan_terms.measuring import colour_shift, of_log, swing, variation


def test_a_swing_is_the_mean_step_between_neighbours():
    still = np.zeros((3, 4, 4, 3))
    assert swing([still, still + 0.2, still, still + 0.2]) == pytest.approx(0.2)
    assert swing([still, still]) == 0


def test_colours_may_move_within_an_image_but_not_on_the_whole():
    x = np.random.default_rng(0).uniform(-1, 1, (5, 8, 8, 3))
    assert colour_shift(x[:, ::-1], x) == pytest.approx(0, abs=1e-12)
    assert colour_shift(x - 0.3, x) == pytest.approx(0.3)
    assert colour_shift(x + np.array([0.3, 0, 0]), x) == pytest.approx(0.1)


def test_losses_are_compared_whatever_their_scale(tmp_path):
    (tmp_path / "metrics.jsonl").write_text("\n".join(json.dumps({"step": i, "disc/loss": i}) for i in range(1, 9)))
    last = of_log(tmp_path, "disc/loss")
    assert last.tolist() == [5, 6, 7, 8]
    assert variation(last) == pytest.approx(variation(10 * last))


def test_the_verdict_asks_for_a_tenth_in_every_seed():
    keys = ("swing", "kid_100", "colour_shift")
    best, worse = ({key: value for key in keys} for value in (1.0, 1.2))
    runs = {"glasses": [best, best], **{f"glasses-{x}": [worse, worse] for x in ("log", "no_history", "no_identity")}}
    assert verdict(runs)[0] == "yes"
    assert verdict({**runs, "glasses-no_history": [worse, best]})[0] == "partly"
    assert verdict({name: [best, best] for name in runs})[0] == "no"
