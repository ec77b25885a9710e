"""BigGAN's tricks, small: what is read off logs and seeds, on examples made by hand."""

import math
import statistics

import numpy as np
import pytest

from experiments.large_scale_tricks import measuring, parts
from experiments.large_scale_tricks.measuring import FIRST, Spectra
from experiments.large_scale_tricks.parts import KD, Part, Restrained
from experiments.large_scale_tricks.rows import CHANGES, RESTRAINTS, ROWS, SPEC, Change
from ganjax import config as configs

SIGMA = {FIRST: [1.0, 4.0], "gen/a": [1.0, 2.0], "gen/b": [1.0, 1.0], "disc/a": [1.0, 2.0], "disc/b": [1.0, 8.0]}


def test_a_spectrum_is_read_off_the_lines_that_have_it():
    line = {"step": 50, f"watch/{FIRST}/sigma0": 1.5, f"watch/{FIRST}/sigma1": 1.0, "watch/disc/a/sigma0": 2.0}
    log = [{"step": 20, "disc/loss": 1.0}, line, {**line, "step": 100, "watch/disc/a/sigma0": 3.0}]
    assert measuring.spectra(log) == Spectra([50, 100], {FIRST: [1.5, 1.5], "disc/a": [2.0, 3.0]})


def test_the_mean_of_a_player_is_geometric():
    assert np.allclose(Spectra([50, 100], SIGMA).of("disc/"), [1, 4])
    assert np.allclose(Spectra([50, 100], SIGMA).of("gen/"), [1, 2])


@pytest.mark.parametrize(
    ("apart", "broke"), [([0.1, 0.2], False), ([0.1, 0.6, 0.3], False), ([0.6, 0.24, 0.7], True), ([], False)]
)
def test_only_what_was_apart_can_collapse(apart, broke):
    assert measuring.collapsed([{"step": 1}, *({"watch/apart": each} for each in apart)]) is broke


def test_the_pooled_deviation_is_that_of_one_group_and_ignores_single_seeds():
    assert measuring.pooled([[1.0, 2.0, 4.0], [7.0]]) == pytest.approx(statistics.stdev([1, 2, 4]))
    assert measuring.pooled([[0.0, 2.0], [5.0, 9.0]]) == pytest.approx(math.sqrt((2 + 8) / 2))
    assert measuring.pooled([[1.0], [2.0]]) == 0


def test_a_difference_says_something_beyond_two_standard_errors():
    assert measuring.error([1.0], [1.0, 2.0, 3.0], 3.0) == pytest.approx(3 * math.sqrt(4 / 3))
    for moved, said in ((-2.9, "better"), (-2.8, "level"), (2.8, "level"), (2.9, "worse")):
        assert measuring.standing([10 + moved], [10.0], 1.0) == said


def test_moves_go_from_no_truncation_down():
    cut = {"0.5": [{"x": 3.0}, {"x": 0.0}], "none": [{"x": 1.0}, {"x": 9.0}], "1": [{"x": 2.0}, {"x": 5.0}]}
    assert measuring.moves(cut, "x") == [[1, 1], [-4, -5]]


@pytest.mark.parametrize(
    ("nearest", "spread", "answer"),
    [((4, 3, 2, 1), (4, 3, 2, 1), "yes"), ((4, 3, 2, 3), (4, 3, 2, 1), "partly"), ((4, 3, 2, 1), (4, 3, 2, 2), "no")],
)
def test_truncation_trades_variety_for_fidelity(nearest, spread, answer):
    points = [{"nearest": a, "spread": b, KD: 1.0, "cs_efflite0": 1.0} for a, b in zip(nearest, spread, strict=True)]
    cut = {name: [point] for name, point in zip(("none", "1", "0.5", "0.25"), points, strict=True)}
    assert parts.truncation({"biggan": cut}).answer == answer


def _row(disc, distance, broke):
    sigma = {**SIGMA, "disc/a": [1.0, disc], "disc/b": [1.0, disc]}
    point = {KD: distance, "cs_efflite0": 1.0, "nearest": 1.0, "spread": 1.0}
    return Restrained(Spectra([50, 100], sigma), point, broke)


def test_restraints_must_prevent_a_collapse_that_was_there():
    held = {name: [_row(1.5, 2.0, False)] for name in parts.STABLE}
    for broke, answer in ((True, "yes"), (False, "partly")):
        rows = {"nothing": [_row(4.0, 1.0, False), _row(4.0, 1.0, broke)], **held}
        assert parts.restraints(rows, 0.1).answer == answer
    assert (
        parts.restraints({"nothing": [_row(4.0, 1.0, False)], **held}, 1.0).answer == "no"
    )  # no cost beyond the seeds


def test_most_changes_have_to_be_better():
    changes = [Change("one", "a", "b", (2.0, 1.0)), Change("two", "b", "c", (1.0, 0.5))]
    for values, answer in (((3, 2, 1), "yes"), ((3, 2, 2), "partly"), ((3, 2, 3), "partly"), ((3, 3, 3), "no")):
        rows = {name: [{KD: float(x), "cs_efflite0": 1.0}] for name, x in zip("abc", values, strict=True)}
        assert parts.ablation(changes, rows, 0.1).answer == answer


@pytest.mark.parametrize(("gap", "answer"), [(0.21, "yes"), (0.05, "partly"), (0.03, "no")])
def test_what_is_remembered_is_a_difference(gap, answer):
    assert parts.memory({"train": 0.9, "held_out": 0.9 - gap, "gap": gap, "error": 0.02}).answer == answer


def test_the_whole_is_what_all_parts_say():
    yes, no = Part("yes", "", {}), Part("no", "", {})
    assert parts.overall({"a": yes, "b": yes}) == "yes"
    assert parts.overall({"a": yes, "b": no}) == "partly"


def test_every_row_is_a_config_and_every_change_has_its_rows():
    for name in RESTRAINTS:
        configs.load(SPEC + f":{name}" * (name != "nothing"), [])
    for row in ROWS.values():
        configs.load(SPEC, [f"--config.{each}" for each in row.overrides])
    assert {each.old for each in CHANGES} | {each.new for each in CHANGES} == {*ROWS, "biggan", "biggan:free"}
