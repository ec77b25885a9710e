"""Convolutions of stride 1 by fewer multiplications, for the CPU (Toom 1963, Cook 1966; Winograd 1980 for filters).

Two neighbouring outputs of a filter w of r taps need 2r multiplications written out, and r + 1 in this form:

    y = Aᵀ [ (G w) ⊙ (B x) ]          x: r + 1 inputs,  y: 2 outputs,  A = V₂, G = V_r, B = V⁻ᵀ

where row ξ of V_d is (1, ξ, …, ξ^{d−1}): a polynomial of degree d − 1 at the points ξ = 0, 1, −1, 2, …, ∞. In two
dimensions each point is a pair, tiles are 2 × 2 outputs, and ⊙ becomes one matmul over channels for each of the
(r + 1)² pairs: 9 multiplications for 16 (r = 2), 16 for 36 (r = 3), 25 for 64 (r = 4). The form is exact up to
rounding (docs/performance.md), and since x, w and y enter it alike it serves all three maps:

    y = Aᵀ Σ_c  Bx · Gw          x̄ = Bᵀ Σ_f  Aȳ · Gw          w̄ = Gᵀ Σ_tiles  Bx · Aȳ

Larger tiles multiply less still, but at points whose powers cost a digit of precision.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ganjax.nets.patches import Images, Kernel, correlation

Points = list[Array] | Float[Array, "_ ..."]  # one array for each pair of points, or all of them in one

TILE = 2  # outputs along each side of a tile
# In parts so small (elements) 16 sums are a twentieth faster than one matmul, and take nearly twice as long to compile.
SMALL = 2**17


def conv(x: Images, kernel: Kernel) -> Images:
    """Every r × r window of x with the kernel: rows h − r + 1, stride 1, nothing padded."""
    r, features = kernel.shape[0], kernel.shape[-1]
    rows, columns = (n - r + 1 for n in x.shape[1:3])
    down, right = tiles(rows), tiles(columns)
    a, _, g = transforms(r)
    products = _each(jnp.matmul, _windows(x, r, down, right), _both_sides(g, _taps(kernel)))
    y = _both_sides(a.T, _each(lambda p: p.reshape(-1, down, right, features), products))
    return _woven(list(y))[:, :rows, :columns]


def conv_adjoint(y: Images, kernel: Kernel) -> Images:
    """The adjoint of ``conv`` in x: each y paints its r × r patch; rows h + r − 1."""
    r, channels = kernel.shape[0], kernel.shape[2]
    rows, columns = y.shape[1:3]
    down, right = tiles(rows), tiles(columns)
    _, b, g = transforms(r)
    products = _each(lambda y, w: y @ w.T, _outputs(y, r, down, right), _both_sides(g, _taps(kernel)))
    pixels = _both_sides(b.T, _each(lambda p: p.reshape(-1, down, right, channels), products))
    return _overlapped(pixels, TILE + r - 1)[:, : rows + r - 1, : columns + r - 1]


def conv_kernel(x: Images, y: Images) -> Kernel:
    """The adjoint of ``conv`` in the kernel: Σ over images and pixels of window times y."""
    r, channels, features = x.shape[1] - y.shape[1] + 1, x.shape[-1], y.shape[-1]
    down, right = tiles(y.shape[1]), tiles(y.shape[2])
    products = _each(correlation, _windows(x, r, down, right), _outputs(y, r, down, right))
    return jnp.stack(list(_both_sides(transforms(r)[2].T, products))).reshape(r, r, channels, features)


@functools.cache
def transforms(r: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(A [n, TILE], B [n, n], G [n, r]), n = TILE + r − 1 points, scaled so that A and B hold whole numbers; r ≤ 4."""
    n = TILE + r - 1
    points = (0, 1, -1, 2)[: n - 1]

    def powers(degree: int) -> np.ndarray:
        return np.array([[float(p) ** i for i in range(degree)] for p in points] + [[0.0] * (degree - 1) + [1.0]])

    scale = np.array([np.prod([p - q for q in points if q != p]) for p in points] + [1.0])[:, None]
    return powers(TILE), np.round(np.linalg.inv(powers(n)).T * scale), powers(r) / scale


def tiles(n: int) -> int:
    """Tiles that cover n outputs."""
    return -(-n // TILE)


def multiplications(r: int, size: tuple[int, ...]) -> int:
    """For each pair of channels and an output of ``size``, against rows · columns · r² written out."""
    return (TILE + r - 1) ** 2 * tiles(size[0]) * tiles(size[1])


def _windows(x: Images, r: int, down: int, right: int) -> Points:
    """B x at each pair of points: [tiles of all images, c]."""
    b, n = transforms(r)[1], TILE + r - 1
    x = _grown(x, TILE * down + r - 1, TILE * right + r - 1)
    ends = (TILE * (down - 1) + 1, TILE * (right - 1) + 1)
    pixels = [x[:, i : i + ends[0] : TILE, j : j + ends[1] : TILE] for i in range(n) for j in range(n)]
    return _each(_listed, _both_sides(b, pixels))


def _outputs(y: Images, r: int, down: int, right: int) -> Points:
    """A y at each pair of points: [tiles of all images, f]."""
    y = _grown(y, TILE * down, TILE * right)
    pixels = [y[:, i::TILE, j::TILE] for i in range(TILE) for j in range(TILE)]
    return _each(_listed, _both_sides(transforms(r)[0], pixels))


def _woven(pixels: list[Array]) -> Images:
    """The pixels of all tiles in rows, [b, down, right, c] each, as one image."""
    image = jnp.stack([jnp.stack(pixels[i : i + TILE], 3) for i in range(0, TILE**2, TILE)], 2)
    b, down, tile, right, _, c = image.shape
    return image.reshape(b, tile * down, tile * right, c)


def _overlapped(pixels: Points, n: int) -> Images:
    """The same for tiles of n × n that reach over their neighbours: what falls on one pixel is added up."""
    over = tiles(n) - 1

    def part(i: int, j: int) -> Array:
        edges = [(k // TILE, over - k // TILE) for k in (i, j)]
        return jnp.pad(pixels[n * i + j], ((0, 0), *edges, (0, 0)))

    def total(p: int, q: int) -> Array:
        return functools.reduce(jnp.add, [part(i, j) for i in range(p, n, TILE) for j in range(q, n, TILE)])

    return _woven([total(p, q) for p in range(TILE) for q in range(TILE)])


def _both_sides(matrix: np.ndarray, parts: Points) -> Points:
    """matrix · parts · matrixᵀ, parts in order of rows: sums, which XLA fuses, or one matmul of small parts."""
    both = np.kron(matrix, matrix)
    if parts[0].size > SMALL or max(matrix.shape) == TILE + 1:
        return [functools.reduce(jnp.add, _terms(row, parts)) for row in both]
    stacked = jnp.stack(parts) if isinstance(parts, list) else parts
    rows = jnp.asarray(both, stacked.dtype) @ stacked.reshape(len(parts), -1)
    return rows.reshape(-1, *stacked.shape[1:])


def _terms(weights: np.ndarray, parts: Points) -> list[Array]:
    weighed = [(float(w), part) for w, part in zip(weights, parts, strict=True) if w != 0]
    return [part if w == 1 else -part if w == -1 else w * part for w, part in weighed]


def _each(f: Callable[..., Array], *points: Points) -> Points:
    if all(isinstance(each, Array) for each in points):
        return jax.vmap(f)(*points)
    return [f(*each) for each in zip(*points, strict=True)]


def _taps(kernel: Kernel) -> list[Array]:
    return [kernel[i, j] for i in range(kernel.shape[0]) for j in range(kernel.shape[1])]


def _listed(x: Images) -> Float[Array, "n c"]:
    return x.reshape(-1, x.shape[-1])


def _grown(x: Images, rows: int, columns: int) -> Images:
    """Zeros after the last row and column."""
    return jnp.pad(x, ((0, 0), (0, rows - x.shape[1]), (0, columns - x.shape[2]), (0, 0)))
