"""``python -m experiments.cycle_consistency [--quick]``: what the cycle leaves of all maps."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments import figures
from experiments.claims import Claim
from experiments.cycle_consistency import tables
from experiments.cycle_consistency.counting import closed_form, enumerated
from experiments.cycle_consistency.translators import (
    SEEDS,
    Pairs,
    held_out,
    mean_error,
    others,
    retrieved,
    show,
    trained,
    ways,
)
from ganjax.main import guarded
from ganjax.samples import sampler

TEXT = (
    "Adversaries alone may map the inputs to any permutation of the other domain; cycle consistency shrinks the space of "
    "mappings, so that an input finds the output that belongs to it."
)
SOURCE = "decks 003 and 002; Zhu et al. 2017, arXiv:1703.10593, sections 1 and 3.2"
NETWORKS = {"outlines": "with the cycle", "outlines-free": "without"}
TABLES = {"with the cycle": 1.0, "without": 0.0}
POINTS, SHOWN = 4, 8
Numbers = dict[str, Any]


def measure(made: np.ndarray, back: np.ndarray, pairs: Pairs) -> Numbers:
    """What became of b, and that translated back: errors to the own and to another's truth; correlations over what is common
    to all; how often the own truth is the nearest; the cycle's error."""
    return {
        "error": mean_error(made, pairs.a),
        "error_to_another": mean_error(made, others(pairs.a)),
        "correlation": correlation(made, pairs.a),
        "correlation_with_another": correlation(made, others(pairs.a)),
        "retrieved": retrieved(made, pairs.a),
        "cycle_error": mean_error(back, pairs.b),
    }


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Mean cosine of x[i] and y[i], each without what is common to all its images."""
    a, b = (each.reshape(len(each), -1).astype(np.float64) for each in (x, y))
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(axis=1) / np.maximum(lengths, 1e-12)).mean())


def verdict(found: Mapping[str, Sequence[Numbers]], learnt: Mapping[str, Mapping[str, float]]) -> tuple[Any, str]:
    """Yes: with the cycle tables are bijections, and not without; most are the one that is wanted; more than half of what
    networks make with the cycle is nearest to its own truth, in every seed. Partly: some of the three; no: none."""
    cycle, free = (learnt[name] for name in TABLES)
    tests = (
        cycle["bijection"] > 0.9 and free["bijection"] < 0.5,
        cycle["the_one_wanted"] > 0.5,
        all(each["retrieved"] > 0.5 for each in found["outlines"]),
    )
    answer = "yes" if all(tests) else "partly" if any(tests) else "no"
    each = "; ".join(f"{NETWORKS[name]}, {_said(seeds)}" for name, seeds in found.items())
    because = (
        f"Of tables of {POINTS} points that keep the marginals {free['bijection']:.0%} are bijections without the cycle, "
        f"{cycle['bijection']:.0%} with it, {cycle['the_one_wanted']:.1%} the one that is wanted. Networks make outlines of "
        f"faces: {each}."
    )
    return answer, because


def _said(seeds: Sequence[Numbers]) -> str:
    x = {key: float(np.mean([each[key] for each in seeds])) for key in seeds[0]}
    return (
        f"{x['error']:.3f} from the own truth and {x['error_to_another']:.3f} from another's, the own the nearest for "
        f"{x['retrieved']:.0%}"
    )


def draw(rows: Mapping[str, np.ndarray], learnt: Mapping[str, Mapping[str, float]]) -> Figure:
    """Faces, what became of them with and without, the truth; tables; the counts."""
    figure = Figure(figsize=(10.5, 3.8), layout="constrained")
    sheet, bars, counts = figure.subplots(1, 3, width_ratios=(2.1, 1, 1.1))
    show(sheet, rows, SHOWN, "faces into outlines, never a pair")
    for i, (name, colour) in enumerate(zip(reversed(TABLES), figures.COLOURS[1::-1], strict=True)):
        places = np.arange(3) + 0.4 * i
        drawn = bars.bar(places, [*learnt[name].values()], 0.38, color=colour, label=name)
        bars.bar_label(drawn, [f"{value:.0%}" for value in learnt[name].values()], fontsize=7)
    bars.set_xticks(np.arange(3) + 0.2, ["marginal\nright", "bijection", "the one\nwanted"])
    bars.set_ylim(0, 1.35)
    left(counts)
    for axis in (bars, counts):
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=7)
    figures.say(bars, f"tables of {POINTS} points, learnt", y="share of the starts")
    figures.say(counts, "maps that are left", "n points in each domain", "how many")
    return figure


def left(axis: Any) -> None:
    """closed_form of 2 to 6 points, on a logarithmic scale."""
    points = range(2, 7)
    lines = {
        "pairs_of_right_marginals": ("pairs F, G, marginals right", "-"),
        "maps": ("all F", "-"),
        "maps_of_right_marginal": ("F, marginal right", "-"),
        "their_maps": ("F, cycle consistent", "o"),
    }
    for (key, (name, style)), colour in zip(lines.items(), figures.COLOURS[2:], strict=False):
        axis.plot(points, [closed_form(n)[key] for n in points], style, color=colour, label=name, markersize=4)
    axis.plot(points, [1] * len(points), "k:", label="the one wanted")
    axis.set_yscale("log")
    axis.set_xticks(points)


def main(argv: Sequence[str]) -> None:
    """Counts, learns, trains, translates, draws."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    counted = {str(n): enumerated(n) for n in range(2, claim.few(5, 4))}
    starts, steps = claim.few(2000, 50), claim.few(1000, 300)
    learnt = {name: tables.judged(tables.learnt(POINTS, starts, steps, weight)) for name, weight in TABLES.items()}
    names, seeds = [*NETWORKS][: claim.few(2, 1)], claim.few(SEEDS, 1)
    networks: dict[str, list[Numbers]] = {name: [] for name in names}
    rows: dict[str, np.ndarray] = {}
    for name in names:
        for seed in range(seeds):
            run, state, _ = trained(claim, name, seed)
            pairs, way = held_out(run, claim.few(200, 16)), ways(sampler(run), state)
            made = way["ba"](pairs.b)
            networks[name].append(measure(made, way["ab"](made), pairs))
            rows = rows if seed else {**(rows or {"face": pairs.b}), NETWORKS[name]: made}
    rows["the truth"] = pairs.a
    figures.save(draw(rows, learnt), claim.out / "figure.png")
    claim.conclude(*verdict(networks, learnt), {"networks": networks, "tables": learnt, "counted": counted}, seeds)


if __name__ == "__main__":
    guarded(main)(sys.argv)
