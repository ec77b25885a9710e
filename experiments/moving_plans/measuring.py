"""Plans between two piles: the best, others, and the critic that proves the best to be so."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import linprog

from ganjax.metrics import earth_mover

Pile = Float[np.ndarray, " n"]
Plan = Float[np.ndarray, "n n"]


class Piles(NamedTuple):
    """Two piles of earth on the same n places of R^d, each of one unit in all."""

    places: Float[np.ndarray, "n d"]
    p: Pile
    q: Pile

    def way(self) -> Float[np.ndarray, "n n"]:
        """‖x_i − x_j‖."""
        return np.asarray(np.linalg.norm(self.places[:, None] - self.places, axis=-1))


class Found(NamedTuple):
    """What each way to the distance says of one pair of piles."""

    best: float  # the linear program's plan
    critic: float  # E_p f − E_q f of the best critic
    slope: float  # the steepest |f(x) − f(y)| / ‖x − y‖ of that critic
    line: float  # ∫ |F_p − F_q|, on a line; NaN elsewhere
    others: np.ndarray  # the costs of random plans


def drawn(seed: int, n: int, dim: int) -> Piles:
    """Random piles: places from a normal, shares from a flat Dirichlet."""
    random = np.random.default_rng(seed)
    return Piles(random.normal(size=(n, dim)), random.dirichlet(np.ones(n)), random.dirichlet(np.ones(n)))


def cost(piles: Piles, plan: Plan) -> float:
    """B(γ) = Σ γ(x_p, x_q) ‖x_p − x_q‖, the deck's average distance of a plan."""
    return float((plan * piles.way()).sum())


def in_order(piles: Piles, cells: np.ndarray) -> Plan:
    """The plan that goes through the cells [n², 2] in their order and moves as much as still can be."""
    left, room = piles.p.copy(), piles.q.copy()
    plan = np.zeros((len(left), len(room)))
    for i, j in cells:
        plan[i, j] = moved = min(left[i], room[j])
        left[i] -= moved
        room[j] -= moved
    return plan


def cells(piles: Piles) -> np.ndarray:
    """All pairs of places, [n², 2]."""
    return np.argwhere(np.ones((len(piles.p),) * 2))


def greedy(piles: Piles) -> Plan:
    """The nearest places first: what looks best at each move."""
    every = cells(piles)
    return in_order(piles, every[np.argsort(piles.way().ravel(), kind="stable")])


def anyhow(piles: Piles, random: np.random.Generator) -> Plan:
    """The cells in a random order: every corner of the set of plans can come, and its corners hold the best plan."""
    return in_order(piles, random.permutation(cells(piles)))


def critic(piles: Piles) -> tuple[float, Pile]:
    """(E_p f − E_q f, f) at its largest over |f(x_i) − f(x_j)| ≤ ‖x_i − x_j‖: Kantorovich and Rubinstein's dual."""
    n, i_j = len(piles.p), cells(piles)
    differences = np.eye(n)[i_j[:, 0]] - np.eye(n)[i_j[:, 1]]
    solved = linprog(piles.q - piles.p, differences, piles.way().ravel(), bounds=(None, None), method="highs")
    return -float(solved.fun), solved.x - solved.x.min()


def slope(piles: Piles, f: Pile) -> float:
    """The largest |f(x) − f(y)| / ‖x − y‖ between places."""
    apart = piles.way() > 0
    return float((np.abs(f[:, None] - f)[apart] / piles.way()[apart]).max())


def on_a_line(piles: Piles) -> float:
    """∫ |F_p − F_q| of piles on a line, whatever the order of their places; NaN elsewhere."""
    if piles.places.shape[1] != 1:
        return float("nan")
    order = np.argsort(piles.places[:, 0])
    behind = np.cumsum((piles.p - piles.q)[order])[:-1]
    return float((np.abs(behind) * np.diff(piles.places[order, 0])).sum())


def measure(piles: Piles, plans: int, seed: int) -> Found:
    """All ways to the distance, and the costs of ``plans`` random plans."""
    random = np.random.default_rng(seed)
    value, f = critic(piles)
    others = np.array([cost(piles, anyhow(piles, random)) for _ in range(plans)])
    best, _ = earth_mover(piles.p, piles.q, piles.way())
    return Found(best, value, slope(piles, f), on_a_line(piles), others)
