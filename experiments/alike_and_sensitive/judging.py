"""Alike and sensitive: the rules, written before the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.alike_and_sensitive.sweep import Trial
from experiments.claims import Answer

ALIKE = 1.2  # times the best system's distance
SEVERAL = 3.0  # times the best setting's: a named setting that is so much worse
Setting = tuple[float, float, int]  # rate, β₁, n_critic


def settings(trials: Sequence[Trial]) -> dict[Setting, list[Trial]]:
    """The trials of each setting, its seeds."""
    found: dict[Setting, list[Trial]] = {}
    for each in trials:
        found.setdefault((each.rate, each.b1, each.n_critic), []).append(each)
    return found


def mean(trials: Sequence[Trial]) -> float:
    """Mean distance over seeds."""
    return float(np.mean([each.distance for each in trials]))


def ends(trials: Sequence[Trial], named: Sequence[float]) -> tuple[Setting, Setting]:
    """(the best setting of all, the worst whose rate is ``named``)."""
    by = settings(trials)
    return min(by, key=lambda s: mean(by[s])), max((s for s in by if s[0] in named), key=lambda s: mean(by[s]))


def summary(trials: Sequence[Trial], named: Sequence[float]) -> dict[str, Any]:
    """Best and worst setting, and every setting's mean distance, each seed's, and modes."""
    by, (best, worst) = settings(trials), ends(trials, named)
    own = {s: mean(by[s]) for s in by if s[0] == best[0]}  # at the best rate: β₁ and n_critic alone

    def told(s: Setting) -> dict[str, Any]:
        distances, modes = [t.distance for t in by[s]], [t.modes for t in by[s]]
        return {"rate": s[0], "b1": s[1], "n_critic": s[2], "mean": mean(by[s]), "distances": distances, "modes": modes}

    return {
        "best": told(best),
        "worst_named": told(worst),
        "worst_over_best": mean(by[worst]) / mean(by[best]),
        "worst_over_best_at_its_rate": max(own.values()) / mean(by[best]),
        "settings": [told(s) for s in by],
    }


def judge(numbers: Mapping[str, Mapping[str, Any]], floor: float) -> tuple[Answer, str]:
    """Alike: each system's best setting is within ALIKE of the best of all, or one of its seeds is no worse than the worst
    seed of that. Sensitive: in each system a named setting is SEVERAL times as far as the best. Yes: both; no: neither.
    """
    best = {name: each["best"] for name, each in numbers.items()}
    first = min(best.values(), key=lambda each: each["mean"])
    near = {
        name: each["mean"] <= ALIKE * first["mean"] or min(each["distances"]) <= max(first["distances"])
        for name, each in best.items()
    }
    times = {name: each["worst_over_best"] for name, each in numbers.items()}
    alike, sensitive = all(near.values()), min(times.values()) >= SEVERAL
    answer: Answer = "yes" if alike and sensitive else "partly" if alike or sensitive else "no"
    listed = ", ".join(f"{name} {best[name]['mean']:.3f} and {times[name]:.1f}" for name in numbers)
    apart = ", ".join(name for name, ok in near.items() if not ok)
    return answer, (
        f"W1 of the best setting (data to data: {floor:.3f}), and how many times as far the worst named setting is: {listed}; "
        f"{f'beyond the spread: {apart}' if apart else 'all bests are within 20 % or the spread of seeds'}."
    )
