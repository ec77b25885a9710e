"""Modes that come and go, and the rule of the verdict."""

import numpy as np
import pytest

from experiments import plane
from experiments.mode_collapse.measuring import GANS, PATIENT, WASSERSTEIN, judge, look, summary

FOUR = plane.Mixture(np.zeros((0, 2)), [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)], 0.01)


def seen(step, *modes):
    """A moment of one seed whose samples lie on these modes, as many on each."""
    return look(step, {"four": (FOUR, np.repeat(np.array(modes, float), 50, axis=0)[None])})


def test_what_is_dropped_is_a_mean_over_the_late_moments():
    """Early moments do not count; one mode of four, then two: ⅝ missing."""
    every = [(0, 0), (0, 1), (1, 0), (1, 1)]
    found = summary([seen(0, *every), seen(2, (0, 0)), seen(4, (0, 0), (1, 1))])["four"]
    assert found["dropped_late"] == pytest.approx([0.625])
    assert found["modes_at_end"] == [2]
    assert found["fewest_late"] == [1]
    assert found["mode_changes_late"] == [1]


def test_a_mode_is_reached_before_it_is_covered():
    """Samples 5σ away are not within 3σ, and are within 12σ."""
    moment = seen(1, (0.05, 0), (1, 1))
    assert moment.covered["four"] == [1]
    assert moment.reached["four"] == [2]
    assert moment.share["four"] == [0.5]


@pytest.mark.parametrize(
    ("gans", "patient", "wasserstein", "answer"),
    [(0.5, 0.5, 0.1, "yes"), (0.5, 0.1, 0.1, "partly"), (0.5, 0.5, 0.4, "no"), (0.02, 0.5, 0.0, "no")],
)
def test_the_verdict_follows_its_rule(gans, patient, wasserstein, answer):
    rows = {**dict.fromkeys(GANS, gans), PATIENT: patient, **dict.fromkeys(WASSERSTEIN, wasserstein)}
    numbers = {
        row: {name: {"dropped_late": [lost], "reached_at_end": [2]} for name in ("a", "b")}
        for row, lost in rows.items()
    }
    assert judge(numbers)[0] == answer


def test_runs_side_by_side_are_the_run_alone(key):
    """A run does not depend on those beside it, and those of one seed begin alike."""
    import jax.numpy as jnp
    import optax

    from ganjax.core import Players, alternate
    from ganjax.nets.mlp import point_critic, point_generator
    from ganjax.systems import wgan

    gan, tx = wgan.build(point_generator((4,)), point_critic((4,)), latent_dim=2), Players(*[optax.sgd(0.1)] * 2)
    points = jnp.asarray(np.random.default_rng(0).normal(size=(2, 64, 2)), jnp.float32)
    on, sample = plane.player(lambda _: alternate(gan, tx, n_critic=2), 2, 8), plane.sampler(gan, 5)

    def played(kinds, seeds):
        runs = plane.begin(plane.same(gan, tx), kinds, jnp.zeros(len(kinds)), seeds)
        return sample(runs), sample(on(runs, points, 0, 3))

    before, after = played([0, 1, 0], [0, 0, 3])
    np.testing.assert_array_equal(before[0], before[1])
    assert (after[0] != after[1]).any()
    np.testing.assert_allclose(after[2], played([0], [3])[1][0], atol=1e-5)
