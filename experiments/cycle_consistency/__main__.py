"""``python -m experiments.cycle_consistency [--quick]``: with and without the cycle, against each face's truth."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments import figures
from experiments.claims import Claim
from experiments.cycle_consistency.counting import closed_form, enumerated
from experiments.cycle_consistency.translators import (
    Pairs,
    held_out,
    mean_error,
    others,
    retrieved,
    show,
    trained,
    ways,
)
from experiments.text_control.classifier import Reader, fit, read
from ganjax.data.attributes import HAIR, SKIN, avatar_attributes
from ganjax.main import guarded
from ganjax.samples import sampler

TEXT = (
    "Adversaries alone may map the inputs to any permutation of the other domain; cycle consistency shrinks the space of "
    "mappings, so that an input finds the output that belongs to it."
)
SOURCE = "decks 003 and 002; Zhu et al. 2017, arXiv:1703.10593, sections 1 and 3.2"
DOMAINS = {"outlines": ("outlines", "outlines-free"), "glasses": ("glasses-no_identity", "glasses-free")}
TITLES = {"outlines": "faces into outlines", "glasses": "glasses off"}
READER = Reader((("hair", len(HAIR)), ("skin", len(SKIN))))
SHOWN, SEEDS = 8, 1
Numbers = dict[str, Any]


def judge(n: int) -> Any:
    """images in [-1, 1] -> {"hair", "skin": classes}, of a network trained on n faces."""
    found = avatar_attributes("hair,skin").fetch(np.arange(n))
    codes = dict(zip(("hair", "skin"), found["attribute"].T, strict=True))
    params = fit(READER, found["image"].astype(np.float32) / 127.5 - 1, codes)
    return lambda x: read(READER, params, x)


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


def kept(made: np.ndarray, faces: np.ndarray, see: Any) -> dict[str, float]:
    """How often the classifier reads of a translation what it reads of the face."""
    before, after = see(faces), see(made)
    return {name: float((before[name] == after[name]).mean()) for name in before}


def verdict(runs: Mapping[str, Mapping[str, Sequence[Numbers]]]) -> tuple[Any, str]:
    """Yes: in both pairs of domains and every seed the cycle brings translations nearer to their truth and finds it more often,
    and without it less than half find their own. Partly: one pair of domains is nearer, in the mean. No: none is."""
    answers, said = [], []
    for domain, (cycle, free) in DOMAINS.items():
        if domain not in runs:
            continue
        both = [*zip(runs[domain][cycle], runs[domain][free], strict=True)]
        nearer = all(x["error"] < y["error"] and x["retrieved"] > y["retrieved"] for x, y in both)
        lost = np.mean([y["retrieved"] for _, y in both]) < 0.5
        mean = [
            {key: float(np.mean([each[i][key] for each in both])) for key in ("error", "retrieved")} for i in (0, 1)
        ]
        answers.append((nearer and lost, mean[0]["error"] < mean[1]["error"]))
        said.append(
            f"{TITLES[domain]}: error {mean[0]['error']:.3f} with the cycle and {mean[1]['error']:.3f} without, own truth the "
            f"nearest of all in {mean[0]['retrieved']:.0%} and {mean[1]['retrieved']:.0%}"
        )
    whole, nearer_at_all = (sum(each[i] for each in answers) for i in (0, 1))
    answer = "yes" if whole == len(DOMAINS) else "partly" if nearer_at_all else "no"
    because = f"{'; '.join(said)}. Of n points the cycle leaves all n! bijections, right or wrong."
    return answer, because[:1].upper() + because[1:]


def draw(rows: Mapping[str, Mapping[str, np.ndarray]], n: int) -> Figure:
    """Faces, what became of them with and without, the truth; and the counts."""
    figure = Figure(figsize=(10.5, 4.6), layout="constrained")
    *left, right = figure.subplots(1, len(rows) + 1, width_ratios=(*[1.2] * len(rows), 0.9))
    for axis, (domain, found) in zip(left, rows.items(), strict=True):
        show(axis, found, SHOWN, TITLES[domain])
    counts(right, n)
    return figure


def counts(axis: Any, n: int) -> None:
    """closed_form of 2 to n points, on a logarithmic scale."""
    points = range(2, n + 1)
    names = {
        "maps": "all maps F",
        "pairs_of_right_marginals": "F, G: marginals right",
        "maps_of_right_marginal": "F: marginal right",
        "their_maps": "F of pairs F, G that are\ncycle consistent",
    }
    for (key, name), style, colour in zip(names.items(), ("-", "-", "-", "o"), figures.COLOURS, strict=False):
        axis.plot(points, [closed_form(i)[key] for i in points], style, color=colour, label=name, markersize=4)
    axis.plot(points, [1 for _ in points], "k:", label="the one that is wanted")
    axis.set_yscale("log")
    axis.set_xticks(points)
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=7)
    figures.say(axis, "translations that are left", "n points in each domain", "how many")


def main(argv: Sequence[str]) -> None:
    """Trains, translates, judges, counts, draws."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    seeds, see = SEEDS, judge(claim.few(3000, 100))
    runs: dict[str, dict[str, list[Numbers]]] = {}
    rows: dict[str, dict[str, np.ndarray]] = {}
    unchanged: dict[str, Numbers] = {}
    for domain in [*DOMAINS][: claim.few(2, 1)]:
        runs[domain] = {name: [] for name in DOMAINS[domain]}
        for name, label in zip(DOMAINS[domain], ("with the cycle", "without"), strict=True):
            for seed in range(seeds):
                run, state, _ = trained(claim, name, seed)
                pairs, way = held_out(run, claim.few(200, 16)), ways(sampler(run), state)
                made = way["ba"](pairs.b)
                judged = {"kept": kept(made, pairs.b, see)} if domain == "glasses" else {}
                runs[domain][name].append({**measure(made, way["ab"](made), pairs), **judged})
                if seed == 0:
                    rows.setdefault(domain, {"face": pairs.b})[label] = made
        rows[domain]["the truth"], unchanged[domain] = pairs.a, measure(pairs.b, pairs.b, pairs)
    figures.save(draw(rows, 6), claim.out / "figure.png")
    counted = {str(n): enumerated(n) for n in range(2, claim.few(5, 4))}
    claim.conclude(*verdict(runs), {"runs": runs, "unchanged": unchanged, "counted": counted}, seeds)


if __name__ == "__main__":
    guarded(main)(sys.argv)
