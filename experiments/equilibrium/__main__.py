"""``python -m experiments.equilibrium [--quick]``: data, generator and D on a line, from the first step to the last."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from experiments import figures
from experiments.claims import Claim
from experiments.equilibrium import measuring
from experiments.equilibrium.measuring import MIDDLE, Data, Frame
from ganjax.main import guarded

TEXT = (
    "At the optimum p_g = p_data; for any G the best D is p_data / (p_data + p_g), so that D ends at 1/2 everywhere and "
    "D's loss at log 4."
)
SOURCE = "deck 003 (Nash equilibrium, D(x) = 1/2 for all x); Goodfellow et al. 2014, proposition 1, theorem 1, figure 1"
PARTS = (0, 0.002, 0.01, 0.03, 0.1, 0.3, 1)  # of all steps, where the game is looked at
EARLY = 2  # which of these lends its G to a D that goes on alone
CLOSE = 0.05


class Played(NamedTuple):
    """A game in time; D gone on alone with an early G, and with the last."""

    data: Data
    game: list[Frame]
    early: Frame
    late: Frame


def played(claim: Claim, data: Data) -> Played:
    """All that is seen of the game with this data."""
    steps, seeds, points, alone = claim.few(3000, 60), claim.few(5, 2), claim.few(100_000, 5000), claim.few(1000, 40)
    shown = sorted({int(steps * part) for part in PARTS})
    states = measuring.game(data, seeds, steps, shown)
    settled = [measuring.seen(measuring.settled(data, states[at], alone), points) for at in (EARLY, -1)]
    return Played(data, [measuring.seen(state, points) for state in states], *settled)


def summary(found: Played) -> dict[str, Any]:
    """Of each measure the mean and the largest over the seeds: at each step, at the last, and of D alone."""

    def of(frame: Frame) -> dict[str, dict[str, float]]:
        each = measuring.measure(found.data, frame)
        return {name: {"mean": float(x.mean()), "most": float(x.max())} for name, x in each.items()}

    return {
        "game": {str(frame.step): of(frame) for frame in found.game},
        "last": of(found.game[-1]),
        "alone": {"early_g": of(found.early), "last_g": of(found.late)},
    }


def worst(found: Mapping[str, Any]) -> tuple[float, float]:
    """Of any seed: (the larger distance at the end, p_g from p_data or D from 1/2; D's from D*, gone on alone)."""
    end = max(found["last"][name]["most"] for name in ("total_variation", "from_half"))
    return end, max(each["from_best"]["most"] for each in found["alone"].values())


def verdict(steps: int, touching: Mapping[str, Any], apart: Mapping[str, Any]) -> tuple[Any, str]:
    """Yes where, for every seed and both kinds of data, p_g ends within 0.05 of p_data and D of 1/2, and D alone comes within
    0.05 of D*; partly where modes that stand apart keep the game from its end, and nothing else."""
    ends, alone = zip(worst(touching), worst(apart), strict=True)
    last, far = touching["last"], apart["last"]
    tv, half = last["total_variation"], last["from_half"]
    because = (
        f"Where the modes touch, p_g is {tv['mean']:.3f} from p_data in total variation after {steps:,} steps (worst seed "
        f"{tv['most']:.3f}), D {half['mean']:.3f} from 1/2 (worst {half['most']:.3f}) and its loss {last['loss']['mean']:.3f} "
        f"(log 4 = 1.386); where they stand apart, {far['total_variation']['mean']:.3f} and {far['from_half']['mean']:.3f}. "
        f"D alone comes within {max(alone):.3f} of p_data / (p_data + p_g), whatever G."
    )
    proved, reached = max(alone) < CLOSE, ends[0] < CLOSE
    return ("yes" if proved and reached and ends[1] < CLOSE else "partly" if proved and reached else "no"), because


def film(touching: Played, apart: Played) -> Any:
    """A panel for each frame, of the first seed, and one of D alone; below, the ends of the game with modes apart."""
    figure, axes = figures.panels(3, 4, width=2.6, height=2.0)
    for axis, frame in zip(axes[:2].flat, touching.game, strict=False):
        _panel(axis, touching.data, frame, f"step {frame.step:,}")
    alone = f"G of step {touching.game[EARLY].step:,}, D went on alone"
    _panel(axes[1, 3], touching.data, touching.early, alone)
    for axis, frame in zip(axes[2], apart.game[-4:], strict=False):
        _panel(axis, apart.data, frame, f"modes apart: step {frame.step:,}")
    for axis in axes.flat[1:]:
        if axis.get_legend():
            axis.get_legend().remove()
    return figure


def _panel(axis: Any, data: Data, frame: Frame, title: str) -> None:
    real, made = measuring.density(data), frame.made[0]
    axis.fill_between(MIDDLE, real, color=figures.DATA, alpha=0.25, label="p_data")
    axis.plot(MIDDLE, made, color=figures.MADE, label="p_g")
    axis.plot(MIDDLE, frame.scores[0], color=figures.COLOURS[2], label="D")
    ideal = np.where(real + made > 0.02, measuring.best(data, made), np.nan)  # elsewhere nobody asks D
    axis.plot(MIDDLE, ideal, color="black", linestyle=":", label="D* = p_data / (p_data + p_g)")
    axis.axhline(0.5, color="#bbbbbb", linewidth=0.6)
    axis.set_ylim(0, 2.4)
    figures.say(axis, title)


def main(argv: Sequence[str]) -> None:
    """Plays, measures, draws, concludes."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    touching, apart = (played(claim, data) for data in (measuring.TOUCHING, measuring.APART))
    found = {"touching": summary(touching), "apart": summary(apart)}
    figures.save(film(touching, apart), claim.out / "figure.png")
    answer = verdict(touching.game[-1].step, found["touching"], found["apart"])
    claim.conclude(*answer, found, len(touching.early.made))


if __name__ == "__main__":
    guarded(main)(sys.argv)
