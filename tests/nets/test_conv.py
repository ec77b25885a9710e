"""Convolutions as matmuls against the library's: values, first and second derivatives, every shape that networks use."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.nets import conv

#        k  s  padding  size
FORWARD = [(1, 1, (0, 0), 5), (3, 1, (1, 1), 8), (4, 2, (1, 1), 8), (5, 2, (1, 2), 8), (5, 2, (2, 2), 7), (4, 1, (0, 0), 4),
           (7, 1, (3, 3), 9), (3, 2, (1, 1), 8), (4, 1, (1, 1), 6), (4, 1, (2, 2), 6), (3, 2, (0, 1), 8)]  # fmt: skip
TRANSPOSED = [(4, 1, (0, 0), 1), (4, 2, (1, 1), 4), (3, 2, (1, 0), 4), (3, 2, (0, 1), 4), (5, 2, (1, 2), 4), (6, 1, (1, 1), 5),
              (3, 1, (1, 1), 4), (2, 2, (0, 0), 3)]  # fmt: skip
FORMS = [
    *[(conv.matmul_conv, conv.library_conv, *row) for row in FORWARD],
    *[(conv.matmul_conv_transpose, conv.library_conv_transpose, *row) for row in TRANSPOSED],
]
NAMES = [f"{form[0].__name__}-k{form[2]}s{form[3]}p{form[4][0]}{form[4][1]}n{form[5]}" for form in FORMS]


def arrays(k, size, channels=3, features=4):
    x_key, kernel_key = jax.random.split(jax.random.key(k))
    return jax.random.normal(x_key, (2, size, size, channels)), jax.random.normal(
        kernel_key, (k, k, channels, features)
    )


@pytest.mark.parametrize("form", FORMS, ids=NAMES)
def test_values_and_derivatives_to_second_order(form):
    matmul, library, k, stride, padding, size = form
    x, kernel = arrays(k, size)

    def penalised(f):
        """A value whose gradient holds second derivatives, as a gradient penalty's does."""

        def scalar(x, kernel):
            return jnp.sin(f(x, kernel, stride, padding)).sum()

        def loss(x, kernel):
            gx, gk = jax.grad(scalar, argnums=(0, 1))(x, kernel)
            return scalar(x, kernel) + (gx**2).sum() + (gk**2).sum()

        return jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))(x, kernel)

    np.testing.assert_allclose(matmul(x, kernel, stride, padding), library(x, kernel, stride, padding), atol=1e-4)
    (value, grads), (expected, expected_grads) = penalised(matmul), penalised(library)
    assert float(value) == pytest.approx(float(expected), rel=1e-4)
    for ours, theirs in zip(grads, expected_grads, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=3e-4 * float(jnp.abs(theirs).max()))


def test_a_pixel_paints_its_patch_unflipped():
    kernel = jnp.arange(9.0).reshape(3, 3, 1, 1)
    out = conv.conv_transpose(jnp.ones((1, 1, 1, 1)), kernel, 2, (0, 0))
    np.testing.assert_array_equal(out[0, :, :, 0], kernel[:, :, 0, 0])


def test_transposed_is_the_adjoint_of_forward():
    """⟨conv(x), y⟩ = ⟨x, conv_transpose(y)⟩ with the kernel's channels exchanged."""
    x, kernel = arrays(4, 8)
    y = jax.random.normal(jax.random.key(9), (2, 4, 4, 4))
    left = (conv.conv(x, kernel, 2, (1, 1)) * y).sum()
    right = (x * conv.conv_transpose(y, kernel.transpose(0, 1, 3, 2), 2, (1, 1))).sum()
    assert float(left) == pytest.approx(float(right), rel=1e-4)


def test_same_padding_is_tensorflows():
    assert [conv.same_padding(*row) for row in [(8, 5, 2), (7, 5, 2), (8, 4, 2), (8, 3, 2), (8, 3, 1)]] == [
        (1, 2), (2, 2), (1, 1), (0, 1), (1, 1)]  # fmt: skip


def lowered(platform):
    x, kernel = arrays(4, 8)
    f = jax.jit(lambda x, kernel: conv.conv(x, kernel, 2, (1, 1)))
    return f.trace(x, kernel).lower(lowering_platforms=(platform,)).as_text()


def test_the_form_follows_the_platform_that_is_compiled_for():
    assert "stablehlo.convolution" not in lowered("cpu")
    assert "stablehlo.convolution" in lowered("cuda")
    assert "stablehlo.convolution" in lowered("tpu")


def test_library_form_on_request():
    with conv.library():
        assert "stablehlo.convolution" in lowered("cpu")
    assert "stablehlo.convolution" not in lowered("cpu")
