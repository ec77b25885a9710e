"""Convolutions: the one place they come from.

A convolution ties three arrays, large images x, small images y and a kernel w, by one form, linear in each:

    T(x, w, y) = Σ  x[stride · p + i − before] · w[i] · y[p]            over images, pixels p, taps i, channels

Its three partial derivatives are the three maps that a network and its gradients need: x, w ↦ y (a convolution),
y, w ↦ x (a transposed one, and the gradient of the first in its input) and x, y ↦ w (the gradient of both in their
kernel). Each of them is differentiated into the other two, so a derivative of any order is made of nothing else.

On a GPU or TPU all three are the library's. On the CPU XLA's forward convolutions are good, but kernel gradients, and
the second-order convolutions of a gradient penalty, fall to a slow path (up to 25 times slower). A matmul has none; so
there each map is a few slices, sums and matmuls, in one of two forms:

    tiles      fewer multiplications, where there are channels and pixels enough to pay for the sums they take,
    patches    one matmul, with the k² neighbours of each pixel side by side, on the side that has fewer channels.

Strides go first: blocks of stride × stride pixels become one pixel of stride² · c channels (space to depth), and a
k × k kernel of stride s one of ⌈k / s⌉² taps and stride 1; a kernel that does not fill its blocks gets zeros.

Images are NHWC, kernels HWIO, and a transposed kernel is not flipped: tap (i, j) of input pixel (y, x) lands on output
pixel (stride·y + i − before, stride·x + j − before), PyTorch's convention.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, Float

from ganjax.nets import patches, tiles
from ganjax.nets.patches import WRITING, Images, Size

Kernel = Float[Array, "k k _ _"]
Padding = tuple[int, int]

_library_only: ContextVar[bool] = ContextVar("library_only", default=False)


def conv(x: Images, kernel: Kernel, stride: int = 1, padding: Padding = (0, 0)) -> Images:
    """Cross-correlation of x, zero-padded by ``padding`` (before, after) on rows and columns, with a square kernel."""
    if _library_only.get():
        return library_conv(x, kernel, stride, padding)
    out: Images = conv_p.bind(x, kernel, stride=stride, padding=padding)
    return out


def conv_transpose(x: Images, kernel: Kernel, stride: int = 1, padding: Padding = (0, 0)) -> Images:
    """Transposed convolution: each pixel paints its k × k patch, ``padding`` (before, after) is cut off the result.

    Rows: stride · (h − 1) + k − before − after. PyTorch's (padding p, output_padding q) is (p, p − q) here.
    """
    rows, columns = (stride * (n - 1) + len(kernel) - sum(padding) for n in x.shape[1:3])
    kernel = kernel.swapaxes(2, 3)
    if _library_only.get():
        return library_adjoint(x, kernel, stride, padding, (rows, columns))
    out: Images = adjoint_p.bind(x, kernel, stride=stride, padding=padding, size=(rows, columns))
    return out


@contextlib.contextmanager
def library() -> Iterator[None]:
    """While open, what is traced uses the library's convolutions everywhere: they compile faster."""
    token = _library_only.set(True)
    try:
        yield
    finally:
        _library_only.reset(token)


def same_padding(size: int, kernel: int, stride: int) -> Padding:
    """TensorFlow's SAME: ceil(size / stride) outputs, the odd pixel after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


# ----------------------------------------------------------------------------------------------------- the library's form


def library_conv(x: Images, kernel: Kernel, stride: int, padding: Padding) -> Images:
    """x, w ↦ y."""
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), (padding, padding), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def library_adjoint(y: Images, kernel: Kernel, stride: int, padding: Padding, size: Size) -> Images:
    """y, w ↦ x of ``size`` rows and columns: XLA's convolution of the dilated y with the flipped kernel."""
    k, before = len(kernel), padding[0]
    pads = [(k - 1 - before, n + before - 1 - stride * (m - 1)) for n, m in zip(size, y.shape[1:3], strict=True)]
    return jax.lax.conv_general_dilated(
        y, kernel[::-1, ::-1], (1, 1), pads, (stride, stride), dimension_numbers=("NHWC", "HWOI", "NHWC")
    )


def library_kernel(x: Images, y: Images, stride: int, padding: Padding, k: int) -> Kernel:
    """x, y ↦ w of k × k taps: batch and channels change places, y is the kernel and its stride dilates it."""
    pads = [
        (padding[0], k - n - padding[0] + stride * (m - 1)) for n, m in zip(x.shape[1:3], y.shape[1:3], strict=True)
    ]
    return jax.lax.conv_general_dilated(
        x, y, (1, 1), pads, None, (stride, stride), dimension_numbers=("CHWN", "IHWO", "HWNC")
    )


# --------------------------------------------------------------------------------------------------------- the CPU's forms


def cpu_conv(x: Images, kernel: Kernel, stride: int, padding: Padding) -> Images:
    """x, w ↦ y."""
    size = tuple((n + sum(padding) - len(kernel)) // stride + 1 for n in x.shape[1:3])
    kernel = _blocks_of_kernel(kernel, stride)
    x = _blocks(x, padding[0], len(kernel), size, stride)
    if _worth_tiles(x, kernel.shape, size):
        return tiles.conv(x, kernel)
    return patches.conv(x, kernel)


def cpu_adjoint(y: Images, kernel: Kernel, stride: int, padding: Padding, size: Size) -> Images:
    """y, w ↦ x of ``size`` rows and columns."""
    kernel = _blocks_of_kernel(kernel, stride)
    form = tiles if _worth_tiles(y, kernel.shape, y.shape[1:3]) else patches
    return _fit(depth_to_space(form.conv_adjoint(y, kernel), stride), -padding[0], *size)


def cpu_kernel(x: Images, y: Images, stride: int, padding: Padding, k: int) -> Kernel:
    """x, y ↦ w of k × k taps."""
    r, size = -(-k // stride), y.shape[1:3]
    x = _blocks(x, padding[0], r, size, stride)
    form = tiles if _worth_tiles(y, (r, r, x.shape[-1], y.shape[-1]), size) else patches
    return _kernel_of_blocks(form.conv_kernel(x, y), stride)[:k, :k]


def _worth_tiles(like: Images, kernel: tuple[int, ...], size: Size) -> bool:
    """Few channels leave the sums dearer than what they save, few tiles the transformed kernel; half precision is lost."""
    r, _, channels, features = kernel
    return (
        r in (2, 3, 4)
        and min(channels, features) >= 32
        and tiles.multiplications(r, size) < 0.8 * r * r * size[0] * size[1]
        and len(like) * (r * r * size[0] * size[1] - tiles.multiplications(r, size)) >= WRITING * (r + 1) ** 2
        and jnp.dtype(like.dtype).itemsize >= 4
    )


def space_to_depth(x: Images, block: int) -> Images:
    """[b, h, w, c] -> [b, h / block, w / block, block² c]."""
    b, h, w, c = x.shape
    x = x.reshape(b, h // block, block, w // block, block, c).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(b, h // block, w // block, block * block * c)


def depth_to_space(x: Images, block: int) -> Images:
    """The way back."""
    b, h, w, c = x.shape
    x = x.reshape(b, h, w, block, block, c // block**2).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(b, h * block, w * block, c // block**2)


def _blocks(x: Images, before: int, r: int, size: Size, stride: int) -> Images:
    """What ``size`` windows of r × r blocks see of x, as blocks."""
    return space_to_depth(_fit(x, before, *((n + r - 1) * stride for n in size)), stride)


def _blocks_of_kernel(kernel: Kernel, stride: int) -> Float[Array, "r r _ f"]:
    k, _, channels, features = kernel.shape
    r = -(-k // stride)
    spare = r * stride - k
    kernel = jnp.pad(kernel, ((0, spare), (0, spare), (0, 0), (0, 0)))
    kernel = kernel.reshape(r, stride, r, stride, channels, features).transpose(0, 2, 1, 3, 4, 5)
    return kernel.reshape(r, r, -1, features)


def _kernel_of_blocks(kernel: Float[Array, "r r _ f"], stride: int) -> Kernel:
    r, _, channels, features = kernel.shape
    kernel = kernel.reshape(r, r, stride, stride, channels // stride**2, features).transpose(0, 2, 1, 3, 4, 5)
    return kernel.reshape(r * stride, r * stride, -1, features)


def _fit(x: Images, before: int, rows: int, columns: int) -> Images:
    """x moved down and right by ``before`` (up and left where negative) and cut or filled with zeros to rows × columns."""
    edges = [(before, n - size - before, 0) for n, size in zip((rows, columns), x.shape[1:3], strict=True)]
    return jax.lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *edges, (0, 0, 0)])


# ------------------------------------------------------------------------------------------------------------- primitives


def _primitive(
    name: str,
    cpu: Callable[..., Array],
    lib: Callable[..., Array],
    shape: Callable[..., tuple[int, ...]],
    multiplications: Callable[[Any, Any, Any], float],
) -> Primitive:
    """A map known to JAX by name: its shape, its form on each platform, and under vmap the vmap of that form.

    ``multiplications`` counts those of the form T from the shapes of two arguments and the result, for whoever asks.
    """
    primitive = Primitive(name)
    primitive.def_impl(lib)
    primitive.def_abstract_eval(lambda x, y, **params: x.update(shape=shape(x.shape, y.shape, **params)))
    mlir.register_lowering(primitive, mlir.lower_fun(lib, multiple_results=False))
    mlir.register_lowering(primitive, mlir.lower_fun(cpu, multiple_results=False), platform="cpu")

    def batched(args: Any, axes: Any, **params: Any) -> tuple[Array, int]:
        def one(x: Array, y: Array) -> Array:
            out: Array = jax.lax.platform_dependent(x, y, cpu=partial(cpu, **params), default=partial(lib, **params))
            return out

        return jax.vmap(one, axes)(*args), 0

    batching.primitive_batchers[primitive] = batched
    vars(primitive)["multiplications"] = multiplications
    return primitive


def _small(x: Any, kernel: Any, *, stride: int, padding: Padding) -> tuple[int, ...]:
    rows, columns = ((n + sum(padding) - kernel[0]) // stride + 1 for n in x[1:3])
    return (x[0], rows, columns, kernel[3])


def _multiplications(kernel: Any, small: Any) -> float:
    return float(math.prod(small[:3]) * math.prod(kernel))


conv_p = _primitive("conv", cpu_conv, library_conv, _small, lambda x, kernel, y: _multiplications(kernel, y))
adjoint_p = _primitive(
    "conv_adjoint",
    cpu_adjoint,
    library_adjoint,
    lambda y, kernel, *, size, **_: (y[0], *size, kernel[2]),
    lambda y, kernel, x: _multiplications(kernel, y),
)
kernel_p = _primitive(
    "conv_kernel",
    cpu_kernel,
    library_kernel,
    lambda x, y, *, k, **_: (k, k, x[3], y[3]),
    lambda x, y, kernel: _multiplications(kernel, y),
)

ad.defbilinear(
    conv_p,
    lambda y, x, kernel, **params: adjoint_p.bind(y, kernel, size=tuple(x.aval.shape[1:3]), **params),
    lambda y, x, kernel, **params: kernel_p.bind(x, y, k=kernel.aval.shape[0], **params),
)
ad.defbilinear(
    adjoint_p,
    lambda x, y, kernel, *, size, **params: conv_p.bind(x, kernel, **params),
    lambda x, y, kernel, *, size, **params: kernel_p.bind(x, y, k=kernel.aval.shape[0], **params),
)
ad.defbilinear(
    kernel_p,
    lambda kernel, x, y, *, k, **params: adjoint_p.bind(y, kernel, size=tuple(x.aval.shape[1:3]), **params),
    lambda kernel, x, y, *, k, **params: conv_p.bind(x, kernel, **params),
)
