"""The four parts of the claim: each takes what was measured and says yes, partly or no, why, and the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from experiments.claims import Answer
from experiments.large_scale_tricks.measuring import FIRST, SURE, Point, Spectra, error, means, moves, standing
from experiments.large_scale_tricks.rows import Change

Cut = Mapping[str, Sequence[Point]]  # {threshold: a point for each seed}
STABLE = ("r1_strong", "l2_strong")  # with which the paper's training was stable, and worse
GROWN = 1.1  # a σ₀ that began at 1
REMEMBERS = 0.2  # of accuracy: where the watch warns
KD = "kd_efflite0"


class Part(NamedTuple):
    """What a part of the claim comes to."""

    answer: Answer
    because: str
    numbers: dict[str, Any]


class Restrained(NamedTuple):
    """A run of part (b): its weights over training, its samples at the end, whether they collapsed."""

    spectra: Spectra
    point: Point
    collapsed: bool


def truncation(cuts: Mapping[str, Cut]) -> Part:
    """(a) Yes: in every seed each lower threshold has less variety and more fidelity. Partly: variety falls so, and the first
    cut has more fidelity.
    """
    default = cuts["biggan"]
    variety, far = np.array(moves(default, "spread")), np.array(moves(default, "nearest"))
    less, nearer = bool((variety < 0).all()), far < 0
    answer: Answer = "yes" if less and nearer.all() else "partly" if less and nearer[:, 0].all() else "no"
    order = ["none", *sorted((each for each in default if each != "none"), key=float, reverse=True)]
    faces = ", ".join(f"{np.mean([p['nearest'] for p in default[each]]):.3f}" for each in order)
    because = (
        f"truncated at {', '.join(order)}, variety {'falls' if less else 'does not fall'} at each in every seed, and a sample's "
        f"distance to the nearest face is {faces}"
    )
    gains = {
        name: [a["nearest"] - b["nearest"] for a, b in zip(cut["none"], cut["0.5"], strict=True)]
        for name, cut in cuts.items()
    }
    names = ("nearest", "spread", "cs_efflite0", KD)
    shown = {name: {each: means(cut[each], names) for each in order} for name, cut in cuts.items()}
    return Part(answer, because, {"thresholds": shown, "nearer_at_half": gains})


def restraints(rows: Mapping[str, Sequence[Restrained]], spread: float) -> Part:
    """(b) Yes: training collapses; what STABLE names prevents it, keeps D's σ₀ lower and costs samples.
    Partly: no collapse was there to prevent, but σ₀ grows, of G's first layer most, and one of them keeps D's lower and costs.
    """
    found = {name: _restrained(row, rows["nothing"], spread) for name, row in rows.items()}
    nothing, stable = found["nothing"], [found[name] for name in STABLE if name in found]
    grows = nothing["gen_first"] > nothing["gen_median"] and nothing["disc"] > GROWN
    pays = [each["disc"] < nothing["disc"] and each[KD][1] == "worse" for each in stable]
    prevents = nothing["collapsed"] and bool(stable) and not any(each["collapsed"] for each in stable)
    answer: Answer = "yes" if grows and prevents and all(pays) else "partly" if grows and any(pays) else "no"
    broken = [name for name, each in found.items() if each["collapsed"]]
    costs = ", ".join(f"{name} {each['disc']:.2f} and {each[KD][0]:.2f}" for name, each in found.items())
    because = (
        f"{', '.join(broken) if broken else 'no run'} collapsed; σ₀ from 1 to {nothing['gen_first']:.2f} in G's first layer, "
        f"{nothing['gen_median']:.2f} in its median one; D's σ₀ and {KD}: {costs}"
    )
    return Part(answer, because, found)


def _restrained(row: Sequence[Restrained], nothing: Sequence[Restrained], spread: float) -> dict[str, Any]:
    """Means of seeds."""
    own, others = ([each.point[KD] for each in seeds] for seeds in (row, nothing))
    last = [{name: values[-1] for name, values in each.spectra.sigma.items()} for each in row]
    gen = {name: float(np.mean([each[name] for each in last])) for name in last[0] if name.startswith("gen/")}
    most = max(gen, key=lambda name: gen[name])
    return {
        "gen_first": gen[FIRST],
        "gen_median": float(np.median([*gen.values()])),
        "gen_most": [most, gen[most]],
        "disc": float(np.mean([each.spectra.of("disc/")[-1] for each in row])),
        "collapsed": any(each.collapsed for each in row),
        KD: [float(np.mean(own)), standing(own, others, spread), own],
        **means([each.point for each in row], ("cs_efflite0", "nearest", "spread")),
    }


def ablation(changes: Sequence[Change], rows: Mapping[str, Sequence[Point]], spread: float) -> Part:
    """(c) Yes: most changes are for the better by two standard errors of seeds, none for the worse. No: none is."""
    found = {}
    for what, old, new, paper in changes:
        own = [[point[KD] for point in rows[each]] for each in (old, new)]
        moved = float(np.mean(own[1]) - np.mean(own[0]))
        sure = {"two_errors": SURE * error(own[1], own[0], spread), "is": standing(own[1], own[0], spread)}
        found[what] = {"from": old, "to": new, "moved": moved, **sure, "paper": paper}
    said = [each["is"] for each in found.values()]
    better, worse = said.count("better"), said.count("worse")
    most = 2 * better > len(said) and not worse
    answer: Answer = "yes" if most else "partly" if better else "no"
    by = ", ".join(f"{what} {each['moved']:+.2f}" for what, each in found.items())
    because = (
        f"of {len(said)} changes {better} better and {worse} worse by more than {SURE:g} standard errors of seeds "
        f"(one deviates by {spread:.2f}): {by}"
    )
    shown = {name: means(points, (KD, "cs_efflite0")) for name, points in rows.items()}
    return Part(answer, because, {"rows": shown, "changes": found, "deviation_of_a_seed": spread})


def memory(seen: Point) -> Part:
    """(d) Yes: D is right on training faces by 0.2 more than on held-out ones. Partly: by more than two standard errors."""
    sure = seen["gap"] > SURE * seen["error"]
    answer: Answer = "yes" if seen["gap"] > REMEMBERS else "partly" if sure else "no"
    because = (
        f"D puts {seen['train']:.3f} of training faces and {seen['held_out']:.3f} of held-out ones above made ones"
    )
    return Part(answer, f"{because} (the difference ± {seen['error']:.3f})", dict(seen))


def overall(parts: Mapping[str, Part]) -> Answer:
    """What all parts say, or partly."""
    answers = {part.answer for part in parts.values()}
    return answers.pop() if len(answers) == 1 else "partly"
