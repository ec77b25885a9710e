"""What D is shown: closed forms, float64 NumPy and SciPy, and the exact identity where nothing is asked for."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage
from scipy.linalg import expm

from ganjax import affine, augment

STEP = jnp.int32(0)


def images(n, h, w=None, c=3, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, (n, h, w or h, c)).astype(np.float32)


DIFFAUGMENT, ADA = augment.diffaugment(), augment.ada()
apply = functools.cache(jax.jit)  # one compilation of each for all tests

drawing = jax.jit(affine.draws, static_argnums=1)


def shown(how, x, key, p=0.0):
    """8 images of 8×8 where the compilation is to be shared."""
    memory = how.init()
    return apply(how.apply)({**memory, "p": np.float32(p)} if memory else memory, STEP, key, x)


def same_bits(a, b):
    return np.array_equal(np.asarray(a).view(np.int32), np.asarray(b).view(np.int32))


def pullback(how, x, v, key, p=0.0):
    """The gradient of ⟨A x, v⟩ with respect to x."""
    memory = how.init()
    memory = {**memory, "p": np.float32(p)} if memory else memory
    return gradients(how.apply)(memory, STEP, key, x, v)


@functools.cache
def gradients(apply):
    return jax.jit(jax.grad(lambda memory, step, key, x, v: (apply(memory, step, key, x) * v).sum(), 3))


def draws(p, n=4000):
    """The first n of 4000 draws of everything."""
    return [np.array(a)[:n] for a in drawing(jax.random.key(0), 4000, np.float32(p))]


def one_draw(row, *values):
    draw = np.zeros((13, 2), np.float32)
    draw[row, : len(values)] = values
    return draw


# ------------------------------------------------------------------------------------------------- noise and the rest


def test_nothing_is_the_identity(key):
    x = images(3, 4)
    assert same_bits(shown(augment.nothing(), x, key), x)
    assert augment.nothing().init() == ()


def test_instance_noise_falls_linearly_to_nothing(key):
    x = images(64, 8)
    kinds = [augment.instance_noise(0.4, 10), augment.instance_noise(0.4), augment.instance_noise(0.0)]

    @jax.jit
    def at(step, x):
        return [how.apply((), step, key, x) for how in kinds]

    falling = [np.asarray(at(step, x)[0]) - x for step in (0, 4, 10, 99)]
    assert falling[0].std() == pytest.approx(0.4, rel=0.02)
    assert falling[1] == pytest.approx(0.6 * falling[0], abs=1e-6)
    assert abs(falling[2]).max() == abs(falling[3]).max() == 0
    _, forever, silent = at(10**6, x)
    assert np.asarray(forever) - x == pytest.approx(falling[0], abs=1e-6)
    assert np.array_equal(silent, x)
    assert jax.eval_shape(kinds[0].apply, (), STEP, key, jnp.zeros((4, 2))).shape == (4, 2)


# ------------------------------------------------------------------------------------------------------- DiffAugment


def test_color_is_its_formula_with_each_images_own_numbers(key):
    """The three numbers are read off each output (means tell them apart), then the formula is computed in float64."""
    x = images(2000, 4)
    out, x = (np.asarray(a, np.float64) for a in (apply(augment.color)(key, x), x))

    def means(a):
        return a.mean(axis=(1, 2, 3), keepdims=True), a.mean(axis=3, keepdims=True)

    (n, m), (n_out, m_out) = means(x), means(out)
    brightness = n_out - n
    contrast = ((m_out - n_out) * (m - n)).sum((1, 2, 3), keepdims=True) / ((m - n) ** 2).sum((1, 2, 3), keepdims=True)
    spread = ((out - m_out) * (x - m)).sum((1, 2, 3), keepdims=True) / ((x - m) ** 2).sum((1, 2, 3), keepdims=True)
    saturation = spread / contrast
    bright = x + brightness
    m = bright.mean(axis=3, keepdims=True)
    saturated = m + (bright - m) * saturation
    n = saturated.mean(axis=(1, 2, 3), keepdims=True)
    assert np.abs(n + (saturated - n) * contrast - out).max() < 1e-5
    for found, low, high in ((brightness, -0.5, 0.5), (saturation, 0, 2), (contrast, 0.5, 1.5)):
        assert low - 1e-5 <= found.min() < low + 0.02 * (high - low)
        assert high - 0.02 * (high - low) < found.max() <= high + 1e-5
        assert found.mean() == pytest.approx((low + high) / 2, abs=0.03 * (high - low))


def test_translation_moves_by_whole_pixels_and_zeros_come_in(key):
    x = images(400, 16, 9)
    out = np.asarray(apply(augment.translation)(key, x))
    padded = np.pad(np.asarray(x), ((0, 0), (2, 2), (1, 1), (0, 0)))
    moves = [(i, j) for i in range(5) for j in range(3)]
    equal = np.array([(out == padded[:, i : i + 16, j : j + 9]).all((1, 2, 3)) for i, j in moves])
    assert (equal.sum(axis=0) == 1).all()
    assert (equal.sum(axis=1) > 10).all()
    assert same_bits(jax.jit(lambda x: augment.translation(key, x, ratio=0.0))(x), x)


def test_cutout_is_half_the_side_squared_cut_off_at_the_border(key):
    """Of 8 rows and 10 columns 4 and 5, less where the centre is near the border."""
    out = np.asarray(apply(augment.cutout)(key, np.ones((1500, 8, 10, 1), np.float32)))[..., 0]
    rows, columns = (out == 0).any(axis=2), (out == 0).any(axis=1)
    assert np.array_equal(out == 0, rows[:, :, None] & columns[:, None, :])
    inner = 1.0
    for found, n, side in ((rows, 8, 4), (columns, 10, 5)):
        centres = range(n + 1 - side % 2)
        boxes = {tuple(abs(np.arange(n) - c + (0 if side % 2 else 0.5)) <= side / 2 - 0.5) for c in centres}
        assert {tuple(box) for box in found} == boxes
        assert max(sum(box) for box in boxes) == side
        inner *= sum(sum(box) == side for box in boxes) / len(centres)
    assert ((out == 0).sum(axis=(1, 2)) == 20).mean() == pytest.approx(inner, abs=0.05)
    x = images(3, 8)
    assert same_bits(jax.jit(lambda x: augment.cutout(key, x, ratio=0.0))(x), x)


def test_flip_mirrors_half_of_the_images(key):
    x = images(400, 3)
    out = np.asarray(apply(augment.flip)(key, x))
    mirrored, itself = ((out == a).all((1, 2, 3)) for a in (x[:, :, ::-1], x))
    assert (mirrored ^ itself).all()
    assert mirrored.mean() == pytest.approx(0.5, abs=0.08)


def test_a_policy_is_what_it_names_and_nothing_else(key):
    x = images(4, 8)

    @jax.jit
    def both(x):
        cut = augment.cutout(jax.random.fold_in(key, 0), x)
        by_hand = augment.translation(jax.random.fold_in(key, 1), cut)
        return by_hand, augment.diffaugment("cutout, translation").apply((), STEP, key, x)

    by_hand, by_policy = both(x)
    assert same_bits(by_hand, by_policy)
    with pytest.raises(ValueError, match="no 'colour' in a policy; there are color, translation, cutout"):
        augment.diffaugment("colour,cutout")
    with pytest.raises(ValueError, match="no 'bgc' in a policy; there are blit, geometry, color"):
        augment.ada(policy="bgc")


@pytest.mark.parametrize("how", [DIFFAUGMENT, ADA], ids=["diffaugment", "ada"])
def test_images_of_a_batch_are_treated_each_in_its_own_way_and_again_the_same(key, how):
    x = np.tile(images(1, 8), (8, 1, 1, 1))
    out = np.asarray(shown(how, x, key, 1.0))
    apart = abs(out[:, None] - out[None]).max(axis=(2, 3, 4)) + np.eye(8)
    assert apart.min() > 0.01
    assert same_bits(out, shown(how, x, key, 1.0))
    assert not np.array_equal(out, shown(how, x, jax.random.key(9), 1.0))


@pytest.mark.parametrize("how", [DIFFAUGMENT, ADA], ids=["diffaugment", "ada"])
def test_gradients_are_the_transpose_of_what_was_done(key, how):
    """Both are affine in the images: ⟨A x − A 0, v⟩ = ⟨x, ∇⟨A x, v⟩⟩."""
    x, v = (images(8, 8, seed=seed) for seed in (1, 2))
    out, nought = (np.asarray(shown(how, a, key, 0.7)) for a in (x, np.zeros_like(x)))
    gradient = np.asarray(pullback(how, x, v, key, 0.7))
    assert (x * gradient).sum((1, 2, 3)) == pytest.approx(((out - nought) * v).sum((1, 2, 3)), abs=1e-4)
    assert abs(gradient).max(axis=(1, 2, 3)).min() > 0


def test_at_p_0_ada_is_the_identity_bit_for_bit_in_value_and_gradient(key):
    x, v = (images(8, 8, seed=seed) for seed in (1, 2))
    x[0, 0] = -0.0
    assert same_bits(shown(ADA, x, key), x)
    assert same_bits(pullback(ADA, x, v, key), v)


def test_a_chain_knows_its_memories_by_name(key):
    cutting, x = augment.diffaugment("cutout"), images(8, 8)
    chain = augment.in_turn(cutting, augment.ada(policy="blit", every=1, images=16))
    plain = augment.in_turn(cutting, augment.nothing())
    memory, real = chain.init(), np.ones(8, np.float32)
    assert list(memory) == ["ada"]
    assert plain.init() == plain.update((), jnp.ones(8)) == ()

    @jax.jit
    def all_of(memory, x, real):
        cut = cutting.apply((), STEP, jax.random.fold_in(key, 0), x)
        return cut, chain.apply(memory, STEP, key, x), plain.apply((), STEP, key, x), chain.update(memory, real)

    cut, chained, plainly, after = all_of(memory, x, real)
    assert same_bits(chained, cut)
    assert same_bits(plainly, cut)
    assert float(after["ada"]["p"]) == 0.5
    with pytest.raises(ValueError, match="names must differ"):
        augment.in_turn(augment.ada(), augment.ada())


# --------------------------------------------------------------------------------------------------------------- ADA


@pytest.mark.parametrize("h", [8, 10])
def test_pure_moves_are_those_of_numpy(h):
    x = images(1, h, 8)[0]
    padded = np.pad(np.asarray(x), ((4, 4), (4, 4), (0, 0)), mode="reflect")

    @jax.jit
    def moved(x, even):
        return affine.warp(x, affine.blit(even, even, x.shape))

    def by(row, *values):
        return moved(x, one_draw(row, *values))

    assert same_bits(by(affine.MIRROR, 0.5), x[:, ::-1])
    assert same_bits(by(affine.MIRROR, -0.5), x)
    if h == 8:
        turns = [np.asarray(by(affine.QUARTERS, draw)) for draw in (0.1, 0.6, -0.9, -0.4)]
        assert all(same_bits(turn, np.rot90(x, k)) for k, turn in enumerate(turns))
    for right, down in ((1.0, 0.0), (-0.9, 0.8), (0.2, -0.9)):
        i, j = 4 - round(down * h / 8), 4 - round(right)
        assert same_bits(by(affine.PIXELS, right, down), padded[i : i + h, j : j + 8])


def test_geometry_is_scipys_affine_transformation():
    """Any draws at all, against float64 matrices and order-1 interpolation between mirrors."""
    x = images(1, 9, 7)[0]
    even, normal = draws(1, 20)
    normal[:, affine.PLACE] *= 3  # far beyond the first reflection

    @jax.jit
    def warped(x, e, n):
        return affine.warp(x, affine.blit(e, n, x.shape) @ affine.geometry(e, n, x.shape))

    found = jax.vmap(warped, (None, 0, 0))(x, even, normal)

    def turn(angle):
        return np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])

    def move(right, down):
        return np.array([[1, 0, right], [0, 1, down], [0, 0, 1]])

    for e, n, out in zip(even.astype(float), normal.astype(float), np.asarray(found), strict=True):
        size, stretch = 2 ** (0.2 * n[affine.SIZE, 0]), 2 ** (0.2 * n[affine.STRETCH, 0])
        forward = [
            np.diag([-1.0 if e[affine.MIRROR, 0] > 0 else 1.0, 1, 1]),
            turn(-np.pi / 2 * np.floor(2 * e[affine.QUARTERS, 0])),
            move(*np.round(e[affine.PIXELS] / 8 * (7, 9))),
            np.diag([size, size, 1]),
            turn(-np.pi * e[affine.TURN, 0]),
            np.diag([stretch, 1 / stretch, 1]),
            turn(-np.pi * e[affine.TURN_AGAIN, 0]),
            move(*(n[affine.PLACE] / 8 * (7, 9))),
        ]
        matrix = np.eye(3)
        for each in forward:
            matrix = each @ matrix
        inverse = np.linalg.inv(matrix)[[1, 0, 2]][:, [1, 0, 2]]  # SciPy's points are (down, right)
        centre = np.array([4.0, 3.0])
        offset = inverse[:2, 2] + centre - inverse[:2, :2] @ centre
        for c in range(3):
            reference = ndimage.affine_transform(
                np.asarray(x[..., c], float), inverse[:2, :2], offset, order=1, mode="mirror"
            )
            assert np.abs(reference - out[..., c]).max() < 1e-4


@jax.jit
@jax.vmap
def colorings(even, normal):
    return affine.coloring(even, normal, (4, 4, 3))


def test_coloring_is_its_five_matrices_in_float64():
    even, normal = draws(1, 20)
    found = colorings(even, normal)
    grey = np.ones((3, 3)) / 3
    around = np.cross(np.eye(3), np.ones(3) / np.sqrt(3)).T @ np.diag([-1, -1, -1])
    for e, n, out in zip(even.astype(float), normal.astype(float), np.asarray(found), strict=True):
        flipped = np.eye(3) - 2 * grey * (e[affine.LUMA, 0] > 0)
        hue = expm(np.pi * e[affine.HUE, 0] * around)
        saturation = grey + 2 ** n[affine.SATURATION, 0] * (np.eye(3) - grey)
        linear = saturation @ hue @ flipped * 2 ** (0.5 * n[affine.CONTRAST, 0])
        offset = linear @ np.full((3, 1), 0.2 * n[affine.BRIGHTNESS, 0])
        assert out == pytest.approx(np.concatenate([linear, offset], axis=1), abs=2e-5)


def test_a_third_of_the_hues_circle_exchanges_the_channels():
    even = np.tile(one_draw(affine.HUE, 2 / 3), (20, 1, 1))
    assert colorings(even, 0 * even)[0, :, :3] == pytest.approx(np.eye(3)[[2, 0, 1]], abs=1e-6)


def test_grey_images_are_coloured_as_three_equal_channels_and_averaged(key):
    recolored = jax.jit(jax.vmap(affine.recolor))
    matrices = colorings(*draws(1, 20))
    x = images(20, 4, c=1)
    grey, three = (np.asarray(recolored(a, matrices)) for a in (x, np.tile(x, (1, 1, 1, 3))))
    assert grey[..., 0] == pytest.approx(three.mean(axis=3), abs=1e-5)
    with pytest.raises(ValueError, match="1 or 3 channels, these images 2; leave color out"):
        jax.eval_shape(ADA.apply, ADA.init(), STEP, key, x[:, :, :, [0, 0]])
    assert jax.eval_shape(augment.ada(policy="blit").apply, ADA.init(), STEP, key, x).shape == x.shape


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_each_transformation_happens_with_its_probability_of_its_own_accord(p):
    even, normal = draws(p)
    happened = (even != 0).any(axis=2)
    assert np.array_equal(happened, (normal != 0).any(axis=2))
    turns = [affine.TURN, affine.TURN_AGAIN]
    expected = np.where(np.isin(np.arange(13), turns), 1 - np.sqrt(1 - p), p)
    assert happened.mean(axis=0) == pytest.approx(expected, abs=0.03)
    assert happened[:, turns].any(axis=1).mean() == pytest.approx(p, abs=0.03)
    together = (happened[:, :, None] & happened[:, None, :]).mean(axis=0) + np.diag(expected**2 - expected)
    assert together == pytest.approx(np.outer(expected, expected), abs=0.04)
    if p:
        assert even[happened].std() == pytest.approx(1 / np.sqrt(3), abs=0.02)
        assert normal[happened].std() == pytest.approx(1, abs=0.02)


def test_the_controller_in_closed_form():
    """k moves on 8 images each: p = min(1, ⌊k / 4⌋ · 32 / 100) while D is too sure, and down again when it is not."""
    how = augment.ada(target=0.6, every=4, images=100)
    update = jax.jit(how.update)
    memory, rising = how.init(), []
    for _ in range(17):
        memory = update(memory, np.full(8, 3, np.float32))
        rising.append(float(memory["p"]))
    assert rising == pytest.approx([min(1, (k // 4) * 0.32) for k in range(1, 18)], abs=1e-6)
    assert int(memory["moves"]) == 1
    assert int(memory["images"]) == 8
    memory, falling = {**how.init(), "p": np.float32(1)}, []
    for _ in range(16):
        memory = update(memory, np.full(8, -1, np.float32))
        falling.append(float(memory["p"]))
    assert falling == pytest.approx([max(0, 1 - (k // 4) * 0.32) for k in range(1, 17)], abs=1e-6)


@pytest.mark.parametrize(("positive", "p"), [(7, 0.82), (6, 0.18)])
def test_the_controller_compares_the_mean_sign_with_its_target(positive, p):
    """7 of 8 above zero are a mean sign of ¾, 6 of 8 one of ½; how far above does not matter."""
    how = augment.ada(target=0.6, every=4, images=100)
    memory, update = {**how.init(), "p": np.float32(0.5)}, jax.jit(how.update)
    for _ in range(4):
        memory = update(memory, np.where(np.arange(8) < positive, 1e-3, -50).astype(np.float32))
    assert float(memory["p"]) == pytest.approx(p)


@pytest.mark.parametrize("mistake", [{"every": 0}, {"images": 0}])
def test_counts_are_counts(mistake):
    with pytest.raises(ValueError, match="counts of at least 1"):
        augment.ada(**mistake)
    with pytest.raises(ValueError, match="steps=0"):
        augment.instance_noise(steps=0)


# ---------------------------------------------------------------------------------------------------- all of them


def test_the_second_derivative_of_a_warp_and_its_colours():
    """H v of Σ x̃⁴ is 12 Aᵀ (x̃² · A v), A the linear part: what a gradient penalty on augmented images asks for."""
    x, v = images(2, 4)
    even, normal = (a[0] for a in draws(1, 1))

    def linear(x):
        inverse = affine.geometry(jnp.asarray(even), jnp.asarray(normal), x.shape)
        return affine.recolor(affine.warp(x, inverse), 0.7 * jnp.eye(3, 4))

    @jax.jit
    def both(x, v):
        found = jax.grad(lambda x: (jax.grad(lambda x: (linear(x) ** 4).sum())(x) * v).sum())(x)
        return found, jax.vjp(linear, x)[1](12 * linear(x) ** 2 * linear(v))[0]

    found, expected = both(x, v)
    assert found == pytest.approx(np.asarray(expected), abs=1e-4)


def test_seeds_and_steps_keep_dtypes_shapes_and_weak_types(key):
    """Under a scan of steps and a vmap of seeds, with strict promotion."""
    how = augment.in_turn(DIFFAUGMENT, ADA, augment.instance_noise(0.1, 10))
    first, x = how.init(), jnp.asarray(images(4, 8))

    def step(carry, key):
        memory, x = carry
        x = how.apply(memory, STEP, key, x)
        return (how.update(memory, x.mean(axis=(1, 2, 3))), x), ()

    def seed(memory, x, key):
        return jax.lax.scan(step, (memory, x), jax.random.split(key, 3))[0]

    def kinds(tree):
        return jax.tree.map(lambda a: (a.shape, a.dtype, a.weak_type), tree)

    with jax.numpy_dtype_promotion("strict"):
        assert kinds(jax.eval_shape(seed, first, x, key)) == kinds((first, x))
        assert jax.eval_shape(how.apply, first, STEP, key, x.astype(jnp.bfloat16)).dtype == jnp.bfloat16
        together = jax.vmap(seed, (0, None, 0))
        memories = jax.tree.map(lambda a: jax.ShapeDtypeStruct((2,), a.dtype), first)
        assert jax.eval_shape(together, memories, x, jax.random.split(key))[1].shape == (2, *x.shape)
    leaves = jax.tree.leaves(first)  # donated, they may not be one buffer
    assert len({leaf.unsafe_buffer_pointer() for leaf in leaves}) == len(leaves)
