"""Convolutions: the one place they come from.

On a GPU or TPU they are the library's. On the CPU XLA's forward convolutions are fast, but the kernel gradient of a
transposed convolution and the second-order convolutions of a gradient penalty fall to a slow path (25 times slower),
more of them inside a loop. A matmul has no slow path, to any order of derivative, inside ``scan`` or not; so there a
convolution is a few slices and one matmul:

    forward      pad; blocks of stride × stride pixels become one pixel of stride² · c channels (space to depth), so that
                 only ⌈k / stride⌉² plain slices remain; side by side they are the rows of one matmul.
    transposed   one matmul gives every input pixel's k × k patch; patches overlap by k − stride and are added up block
                 by block, then blocks are spread out (depth to space).

Both are exact rewritings: values and derivatives agree with the library's to rounding. Images are NHWC; kernels are
HWIO for both directions, and a transposed kernel is not flipped: kernel tap (i, j) of input pixel (y, x) lands on output
pixel (stride·y + i − pad, stride·x + j − pad), PyTorch's convention.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Images = Float[Array, "b _ _ _"]  # height, width and channels change
Kernel = Float[Array, "k k _ _"]
Padding = tuple[int, int]

_library_only: ContextVar[bool] = ContextVar("library_only", default=False)


def conv(x: Images, kernel: Kernel, stride: int = 1, padding: Padding = (0, 0)) -> Images:
    """Cross-correlation of x, zero-padded by ``padding`` (before, after) on rows and columns, with a square kernel."""
    return _by_platform(matmul_conv, library_conv, x, kernel, stride, padding)


def conv_transpose(x: Images, kernel: Kernel, stride: int = 1, padding: Padding = (0, 0)) -> Images:
    """Transposed convolution: each pixel paints its k × k patch, ``padding`` (before, after) is cut off the result.

    Rows: stride · (h − 1) + k − before − after. PyTorch's (padding p, output_padding q) is (p, p − q) here.
    """
    return _by_platform(matmul_conv_transpose, library_conv_transpose, x, kernel, stride, padding)


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


def library_conv(x: Images, kernel: Kernel, stride: int, padding: Padding) -> Images:
    """``conv`` by XLA's convolution."""
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), (padding, padding), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def library_conv_transpose(x: Images, kernel: Kernel, stride: int, padding: Padding) -> Images:
    """``conv_transpose`` by XLA's convolution of the dilated input with the flipped kernel."""
    k, (before, after) = len(kernel), padding
    pads = (k - 1 - before, k - 1 - after)
    return jax.lax.conv_general_dilated(
        x, kernel[::-1, ::-1], (1, 1), (pads, pads), (stride, stride), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def matmul_conv(x: Images, kernel: Kernel, stride: int, padding: Padding) -> Images:
    """``conv`` as slices and one matmul."""
    k, _, channels, features = kernel.shape
    b, h, w, _ = x.shape
    blocks, kernel = _whole_blocks(kernel, stride)
    rows, columns = ((n + sum(padding) - k) // stride + 1 for n in (h, w))
    down, right = rows + blocks - 1, columns + blocks - 1
    x = _fit(x, padding[0], down * stride, right * stride)
    x = x.reshape(b, down, stride, right, stride, channels).transpose(0, 1, 3, 2, 4, 5)
    x = x.reshape(b, down, right, stride * stride * channels)
    taps = [x[:, i : i + rows, j : j + columns] for i in range(blocks) for j in range(blocks)]
    return jnp.concatenate(taps, axis=-1) @ kernel.transpose(0, 2, 1, 3, 4, 5).reshape(-1, features)


def matmul_conv_transpose(x: Images, kernel: Kernel, stride: int, padding: Padding) -> Images:
    """``conv_transpose`` as one matmul and overlapping sums."""
    k, _, channels, features = kernel.shape
    b, h, w, _ = x.shape
    blocks, kernel = _whole_blocks(kernel, stride)
    patches = x @ kernel.transpose(4, 0, 1, 2, 3, 5).reshape(channels, -1)
    patches = patches.reshape(b, h, w, blocks, stride, blocks, stride, features)
    spare = blocks - 1
    painted: Array = sum(  # type: ignore[assignment]
        jnp.pad(patches[:, :, :, i, :, j], ((0, 0), (i, spare - i), (j, spare - j), (0, 0), (0, 0), (0, 0)))
        for i in range(blocks)
        for j in range(blocks)
    )
    image = painted.transpose(0, 1, 3, 2, 4, 5).reshape(b, (h + spare) * stride, (w + spare) * stride, features)
    return _fit(image, -padding[0], *(stride * (n - 1) + k - sum(padding) for n in (h, w)))


def _whole_blocks(kernel: Kernel, stride: int) -> tuple[int, Float[Array, "q s q s i o"]]:
    """(q, kernel) of q × q blocks of stride × stride taps; a kernel that does not fill its last block gets zeros."""
    k, _, channels, features = kernel.shape
    blocks = -(-k // stride)
    spare = blocks * stride - k
    kernel = jnp.pad(kernel, ((0, spare), (0, spare), (0, 0), (0, 0)))
    return blocks, kernel.reshape(blocks, stride, blocks, stride, channels, features)


def _fit(x: Images, before: int, rows: int, columns: int) -> Images:
    """x moved down and right by ``before`` (up and left where negative) and cut or filled with zeros to rows × columns."""
    edges = [(before, n - size - before, 0) for n, size in zip((rows, columns), x.shape[1:3], strict=True)]
    return jax.lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *edges, (0, 0, 0)])


def _by_platform(matmul: Callable[..., Images], lib: Callable[..., Images], *args: object) -> Images:
    x, kernel, *static = args
    if _library_only.get():
        return lib(x, kernel, *static)
    out: Images = jax.lax.platform_dependent(
        x, kernel, cpu=lambda x, kernel: matmul(x, kernel, *static), default=lambda x, kernel: lib(x, kernel, *static)
    )
    return out
