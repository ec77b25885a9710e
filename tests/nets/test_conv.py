"""Our forms of a convolution against the library's: values and derivatives, every shape that networks use."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.monitor.flops import count
from ganjax.nets import conv, patches, tiles

#        k  s  padding  rows and columns
FORWARD = [(1, 1, (0, 0), 5, 5), (3, 1, (1, 1), 8, 8), (4, 2, (1, 1), 8, 6), (5, 2, (1, 2), 8, 8), (5, 2, (2, 2), 7, 7),
           (4, 1, (0, 0), 4, 4), (7, 1, (3, 3), 9, 9), (3, 2, (1, 1), 8, 8), (4, 1, (1, 1), 6, 7), (4, 1, (2, 2), 6, 6),
           (3, 2, (0, 1), 8, 8), (3, 2, (1, 1), 9, 9), (1, 2, (0, 0), 8, 8)]  # fmt: skip
TRANSPOSED = [(4, 1, (0, 0), 1, 1), (4, 2, (1, 1), 4, 6), (3, 2, (1, 0), 4, 4), (3, 2, (0, 1), 5, 5), (5, 2, (1, 2), 4, 4),
              (6, 1, (1, 1), 5, 5), (3, 1, (1, 1), 4, 4), (2, 2, (0, 0), 3, 3), (4, 1, (1, 1), 6, 5)]  # fmt: skip
NARROW, WIDE = (3, 4), (33, 40)
FORMS = {"patches": NARROW, "sums": WIDE, "matmuls": WIDE}  # of tiles, wherever they save a multiplication
ROWS = [
    (f, *row, form)
    for f, rows in ((conv.conv, FORWARD), (conv.conv_transpose, TRANSPOSED))
    for row in rows
    for form in FORMS
    if form != "matmuls" or row[0] > 2 * row[1]  # three taps and more
]
NAMES = [f"{f.__name__}-k{k}s{s}p{p[0]}{p[1]}n{h}x{w}-{form}" for f, k, s, p, h, w, form in ROWS]


@pytest.fixture
def many_tiles(monkeypatch):
    """Tiles, however few they are."""
    monkeypatch.setattr(conv, "WRITING", 0)


def arrays(k, rows, columns, channels=NARROW):
    keys = jax.random.split(jax.random.key(k))
    x = jax.random.normal(keys[0], (2, rows, columns, channels[0]))
    return x, jax.random.normal(keys[1], (k, k, *channels)) / (k * channels[0] ** 0.5)


def by_library(f, *args):
    with conv.library():
        return f(*args)


def assert_close(ours, theirs, tolerance):
    """Equal but for ``tolerance`` of the values' spread."""
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance * float(jnp.abs(b).max()), rtol=0)


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_values_and_derivatives_to_second_order(row, many_tiles, monkeypatch):
    f, k, stride, padding, rows, columns, form = row
    x, kernel = arrays(k, rows, columns, FORMS[form])
    monkeypatch.setattr(tiles, "SMALL", 0 if form == "sums" else 2**17)

    def everything():
        """The value, and the gradient of something that holds second derivatives, as a gradient penalty's does."""

        def scalar(x, kernel):
            return jnp.sin(f(x, kernel, stride, padding)).sum()

        def loss(x, kernel):
            gx, gk = jax.grad(scalar, argnums=(0, 1))(x, kernel)
            return scalar(x, kernel) + (gx**2).sum() + (gk**2).sum()

        return jax.jit(lambda *a: (f(*a, stride, padding), jax.grad(loss, argnums=(0, 1))(*a)))(x, kernel)

    assert_close(everything(), by_library(everything), 3e-5)


def test_forward_mode_and_hessian_products():
    x, kernel = arrays(3, 6, 6)

    def curvature():
        def gradient(kernel):
            return jax.grad(lambda w: jnp.sin(conv.conv(x, w, 1, (1, 1))).sum())(kernel)

        return jax.jit(lambda w: jax.jvp(gradient, (w,), (w,)))(kernel)

    assert_close(curvature(), by_library(curvature), 3e-5)


@pytest.mark.parametrize("axes", [(0, 0), (0, None), (None, 0)])
def test_vmap_is_a_loop(axes):
    x, kernel = arrays(4, 8, 8)
    xs, kernels = jnp.stack([x, 2 * x]), jnp.stack([kernel, -kernel])
    args = [many if axis == 0 else one for many, one, axis in zip((xs, kernels), (x, kernel), axes, strict=True)]

    def gradient(x, kernel):
        return jax.grad(lambda x: jnp.sin(conv.conv(x, kernel, 2, (1, 1))).sum())(x)

    ours = jax.jit(jax.vmap(gradient, axes))(*args)
    loop = [gradient(*(a[i] if axis == 0 else a for a, axis in zip(args, axes, strict=True))) for i in range(2)]
    assert_close(ours, jnp.stack(loop), 3e-5)


@pytest.mark.parametrize(("k", "stride", "padding"), [row[:3] for row in FORWARD])
def test_the_librarys_three_maps_are_its_own_derivatives(k, stride, padding):
    x, kernel = arrays(k, 9, 7)
    y, pull = jax.vjp(lambda x, w: conv.library_conv(x, w, stride, padding), x, kernel)
    for_x, for_kernel = pull(y)
    assert_close(conv.library_adjoint(y, kernel, stride, padding, x.shape[1:3]), for_x, 1e-6)
    assert_close(conv.library_kernel(x, y, stride, padding, k), for_kernel, 1e-6)


@pytest.mark.parametrize("r", [1, 2, 3, 4])
def test_tiles_are_exact_in_exact_arithmetic(r):
    """y = Aᵀ [(G w) ⊙ (B x)] is the correlation: on whole numbers in float64 nothing is lost."""
    a, b, g = tiles.transforms(r)
    rng = np.random.default_rng(r)
    x, w = rng.integers(-9, 9, tiles.TILE + r - 1), rng.integers(-9, 9, r)
    np.testing.assert_allclose(a.T @ ((g @ w) * (b @ x)), np.correlate(x, w, "valid"), atol=1e-12)
    np.testing.assert_array_equal(a, np.round(a))
    np.testing.assert_array_equal(b, np.round(b))


@pytest.mark.parametrize(("k", "stride", "bound"), [(3, 1, 1e-6), (4, 2, 1e-6), (4, 1, 3e-6)])
def test_tiles_lose_no_digit_that_training_would_miss(k, stride, bound, many_tiles):
    """Root mean square error of 128 channels in float32 against float64, in units of the result's deviation."""
    x, kernel = arrays(k, 12, 12, (128, 64))
    x64, w64 = (np.asarray(a, np.float64) for a in (x, kernel))
    ours = np.asarray(jax.jit(lambda x, w: conv.conv(x, w, stride, (0, 0)))(x, kernel))
    truth = sum(
        x64[:, i : i + stride * ours.shape[1] : stride, j : j + stride * ours.shape[2] : stride] @ w64[i, j]
        for i in range(k)
        for j in range(k)
    )
    assert np.sqrt(np.mean((ours - truth) ** 2)) < bound * truth.std()


def test_a_pixel_paints_its_patch_unflipped():
    kernel = jnp.arange(9.0).reshape(3, 3, 1, 1)
    out = conv.conv_transpose(jnp.ones((1, 1, 1, 1)), kernel, 2, (0, 0))
    np.testing.assert_array_equal(out[0, :, :, 0], kernel[:, :, 0, 0])


def test_transposed_is_the_adjoint_of_forward():
    """⟨conv(x), y⟩ = ⟨x, conv_transpose(y)⟩ with the kernel's channels exchanged."""
    x, kernel = arrays(4, 8, 8)
    y = jax.random.normal(jax.random.key(9), (2, 4, 4, 4))
    left = (conv.conv(x, kernel, 2, (1, 1)) * y).sum()
    right = (x * conv.conv_transpose(y, kernel.transpose(0, 1, 3, 2), 2, (1, 1))).sum()
    assert float(left) == pytest.approx(float(right), rel=1e-4)


def test_tiles_are_taken_where_they_pay(monkeypatch):
    """From the tables of docs/performance.md: DCGAN's 8 px layer at batch 64, a residual block at batch 1, not at 8 px."""
    taken = []
    for form in (tiles, patches):
        monkeypatch.setattr(form, "conv", lambda x, w, form=form, conv=form.conv: taken.append(form) or conv(x, w))

    def form_of(batch, size, channels, features, k, stride):
        x, w = jnp.zeros((batch, size, size, channels)), jnp.zeros((k, k, channels, features))
        jax.jit(lambda x, w: conv.conv(x, w, stride, (1, 1))).lower(x, w)
        return taken.pop()

    assert form_of(64, 16, 128, 256, 4, 2) is tiles
    assert form_of(1, 16, 256, 256, 3, 1) is tiles
    assert form_of(1, 8, 256, 256, 3, 1) is patches
    assert form_of(64, 32, 3, 64, 4, 2) is patches


def test_same_padding_is_tensorflows():
    assert [conv.same_padding(*row) for row in [(8, 5, 2), (7, 5, 2), (8, 4, 2), (8, 3, 2), (8, 3, 1)]] == [
        (1, 2), (2, 2), (1, 1), (0, 1), (1, 1)]  # fmt: skip


def penalised(dtype=jnp.float32):
    """A jitted second-order gradient of a convolution and a transposed one, and its arguments."""
    x, kernel = (a.astype(dtype) for a in arrays(4, 8, 8, (32, 32)))

    def loss(kernel):
        def critic(x):
            return conv.conv_transpose(conv.conv(x, kernel, 2, (1, 1)), kernel, 2, (1, 1)).sum()

        return jnp.square(jax.grad(critic)(x)).sum()

    return jax.jit(jax.grad(loss)), kernel


def lowered(platform, dtype=jnp.float32):
    f, kernel = penalised(dtype)
    return f.trace(kernel).lower(lowering_platforms=(platform,)).as_text()


@pytest.mark.parametrize("platform", ["cuda", "tpu"])
@pytest.mark.parametrize(("dtype", "name"), [(jnp.float32, "f32"), (jnp.bfloat16, "bf16")])
def test_accelerators_keep_library_convolutions_in_the_dtype_asked_for(platform, dtype, name):
    lines = [line for line in lowered(platform, dtype).splitlines() if "stablehlo.convolution" in line]
    assert len(lines) >= 4
    assert all(f"x{name}>" in line for line in lines)
    assert "stablehlo.dot_general" not in lowered(platform, dtype)


def test_the_cpu_gets_matmuls():
    assert "stablehlo.convolution" not in lowered("cpu")
    assert "stablehlo.dot_general" in lowered("cpu")


def test_exported_for_two_platforms_each_gets_its_form():
    f, kernel = penalised()
    text = jax.export.export(f, platforms=("cpu", "cuda"))(kernel).mlir_module()
    assert "stablehlo.convolution" in text
    assert "stablehlo.dot_general" in text


def test_library_form_on_request():
    with conv.library():
        assert "stablehlo.convolution" in lowered("cpu")
    assert "stablehlo.convolution" not in lowered("cpu")


def test_half_precision_is_not_lost_in_sums_of_tiles(many_tiles):
    x, kernel = arrays(3, 8, 8, WIDE)
    half = jax.jit(lambda x, w: conv.conv(x.astype(jnp.bfloat16), w.astype(jnp.bfloat16), 1, (1, 1)))(x, kernel)
    assert_close(half.astype(jnp.float32), conv.library_conv(x, kernel, 1, (1, 1)), 0.01)


def test_flops_are_those_of_the_layers_shapes():
    """2 b · rows · columns · k² · c · f for each of the three maps, whichever form it takes."""
    x, kernel = jnp.ones((2, 8, 8, 3)), jnp.ones((4, 4, 3, 5))

    def gradients(x, kernel):
        return jax.grad(lambda x, w: (conv.conv(x, w, 2, (1, 1)) ** 2).sum(), argnums=(0, 1))(x, kernel)

    assert count(jax.make_jaxpr(gradients)(x, kernel)) == 3 * 2 * 2 * 4 * 4 * 16 * 3 * 5
