"""What the benchmark's numbers on paper rest on."""

import jax
import jax.numpy as jnp
import pytest

from experiments.benchmark import growth, roofline
from ganjax.monitor.flops import operations


def test_the_slope_of_a_power_is_its_exponent():
    assert growth.exponent((1, 2, 5, 10), [3.0 * n**1.5 for n in (1, 2, 5, 10)]) == pytest.approx(1.5)


def test_operations_are_counted_as_often_as_a_loop_takes_them():
    def looped(x, w):
        return jax.lax.scan(lambda x, _: (x @ w, x.sum()), x, None, length=3)

    x, w = jnp.zeros((4, 5)), jnp.zeros((5, 5))
    matmul, total = operations(jax.make_jaxpr(looped)(x, w))
    assert (matmul.times, matmul.flops, matmul.elements) == (3, 2 * 4 * 5 * 5, 20 + 25 + 20)
    assert (total.times, total.flops, total.elements) == (3, 0, 20 + 1)


def test_an_operation_takes_the_longer_of_arithmetic_and_memory():
    chip = roofline.Chip(100.0, 10.0)
    assert chip.seconds(roofline.Operation("", 2, 300.0, 5.0)) == 6.0
    assert chip.seconds(roofline.Operation("", 2, 100.0, 50.0)) == 20.0


def test_biggans_layers_hold_its_published_number_of_parameters():
    """D at 128 px, 96 channels: 87,982,370 (the official code's log)."""
    _, disc = roofline.biggan_widths(96)
    blocks = sum(9 * i * o + o + 9 * o * o + o + (i * o + o if size > 4 else 0) for i, o, size in disc)
    attention = 2 * 96 * 12 + 2 * 96 * 48 + 1
    embedding, last = 1000 * 16 * 96, 16 * 96 + 1
    assert blocks + attention + embedding + last == roofline.BIGGAN_PARAMETERS[1]
    convolutions = [each for size in disc for each in roofline._block(*size, batch=1)]
    weights = sum(9 * i * o + 9 * o * o + (i * o if size > 4 else 0) for i, o, size in disc)
    pixels = {layer: size for size in disc for layer in roofline._block(*size, batch=1)}
    assert sum(each.flops / (2 * pixels[each][2] ** 2) for each in convolutions) == weights
