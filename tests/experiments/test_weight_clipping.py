"""Gradients through layers, weights at a bound, gaps of the data: closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments import plane
from experiments.weight_clipping import measuring
from experiments.weight_clipping.judging import judge
from ganjax.nets.mlp import point_critic


def all_ones(c, width, hidden):
    """A network whose weights are all c: every layer multiplies gradients by c · width."""
    shapes = [(2, width), *[(width, width)] * (hidden - 1), (width, 1)]
    return [(np.full(shape, c), np.zeros(shape[1])) for shape in shapes]


@pytest.mark.parametrize("c", [0.001, 0.01, 0.5])
def test_equal_weights_multiply_the_gradient_by_c_times_width(c):
    """‖∂D/∂h‖ = c √w (c w)^layers; at the input √2 in the place of √w. Of 10⁻³ it is 10⁻²¹, none of it lost."""
    width, hidden = 10, 11
    found = measuring.norms(all_ones(c, width, hidden), np.ones((3, 2)))
    assert len(found) == hidden + 1
    assert found[-1] == pytest.approx(c * width**0.5)
    assert found[0] == pytest.approx(2**0.5 * c * (c * width) ** hidden)
    np.testing.assert_allclose(np.divide(found[1:-1], found[2:]), c * width)


def test_gradients_and_values_are_those_of_the_network(key):
    critic, x = point_critic((8, 8)), jax.random.normal(key, (5, 2))
    params = critic.init(key, x)["params"]
    net, points = measuring.layers(params), np.asarray(x, np.float64)
    np.testing.assert_allclose(measuring.values(net, points), critic.apply({"params": params}, x), rtol=1e-4, atol=1e-6)
    gradient = jax.grad(lambda x: critic.apply({"params": params}, x).sum())(x)
    np.testing.assert_allclose(measuring.gradients(net, points)[0], gradient, rtol=1e-4, atol=1e-6)


def test_layers_come_in_the_order_of_their_numbers():
    params = {f"Dense_{i}": {"kernel": jnp.full((1, 1), i), "bias": jnp.zeros(1)} for i in (10, 2, 0, 11)}
    assert [kernel[0, 0] for kernel, _ in measuring.layers(params)] == [0, 2, 10, 11]


def test_at_the_bound_is_within_a_hundredth_of_it():
    net = [(np.array([[0.01, -0.00995], [0.0098, 0.0]]), np.array([0.01, 0.01]))]
    assert measuring.at_the_bound(net, 0.01) == 0.5  # biases are not counted


@pytest.mark.parametrize("name", ["ring8", "grid25", "swiss_roll"])
def test_gaps_lie_between_data(name):
    """Neighbours are where the data are (3σ and half a bin), gaps are nowhere near them."""
    on, between = measuring.gaps(name)
    points = plane.mixture(name).points

    def nearest(x):
        return np.linalg.norm(x[:, None] - points[None, :20_000], axis=-1).min(axis=1)

    assert nearest(on.reshape(-1, 2)).max() < 0.05
    assert nearest(between).min() > 0.15
    assert len(on) == len(between) == {"ring8": 8, "grid25": 16, "swiss_roll": 32}[name]


def test_a_radial_critic_has_no_contrast_on_the_ring():
    """D(x) = −|x₁| − |x₂| knows the extent of the data; on a plane D = a·x a cell's corners and its middle are equal."""
    on, between = measuring.gaps("grid25")
    a = np.array([0.3, -2.0])
    np.testing.assert_allclose((on @ a).mean(axis=1), between @ a, atol=1e-12)
    on, between = measuring.gaps("ring8")
    np.testing.assert_allclose(np.linalg.norm(on, axis=-1), 1)
    np.testing.assert_allclose(np.linalg.norm(between, axis=-1), 1)


def test_the_verdict_counts_the_parts_that_hold():
    def numbers(piled, last, contrast):
        flat, up, down = [[[1.0, 1.0]]], [[[1e3, 1.0]]], [[[1e-3, last]]]
        deep = {
            "c = 1": {"norms": up, "at_bound": [[1.0], [piled]]},
            "c = 2": {"norms": down, "at_bound": [[1.0], [0.9]]},
        }
        deep["penalty"] = {"norms": flat, "at_bound": [[0.0]]}
        surfaces = {name: {"a": {"contrast": [value]}} for name, value in (("c = 1", contrast), ("penalty", 1.0))}
        return {"deep": deep, "surfaces": surfaces}

    assert judge(numbers(0.9, 1.0, 0.1))[0] == "yes"
    assert judge(numbers(0.4, 1.0, 0.1))[0] == "partly"
    assert judge(numbers(0.4, 1e-3, 0.1))[0] == "no"
    assert judge(numbers(0.4, 1e-3, 0.8))[0] == "no"
