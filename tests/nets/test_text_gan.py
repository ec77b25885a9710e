"""Networks that are told a text: counts from the layers of the official code, and that both players listen."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.nets import bind, text_gan
from ganjax.nets.conv import library


def count(network, *shapes):
    arrays = [jnp.zeros((2, *shape)) for shape in shapes]
    params, _ = jax.eval_shape(lambda key: bind.initialise(network, key, *arrays), jax.random.key(0))
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def residual(c):
    return c * c // 4 + 9 * c * c // 16 + 9 * c * c // 4 + 2 * (c // 4 + c // 4 + c)


def test_counts_of_the_official_networks():
    """ngf = 128, ndf = 64, nt = 128, 64 px: its convolutions' biases are zero at all times, and not here."""
    up = 16 * ((100 + 128) * 1024 + 1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3) + 2 * (1024 + 512 + 256 + 128)
    assert count(text_gan.generator(), (100,), (1024,)) == 1025 * 128 + up + residual(1024) + residual(512)
    down = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512) + 2 * (128 + 256 + 512)
    both = (512 + 128) * 512 + 2 * 512 + 16 * 512
    told = 1025 * 128 + 2 * 128
    assert count(text_gan.critic(), (64, 64, 3), (1024,)) == down + residual(512) + told + both


@pytest.mark.parametrize("size", [32, 64])
def test_images_of_the_size_and_one_logit_each(key, size):
    z, text = jnp.zeros((2, 5)), jnp.zeros((2, 7))
    generator, critic = text_gan.generator(size, 4, 3), text_gan.critic(size, 4, 3)
    (params, vars), (disc, disc_vars) = jax.eval_shape(
        lambda key: (
            bind.initialise(generator, key, z, text),
            bind.initialise(critic, key, jnp.zeros((2, size, size, 3)), text),
        ),
        key,
    )
    images = jax.eval_shape(lambda p, v: bind.Bound(generator, p, v, key)(z, text), params, vars)
    assert images.shape == (2, size, size, 3)
    assert jax.eval_shape(lambda p, v, x: bind.Bound(critic, p, v, key)(x, text), disc, disc_vars, images).shape == (2,)


def test_sizes_that_are_none():
    for network in (text_gan.generator, text_gan.critic):
        with pytest.raises(ValueError, match="size=48 does not fit"):
            network(48)


def test_both_players_hear_the_text(key):
    """The same latents, the same image, another text: another image, another value."""
    generator, critic = text_gan.generator(8, 4, 3), text_gan.critic(8, 4, 3)
    texts = 5 * jax.random.normal(key, (2, 7))
    with library():
        params, vars = bind.initialise(generator, key, jnp.zeros((2, 5)), texts)
        made = bind.Bound(generator, params, vars, key, train=False)(jnp.ones((2, 5)), texts)
        params, vars = bind.initialise(critic, key, made, texts)
        scores = bind.Bound(critic, params, vars, key, train=False)(made[:1].repeat(2, 0), texts)
    assert float(jnp.abs(made[0] - made[1]).max()) > 1e-6
    assert float(jnp.abs(scores[0] - scores[1])) > 1e-8


def test_without_batchnorm_a_pair_is_judged_alone(key):
    """Another pair in its batch moves its logit where there is BatchNorm, and does not where there is none."""
    x, texts = jax.random.normal(key, (3, 8, 8, 3)), 5 * jax.random.normal(key, (3, 7))
    for norm in (True, False):
        critic = text_gan.critic(8, 4, 3, norm=norm)
        with library():
            params, vars = bind.initialise(critic, key, x, texts)
            of_three = bind.Bound(critic, params, vars, key)(x, texts)
            of_two = bind.Bound(critic, params, vars, key)(x[:2], texts[:2])
        assert bool(vars) == norm
        assert np.allclose(of_three[:2], of_two, rtol=1e-4, atol=1e-6) != norm


def test_a_residual_block_with_nothing_to_add_is_its_activation(key):
    """Its last BatchNorm with a scale of zero leaves max(x, slope · x)."""
    x = jax.random.normal(key, (2, 4, 4, 8))
    block = text_gan.Residual(0.2, None)
    variables = block.init(key, x)
    variables["params"]["BatchNorm_2"]["scale"] = jnp.zeros(8)
    out, _ = block.apply(variables, x, mutable=["batch_stats"])
    np.testing.assert_allclose(out, jnp.maximum(x, 0.2 * x), rtol=1e-6)
