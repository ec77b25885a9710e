"""U-GAT-IT's norms in closed form, its attention, its decoder's other norms; CoGAN's and MUNIT's shapes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.nets import bind, cogan, munit, ugatit
from ganjax.nets.conv import library


@pytest.mark.parametrize("rho", [0.0, 0.3, 1.0])
def test_lin_mixes_instance_and_layer_norm_by_unbiased_variances(key, rho):
    x = np.asarray(jax.random.normal(key, (2, 4, 5, 3)), np.float64) * [1, 2, 3] + 1
    params = {"rho": np.full(3, rho), "scale": np.array([1.0, 2, 3]), "bias": np.array([0.0, 1, 2])}

    def normed(axes):
        n = np.prod([x.shape[i] for i in axes])
        variance = x.var(axis=axes, keepdims=True) * n / (n - 1)
        return (x - x.mean(axis=axes, keepdims=True)) / np.sqrt(variance + 1e-5)

    expected = params["scale"] * (rho * normed((1, 2)) + (1 - rho) * normed((1, 2, 3))) + params["bias"]
    found = ugatit.LIN(0.5).apply({"params": jax.tree.map(jnp.asarray, params)}, jnp.asarray(x, jnp.float32))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_rho_begins_where_the_paper_has_it():
    network = ugatit.generator(2, 1)
    params = jax.eval_shape(lambda key: bind.initialise(network, key, jnp.zeros((1, 8, 8, 3)))[0], jax.random.key(0))
    rhos = [path for path, _ in jax.tree_util.tree_leaves_with_path(params) if "rho" in str(path)]
    assert len(rhos) == 2 + 2  # two AdaLIN in the one block, two LIN in the doublings


NORMS = {"adalin": 4, "adain": 0, "instance": 0, "layer": 0, "group": 0}


@pytest.mark.parametrize("name", NORMS)
def test_a_norm_of_the_ablation(key, name):
    """Every norm gives finite images of the size of the input; ρ is learned in AdaLIN alone."""
    keywords = {"groups": 2} if name == "group" else {}
    network = ugatit.generator(2, 1, norm=getattr(ugatit, name)(**keywords))
    x = jax.random.normal(key, (2, 8, 8, 3))
    with library():
        params, vars = bind.initialise(network, key, x)
        image, logits, heat = bind.Bound(network, params, vars, key)(x)
    assert image.shape == x.shape
    assert jnp.isfinite(image).all()
    assert (logits.shape, heat.shape) == ((2, 2), (2, 2, 2))
    assert sum("rho" in str(path) for path, _ in jax.tree_util.tree_leaves_with_path(params)) == NORMS[name]


def test_without_attention_the_logits_are_nothing(key):
    x = jnp.ones((1, 16, 16, 3))
    with library():
        for network in (ugatit.generator(2, 1, cam_gen=False), ugatit.critic(2, 3, cam_disc=False)):
            params, vars = bind.initialise(network, key, x)
            assert "Attention_0" not in params
            assert not bind.Bound(network, params, vars, key)(x)[1].any()


def test_judges_are_under_spectral_norm_and_what_they_weigh_is_not(key):
    """As in the official code: twice the weight are the same logits and twice the maps."""
    judge = ugatit.Judge(ugatit.spectral.norm(False))
    x = jax.random.normal(key, (3, 4))
    variables = judge.init(key, x)
    twice = {**variables, "params": jax.tree.map(lambda w: 2 * w, variables["params"])}
    (one, factor), (two, doubled) = judge.apply(variables, x), judge.apply(twice, x)
    np.testing.assert_allclose(one, two, rtol=1e-5)
    np.testing.assert_allclose(doubled, 2 * factor)


@pytest.mark.parametrize("size", [28, 32])
def test_cogans_pairs_share_all_but_the_last_layer(key, size):
    G, D = cogan.generator(size, 16), cogan.critic(4, 8)
    with library():
        params, vars = bind.initialise(G, key, jnp.ones((2, 5)))
        a, b = bind.Bound(G, params, vars, key)(jnp.ones((2, 5)))
        judge = bind.Bound(D, *bind.initialise(D, key, a, b), key)
        logits = judge(a, b)
    assert a.shape == b.shape == (2, size, size, 1)
    assert [x.shape for x in logits] == [(2,), (2,)]
    assert {name for name in params if name.startswith("Conv")} == {f"ConvTranspose_{i}" for i in range(6)}
    same = {**params, "ConvTranspose_5": params["ConvTranspose_4"]}
    with library():
        a, b = bind.Bound(G, same, vars, key)(jnp.ones((2, 5)))
    np.testing.assert_array_equal(a, b)


def test_munits_style_moves_the_mean_and_the_scale(key):
    """modulated(x, μ, σ): channel means μ and standard deviations σ of what is normalised."""
    x = jax.random.normal(key, (2, 8, 8, 3))
    x = (x - x.mean(axis=(1, 2), keepdims=True)) / x.std(axis=(1, 2), keepdims=True)
    mean, scale = jnp.arange(6.0).reshape(2, 3), 1 + jnp.arange(6.0).reshape(2, 3)
    made = munit.modulated(x, mean, scale)
    np.testing.assert_allclose(made.mean(axis=(1, 2)), mean, atol=1e-5)
    np.testing.assert_allclose(made.std(axis=(1, 2)), scale, rtol=1e-5)


def test_munits_layer_norm_of_a_flat_image_has_a_finite_gradient(key):
    layer = munit.LayerNorm()
    x = jnp.zeros((2, 4, 4, 3))
    variables = layer.init(key, x)
    value, gradient = jax.value_and_grad(lambda x: layer.apply(variables, x).sum())(x)
    assert jnp.isfinite(value)
    assert jnp.isfinite(gradient).all()
