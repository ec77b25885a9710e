"""Modes that samples cover, over time and seeds, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from experiments.claims import Answer
from experiments.plane import Mixture

SHOWN = 1500  # points of the first seed, for pictures
LATE = 0.5  # the part of a run, from its end, that counts: modes come and go
WIDE = 4  # times σ: a mode that so wide a one would be covered is reached, if not yet covered
DROPS = 0.05  # of the modes, in the mean: more is a collapse
GANS, WASSERSTEIN, PATIENT = ("gan", "lsgan"), ("wgan", "wgan_gp"), "gan, 5 D moves"
Numbers = Mapping[str, Mapping[str, Mapping[str, Any]]]  # {row: {mixture: {what: number}}}


class Seen(NamedTuple):
    """At a step, of each mixture: modes covered, reached, shares near one [seeds], points of the first seed."""

    step: int
    covered: dict[str, list[int]]
    reached: dict[str, list[int]]
    share: dict[str, list[float]]
    points: dict[str, np.ndarray]
    modes: dict[str, np.ndarray]


def look(step: int, drawn: Mapping[str, tuple[Mixture, np.ndarray]]) -> Seen:
    """{mixture: (it, samples [seeds, n, 2])} -> what is seen of them."""
    found = {name: [data.covered(points) for points in samples] for name, (data, samples) in drawn.items()}
    wide = {name: data._replace(sigma=WIDE * data.sigma) for name, (data, _) in drawn.items()}
    return Seen(
        step,
        {name: [each.covered for each in seeds] for name, seeds in found.items()},
        {name: [wide[name].covered(points).covered for points in samples] for name, (_, samples) in drawn.items()},
        {name: [each.share for each in seeds] for name, seeds in found.items()},
        {name: samples[0, :SHOWN] for name, (_, samples) in drawn.items()},
        {name: np.asarray(data.modes) for name, (data, _) in drawn.items()},
    )


def summary(seen: Sequence[Seen]) -> dict[str, dict[str, Any]]:
    """Of each mixture: modes at the end, share near a mode at the end, and the share of modes dropped in the late part."""
    late = [each for each in seen if each.step >= (1 - LATE) * seen[-1].step]
    return {name: _summary(name, late) for name in seen[0].covered}


def _summary(name: str, late: Sequence[Seen]) -> dict[str, Any]:
    covered = np.array([each.covered[name] for each in late])  # [moments, seeds]
    dropped = 1 - covered / len(late[0].modes[name])
    return {
        "modes_at_end": covered[-1].tolist(),
        "reached_at_end": late[-1].reached[name],
        "fewest_late": covered.min(axis=0).tolist(),
        "dropped_late": dropped.mean(axis=0).tolist(),
        "share_at_end": late[-1].share[name],
        "mode_changes_late": np.abs(np.diff(covered, axis=0)).sum(axis=0).tolist(),
    }


def judge(numbers: Numbers) -> tuple[Answer, str]:
    """Yes: on both mixtures both GANs drop more than DROPS of the modes in the mean, and each Wasserstein GAN less than half as
    much as the better of them, and as the GAN whose D moves as often. Partly: on both without the last, or all of it on one.
    """
    lost = {
        row: {name: float(np.mean(each["dropped_late"])) for name, each in of.items()} for row, of in numbers.items()
    }
    mixtures = [*lost[PATIENT]]

    def holds(name: str, *rivals: str) -> bool:
        least, most = min(lost[row][name] for row in rivals), max(lost[row][name] for row in WASSERSTEIN)
        return least > DROPS and most < least / 2

    strict = [holds(name, *GANS, PATIENT) for name in mixtures]
    plain = [holds(name, *GANS) for name in mixtures]
    answer: Answer = "yes" if all(strict) else "partly" if all(plain) or any(strict) else "no"
    rows = (*GANS, PATIENT, *WASSERSTEIN)
    said = "; ".join(f"{name}: " + ", ".join(f"{row} {lost[row][name]:.0%}" for row in rows) for name in mixtures)
    wide = "; ".join(
        f"{name}: " + ", ".join(f"{row} {np.mean(numbers[row][name]['reached_at_end']):.1f}" for row in rows)
        for name in mixtures
    )
    return answer, (
        f"Modes that are not covered within 3σ, mean over seeds and the second half of training: {said}. Modes reached within "
        f"{3 * WIDE}σ at the end, which is not in the rule: {wide}."
    )
