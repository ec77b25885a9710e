"""Networks: sizes, ranges, the published counts, statistics as the binder records them."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.nets import bind, cyclegan, dcgan, discogan, lsgan, mlp, patchgan, pix2pixhd, resnet, ugatit, unet, wgan_gp
from ganjax.nets.conv import library

COUNTS = [  # network, input shape of one example, parameters
    (mlp.generator(), (100,), 114_064),
    (mlp.critic(), (28, 28, 1), 100_609),
    (mlp.generator(hidden=(1200, 1200)), (100,), 2_503_984),
    (mlp.critic(hidden=(240, 240), pieces=5), (28, 28, 1), 1_231_441),
    (dcgan.generator(), (100,), 3_576_704),
    (dcgan.generator(last_bias=True), (100,), 3_576_707),
    (dcgan.critic(), (64, 64, 3), 2_765_568),
    (dcgan.critic(128, norm_first=True), (128, 128, 3), 11_164_544),
    (dcgan.critic(128, norm_first=True, output=jax.nn.sigmoid), (128, 128, 3), 11_164_544),
    (dcgan.critic(128), (128, 128, 3), 11_164_416),
    (dcgan.generator(128), (100,), 12_786_560),
    (dcgan.generator(128), (128,), 13_245_312),
    (resnet.good_generator(), (128,), 8_540_483),
    (resnet.good_critic(), (64, 64, 3), 7_491_841),
    (resnet.cifar_generator(), (128,), 1_204_483),
    (resnet.cifar_critic(), (32, 32, 3), 1_053_825),
    (wgan_gp.mnist_generator(), (128,), 1_554_177),
    (wgan_gp.mnist_critic(), (28, 28, 1), 1_030_145),
    (lsgan.generator(), (1024,), 15_591_427),
    (lsgan.critic(), (112, 112, 3), 4_333_441),
    (cyclegan.generator(), (64, 64, 3), 7_837_699),
    (cyclegan.generator(blocks=9), (64, 64, 3), 11_378_179),
    (cyclegan.generator(blocks=9, halvings=4), (64, 64, 36), 182_546_755),
    (cyclegan.enhancer(), (64, 64, 36), 182_857_059),
    (patchgan.critic(), (64, 64, 3), 2_764_737),
    (patchgan.critic(last_stride=2), (64, 64, 3), 2_764_737),
    (patchgan.critic(), (64, 64, 6), 2_767_809),
    (patchgan.critic(batch_norm=True), (64, 64, 6), 2_768_705),
    (patchgan.critic(batch_norm=True), (64, 64, 3), 2_765_633),
    (patchgan.critic(layers=0, batch_norm=True), (64, 64, 6), 9_024),
    (patchgan.scales(), (64, 64, 39), 5_603_202),
    (unet.generator(256), (256, 256, 3), 54_413_955),
    (unet.generator(128), (128, 128, 3), 41_828_995),
    (unet.generator(256, batch_norm=False), (256, 256, 3), 54_409_603),
    (unet.generator(128, batch_norm=False), (128, 128, 3), 41_825_667),
    (unet.small(), (128, 128, 3), 1_545_411),
    (discogan.generator(), (64, 64, 3), 5_513_856),
    (discogan.generator(code=100), (64, 64, 3), 7_153_480),
    (discogan.critic(), (64, 64, 3), 2_765_568),
]


@pytest.mark.parametrize(("network", "shape", "count"), COUNTS, ids=[str(row[2]) for row in COUNTS])
def test_published_counts(key, network, shape, count):
    params, _ = jax.eval_shape(lambda key: bind.initialise(network, key, jnp.zeros((2, *shape))), key)
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == count


SMALL = [  # generator, latents, critic, images
    (mlp.generator(), 100, mlp.critic(), (28, 28, 1)),
    (mlp.point_generator(), 2, mlp.point_critic(), (2,)),
    *[(dcgan.generator(s, 2), 5, dcgan.critic(s, 2), (s, s, 3)) for s in (8, 32, 64, 128)],
    (dcgan.generator(16, 2, norm=False), 5, dcgan.critic(16, 2, norm=False), (16, 16, 3)),
    (resnet.cifar_generator(4), 5, resnet.cifar_critic(4), (32, 32, 3)),
    (resnet.good_generator(2), 5, resnet.good_critic(2), (64, 64, 3)),
    (wgan_gp.mnist_generator(2), 5, wgan_gp.mnist_critic(2), (28, 28, 1)),
    (wgan_gp.cifar_generator(2), 5, wgan_gp.cifar_critic(2), (32, 32, 3)),
    (lsgan.generator(2), 5, lsgan.critic(2), (112, 112, 3)),
]


@pytest.mark.parametrize(
    ("generator", "latent", "critic", "shape"), SMALL, ids=lambda x: getattr(type(x), "__module__", None) and None
)
def test_images_are_in_range_and_values_one_each(key, generator, latent, critic, shape):
    @jax.jit
    def play(key):
        gen_params, gen_vars = bind.initialise(generator, key, jnp.zeros((3, latent)))
        images = bind.Bound(generator, gen_params, gen_vars, key)(10 * jax.random.normal(key, (3, latent)))
        disc_params, disc_vars = bind.initialise(critic, key, images)
        return images, bind.Bound(critic, disc_params, disc_vars, key)(images)

    with library():
        images, values = play(key)
    assert images.shape == (3, *shape)
    assert images.dtype == values.dtype == jnp.float32
    assert len(shape) == 1 or float(jnp.abs(images).max()) <= 1
    assert values.shape == (3,)


def test_the_decks_initialiser_is_hes(key):
    """N(0, 1 / (n / 2)), not Xavier's (errata 11)."""
    weights = mlp.he_normal(key, (784, 4000))
    assert float(weights.std()) == pytest.approx((2 / 784) ** 0.5, rel=0.01)
    assert float((weights**4).mean() / weights.var() ** 2) == pytest.approx(3, rel=0.05)  # normal, not truncated


@pytest.mark.parametrize("size", [0, 4, 12, 33, 63])
def test_a_size_that_dcgan_cannot_make_is_refused(size):
    with pytest.raises(ValueError, match=r"8, 16, 32, 64, 128"):
        dcgan.generator(size)


def test_bfloat16_computes_low_and_keeps_high(key):
    critic = dcgan.critic(8, 2, dtype=jnp.bfloat16)
    params, vars = bind.initialise(critic, key, jnp.zeros((2, 8, 8, 3)))
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {jnp.dtype("float32")}
    assert bind.Bound(critic, params, vars, key)(jnp.ones((2, 8, 8, 3))).dtype == jnp.float32


def bound(key, train=True):
    critic = dcgan.critic(16, 2)
    params, vars = bind.initialise(critic, key, jnp.zeros((2, 16, 16, 3)))
    return bind.Bound(critic, params, vars, key, train)


def test_statistics_are_recorded_call_by_call(key):
    """Two calls on one batch: running mean = 0.1 m, then 0.19 m."""
    D, x = bound(key), jax.random.normal(key, (4, 16, 16, 3))
    D(x)
    once = jax.tree.leaves(D.vars)
    D(x)
    means = [(a, b) for a, b in zip(once, jax.tree.leaves(D.vars), strict=True) if float(jnp.abs(a).max()) < 0.5]
    assert means
    for a, b in means:
        np.testing.assert_allclose(b, 1.9 * a, rtol=1e-4)


def test_frozen_and_evaluating_calls_record_nothing(key):
    D, x = bound(key), jax.random.normal(key, (4, 16, 16, 3))
    before = D.vars
    trained = D.frozen(x)
    assert D.vars is before
    E = bound(key, train=False)
    assert float(jnp.abs(E(x) - trained).max()) > 1e-3
    for a, b in zip(jax.tree.leaves(E.vars), jax.tree.leaves(before), strict=True):
        np.testing.assert_array_equal(a, b)


def test_frozen_under_a_second_gradient_leaks_nothing(key):
    from ganjax.penalties import gradient_penalty

    x = jax.random.normal(key, (4, 16, 16, 3))
    with jax.checking_leaks():
        value = jax.jit(lambda key: gradient_penalty(bound(key).frozen, x).mean())(key)
    assert np.isfinite(value)


def test_a_penalty_of_a_bfloat16_critic_is_float32(key):
    """And within a percent or two of the float32 critic's."""
    from ganjax.penalties import gradient_penalty

    x = jax.random.normal(key, (8, 16, 16, 3))
    high, low = (dcgan.critic(16, 8, norm=False, dtype=dtype) for dtype in (jnp.float32, jnp.bfloat16))
    params, vars = bind.initialise(high, key, x)
    expected, found = (gradient_penalty(bind.Bound(net, params, vars, key), x) for net in (high, low))
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, expected, rtol=0.03)


def test_each_is_one_pass_without_statistics_and_a_call_each_with_them(key):
    x, y = jax.random.normal(key, (2, 4, 16, 16, 3))
    alone = dcgan.critic(16, 2, norm=False)
    params, vars = bind.initialise(alone, key, x)
    calls = []
    D = bind.Bound(alone, params, vars, key)
    monitored, D._apply = D._apply, lambda params, z: calls.append(z.shape) or monitored(params, z)
    for found, image in zip(D.each(x, y[:3]), (x, y[:3]), strict=True):
        np.testing.assert_allclose(found, bind.Bound(alone, params, vars, key)(image), rtol=1e-4, atol=1e-6)
    assert calls == [(7, 16, 16, 3)]
    together, apart = bound(key), bound(key)
    for found, image in zip(together.each(x, y), (x, y), strict=True):
        np.testing.assert_array_equal(found, apart(image))
    jax.tree.map(np.testing.assert_array_equal, together.vars, apart.vars)


@pytest.mark.ci
@pytest.mark.parametrize(
    ("network", "shape"),
    [
        pytest.param(lambda **o: resnet.cifar_critic(8, **o), (2, 32, 32, 3), marks=pytest.mark.ci),
        (lambda **o: resnet.cifar_generator(8, **o), (2, 16)),
        pytest.param(lambda **o: resnet.good_critic(2, **o), (2, 64, 64, 3), marks=pytest.mark.ci),
        pytest.param(lambda **o: cyclegan.generator(4, 4, **o), (2, 32, 32, 3), marks=pytest.mark.ci),
        pytest.param(lambda **o: ugatit.generator(4, 1, **o), (2, 16, 16, 3), marks=pytest.mark.ci),
    ],
)
def test_rematerialised_parts_have_the_same_names_values_and_gradients_and_keep_less(key, network, shape):
    x = jax.random.normal(key, shape)
    plain, remat = network(), network(remat=True)
    params, vars = bind.initialise(plain, key, x)
    assert jax.tree.structure(bind.initialise(remat, key, x)) == jax.tree.structure((params, vars))

    def loss(net):
        def of(params):
            return sum(jnp.square(each).mean() for each in jax.tree.leaves(bind.Bound(net, params, vars, key)(x)))

        return of

    def kept(net):
        pullback = jax.eval_shape(lambda params: jax.vjp(loss(net), params)[1], params)
        return sum(leaf.size for leaf in jax.tree.leaves(pullback))

    with library():
        a, b = (jax.jit(jax.value_and_grad(loss(net)))(params) for net in (plain, remat))
        assert kept(remat) < 0.8 * kept(plain)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5), a, b)


def test_noise_differs_between_calls(key):
    critic = mlp.critic(dropout=(0.5, 0.5))
    params, vars = bind.initialise(critic, key, jnp.zeros((2, 28, 28, 1)))
    D, x = bind.Bound(critic, params, vars, key), jnp.ones((2, 28, 28, 1))
    assert float(jnp.abs(D(x) - D(x)).max()) > 0


@pytest.mark.parametrize(
    ("layers", "last_stride", "field"),
    [(0, 1, 1), (1, 1, 16), (2, 1, 34), (3, 1, 70), (3, 2, 94), (4, 1, 142), (5, 1, 286), (6, 1, 574)],
)
def test_a_patchs_receptive_field(key, layers, last_stride, field):
    """The pixels that one value in the middle of the map depends on; without norm, which looks at the whole image."""
    critic = patchgan.critic(1, layers, last_stride=last_stride)
    x = jax.random.normal(key, (1, max(64, 4 * field // 3), 2 * max(64, 4 * field // 3), 1))
    with library():
        params, _ = bind.initialise(critic, key, x)
        plain = jax.tree.map(jnp.abs, params)  # so that nothing cancels
        rows, columns = jax.eval_shape(lambda x: critic.apply({"params": plain}, x), x).shape[1:]

        def value(x):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(patchgan, "instance_norm", lambda dtype: lambda x: x)
                return critic.apply({"params": plain}, x)[0, rows // 2, columns // 2]

        seen = jax.jit(jax.grad(value))(jnp.abs(x))[0, :, :, 0] != 0
    seen = np.flatnonzero(np.asarray(seen).any(axis=0))
    assert seen[-1] - seen[0] + 1 == field


@pytest.mark.parametrize(
    ("network", "size", "map_size"),
    [
        (patchgan.critic(2), 256, 30),  # the official code's 70 × 70
        (patchgan.critic(2), 128, 14),
        (patchgan.critic(2, last_stride=2), 128, 8),  # the decks' text and Keras code: as many parameters, another map
        (patchgan.critic(2, layers=1), 256, 126),
        (patchgan.critic(2, layers=5), 256, 6),
        (patchgan.critic(2, layers=0), 256, 256),
    ],
)
def test_patch_maps_have_the_published_sizes(key, network, size, map_size):
    made = jax.eval_shape(lambda key: network.init_with_output(key, jnp.zeros((1, size, size, 3)))[0], key)
    assert made.shape == (1, map_size, map_size)


def test_the_inputs_of_a_unet_reach_the_output_over_every_skip(key):
    """From one pixel on: what the innermost layers see, and what goes past them."""
    network, x = unet.generator(32, 2, dropout=0.0), jax.random.normal(key, (1, 32, 32, 3))
    with library():
        params, vars = bind.initialise(network, key, x)
        out = bind.Bound(network, params, vars, key)(x)
        for i in range(5):
            cut = {**params, f"Conv_{i}": jax.tree.map(jnp.zeros_like, params[f"Conv_{i}"])}
            assert float(jnp.abs(bind.Bound(network, cut, vars, key)(x) - out).max()) > 0


def test_dropout_sits_in_the_inner_layers_and_only_in_training(key):
    """U-Net-256 drops after three transposed convolutions, U-Net-128 after two; the Lua code after the innermost too."""
    for size, innermost, count in ((256, False, 3), (128, False, 2), (256, True, 4), (64, False, 1)):
        network = unet.generator(size, 1, innermost_dropout=innermost)
        dropped = []

        def watch(call, args, kwargs, context, dropped=dropped):
            if type(context.module).__name__ == "Dropout":
                dropped.append(args[0].shape[1])
            return call(*args, **kwargs)

        with nn.intercept_methods(watch):
            jax.eval_shape(lambda k, n=network, s=size: n.init({"params": k, "noise": k}, jnp.zeros((1, s, s, 3))), key)
        first = 2 if innermost else 4
        assert dropped == [first * 2**i for i in range(count)]
    network, x = unet.generator(64, 2), jax.random.normal(key, (2, 64, 64, 3))
    with library():
        params, vars = bind.initialise(network, key, x)
        test, train = (bind.Bound(network, params, vars, key, mode) for mode in (False, True))
        np.testing.assert_array_equal(test(x), test(x))
        assert float(jnp.abs(train(x) - train(x)).max()) > 0


def test_instance_means_and_edges_of_instances():
    ids = np.array([[7, 7, 300], [7, 9, 300], [9, 9, 300]], np.int32)
    x = np.random.default_rng(0).normal(size=(3, 3, 2)).astype(np.float32)
    expected = np.stack([[x[ids == i].mean(axis=0) for i in row] for row in ids])
    stacked = [jnp.asarray(np.stack([y, y[::-1]])) for y in (x, ids[..., None])]
    np.testing.assert_allclose(pix2pixhd.instance_means(*stacked)[0], expected, rtol=1e-5)
    np.testing.assert_allclose(pix2pixhd.instance_means(*stacked)[1], expected[::-1], rtol=1e-5)
    edges = [[0, 1, 1], [1, 1, 1], [1, 1, 1]]  # all but the corner have a neighbour of another instance
    np.testing.assert_array_equal(pix2pixhd.boundaries(stacked[1])[0, ..., 0], edges)


FLAT = {
    "instance norm": cyclegan.generator(2, 1),
    "batch norm": unet.generator(32, 2),
    "instance norm in a unet": unet.generator(32, 2, batch_norm=False),
    "the decks' unet": unet.small(2),
    "discogan": discogan.generator(32, 2),
    "enhancer": cyclegan.enhancer(2, 1, inner_blocks=1, inner_halvings=2),
    "patches": patchgan.critic(2),
    "patches, batch norm": patchgan.critic(2, batch_norm=True),
    "scales": patchgan.scales(2),
    "layer norm": resnet.good_critic(2),
    "dcgan": dcgan.critic(32, 2),
}

SOME = ("instance norm", "batch norm", "patches")  # the others in .ci/run


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in SOME else pytest.mark.ci) for n in FLAT])
@pytest.mark.parametrize("batch", [1, pytest.param(3, marks=pytest.mark.ci)])
def test_flat_black_images_are_no_trouble(key, name, batch):
    """Their variance is zero: values and gradients, of the image and of every parameter, stay finite."""
    size = 64 if name in ("patches", "patches, batch norm", "scales", "layer norm") else 32
    x = jnp.full((batch, size, size, 3), -1.0)

    def total(params, x):
        return sum(jnp.square(y).sum() for y in jax.tree.leaves(bind.Bound(FLAT[name], params, vars, key)(x)))

    with library():
        params, vars = bind.initialise(FLAT[name], key, x)
        value, slopes = jax.jit(jax.value_and_grad(total, argnums=(0, 1)))(params, x)
    assert all(jnp.isfinite(y).all() for y in jax.tree.leaves((value, slopes)))
