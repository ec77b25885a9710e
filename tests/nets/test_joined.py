"""Networks that are told a class: what is joined where, and how many parameters that takes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.nets import bind, dcgan, joined
from ganjax.nets.conv import library

LABELS = jnp.array([0, 3, 9])


def count(network, *shapes):
    arrays = [jnp.zeros((3, *shape)) for shape in shapes]
    params, _ = jax.eval_shape(lambda key: bind.initialise(network, key, *arrays, LABELS), jax.random.key(0))
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def test_a_label_stands_behind_the_last_axis():
    x = jnp.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(joined.join(x, LABELS, 10)[1], [2, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    maps = joined.join(jnp.zeros((3, 4, 5, 1)), LABELS, 10)
    assert maps.shape == (3, 4, 5, 11)
    assert float(maps[2, ..., 10].min()) == 1
    assert float(maps[2, ..., :10].max()) == 0


def test_counts_from_the_layers():
    """Each layer sees ten values more; no biases, two of BatchNorm for each output but at the ends."""
    dense = 110 * 1024 + 2 * 1024 + 1034 * 6272 + 2 * 6272
    assert count(joined.generator(), (100,)) == dense + 25 * 138 * 64 + 2 * 64 + 25 * 74
    convolutions = 25 * 11 * 64 + 25 * 74 * 128 + 2 * 128
    assert count(joined.critic(), (28, 28, 1)) == convolutions + 6282 * 1024 + 2 * 1024 + 1034
    mirza = 100 * 200 + 200 + 10 * 1000 + 1000 + 1200 * 1200 + 1200 + 1200 * 784 + 784
    assert count(joined.mlp_generator(), (100,)) == mirza
    maxout = 785 * 1200 + 11 * 250 + 291 * 960 + 241
    assert count(joined.mlp_critic(), (28, 28, 1)) == maxout


def test_told_at_the_door_costs_ten_channels_of_the_first_layer():
    assert count(joined.joined_generator(dcgan.generator()), (100,)) == 3_576_704 + 10 * 16 * 512
    assert count(joined.joined_critic(dcgan.critic()), (64, 64, 3)) == 2_765_568 + 10 * 16 * 64


PAIRS = [
    (joined.generator(8, 1, 2, 4), joined.critic(2, 4)),
    (joined.mlp_generator((8, 8, 1), 4, 4), joined.mlp_critic((4, 2), (2, 2), (4, 2))),
    (joined.joined_generator(dcgan.generator(8, 2, 1)), joined.joined_critic(dcgan.critic(8, 2))),
]


@pytest.mark.parametrize(("generator", "critic"), PAIRS)
def test_both_players_hear_the_label(key, generator, critic):
    """The same latents, the same image, another label: another image, another value."""
    with library():
        params, vars = bind.initialise(generator, key, jnp.zeros((3, 5)), LABELS)
        G = bind.Bound(generator, params, vars, key, train=False)
        z = jnp.ones((2, 5))
        made = G(z, jnp.array([1, 2]))
        assert made.shape == (2, 8, 8, 1)
        assert float(jnp.abs(made).max()) <= 1
        assert bool((made[0] != made[1]).any())
        params, vars = bind.initialise(critic, key, made, jnp.array([1, 2]))
        D = bind.Bound(critic, params, vars, key, train=False)
        values = D(jnp.stack([made[0], made[0]]), jnp.array([1, 2]))
        assert values.shape == (2,)
        assert float(values[0]) != float(values[1])


def test_a_size_that_no_quarter_has():
    with pytest.raises(ValueError, match="size=30 is no multiple of 4"):
        joined.generator(30)
