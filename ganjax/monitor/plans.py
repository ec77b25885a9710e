"""A moving plan as a picture: what moves from where to where, between the two piles that it joins."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Shaped

from ganjax.monitor.pictures import Bytes

FROM, TO, EMPTY = (59, 110, 165), (209, 120, 43), (255, 255, 255)
LINE = 56


def plan_picture(
    p: Shaped[np.ndarray, " n"], q: Shaped[np.ndarray, " m"], plan: Shaped[np.ndarray, "n m"], cell: int = 24
) -> Bytes:
    """γ [n, m] as cells, black to white with what moves from i (rows) to j (columns); p's bars left of it, q's above.

    Both rows of bars have one scale and stand on the plan; a cell is ``cell`` pixels wide, the longest bar four cells.
    Arjovsky et al. 2017, eq. 1; ``metrics.earth_mover`` finds the plan.

    Raises:
        ValueError: a plan whose sums are not p and q.
    """
    if not (np.allclose(plan.sum(axis=1), p, atol=1e-6) and np.allclose(plan.sum(axis=0), q, atol=1e-6)):
        raise ValueError("the plan's rows must sum to p and its columns to q")
    tallest = max(p.max(), q.max())
    left = _bars(p / tallest, cell, FROM)[:, ::-1]
    above = _bars(q / tallest, cell, TO).transpose(1, 0, 2)[::-1]
    corner = np.full((len(above), left.shape[1], 3), EMPTY, np.uint8)
    return np.block([[[corner], [above]], [[left], [_cells(plan / plan.max(), cell)]]])


def _bars(shares: Float[np.ndarray, " n"], cell: int, colour: tuple[int, int, int]) -> Bytes:
    """One bar below the other, growing to the right, a gap between them."""
    bars = np.full((len(shares) * cell, 4 * cell, 3), EMPTY, np.uint8)
    for i, share in enumerate(shares):
        bars[i * cell + 1 : (i + 1) * cell - 1, : round(share * 4 * cell)] = colour
    return bars


def _cells(shares: Float[np.ndarray, "n m"], cell: int) -> Bytes:
    """Grey squares between dark grey lines, so that empty ones can be counted too."""
    grey = np.kron(np.clip(shares, 0, 1) * 255, np.ones((cell, cell)))
    grey[::cell] = grey[:, ::cell] = LINE
    return np.round(grey)[..., None].repeat(3, axis=2).astype(np.uint8)
