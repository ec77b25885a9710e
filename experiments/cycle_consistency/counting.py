"""How many translations are left, counted exactly where two domains have n equally likely points each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

Map = tuple[int, ...]  # the place of each point's image


def maps(n: int) -> Iterator[Map]:
    """All n^n of them."""
    return itertools.product(range(n), repeat=n)


def keeps_marginal(f: Map) -> bool:
    """Whether the images of equally likely points are equally likely: f is onto."""
    return len(set(f)) == len(f)


def cycle_consistent(f: Map, g: Map) -> bool:
    """Whether g ∘ f and f ∘ g are the identity."""
    everywhere = [*range(len(f))]
    return [g[y] for y in f] == everywhere == [f[x] for x in g]


def enumerated(n: int) -> dict[str, int]:
    """Each map, and each pair of a map and a way back, looked at."""
    every = [*maps(n)]
    consistent = [(f, g) for f in every for g in every if cycle_consistent(f, g)]
    alone = [f for f in every if keeps_marginal(f)]
    return {
        "maps": len(every),
        "maps_of_right_marginal": len(alone),
        "pairs_of_right_marginals": len(alone) ** 2,
        "cycle_consistent_pairs": len(consistent),
        "their_maps": len({f for f, _ in consistent}),
    }


def closed_form(n: int) -> dict[str, int]:
    """n^n, n!, (n!)², n!, n!."""
    right = math.factorial(n)
    return {
        "maps": n**n,
        "maps_of_right_marginal": right,
        "pairs_of_right_marginals": right**2,
        "cycle_consistent_pairs": right,
        "their_maps": right,
    }
