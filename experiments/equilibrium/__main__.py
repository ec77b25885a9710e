"""``python -m experiments.equilibrium [--quick]``: data, generator and D on a line, from the first step to the last."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments import figures
from experiments.claims import Claim
from experiments.equilibrium import measuring
from experiments.equilibrium.measuring import MIDDLE, Frame
from ganjax.main import guarded

TEXT = (
    "At the optimum p_g = p_data; for any G the best D is p_data / (p_data + p_g), so that D ends at 1/2 everywhere and "
    "D's loss at log 4."
)
SOURCE = "deck 003 (Nash equilibrium, D(x) = 1/2 for all x); Goodfellow et al. 2014, proposition 1, theorem 1, figure 1"
PARTS = (0, 0.002, 0.01, 0.03, 0.1, 0.3, 1)  # of all steps, where the game is looked at
EARLY = 2  # which of these lends its G to a D that goes on alone
CLOSE, NEAR = 0.05, 0.1


def frames(claim: Claim) -> tuple[list[Frame], dict[str, Frame]]:
    """The game in time; beside it, D gone on alone with an early G and with the last."""
    steps, seeds, points = claim.few(5000, 60), claim.few(5, 2), claim.few(200_000, 5000)
    shown = sorted({int(steps * part) for part in PARTS})
    states = measuring.game(seeds, steps, 5, shown)
    beside = {
        "early_g": measuring.settled(states[EARLY], claim.few(2000, 40)),
        "last_g": measuring.settled(states[-1], claim.few(2000, 40)),
    }
    return [measuring.seen(s, points) for s in states], {k: measuring.seen(s, points) for k, s in beside.items()}


def summary(frame: Frame) -> dict[str, dict[str, float]]:
    """Of each measure the mean and the largest over the seeds."""
    found = measuring.measure(frame)
    return {name: {"mean": float(each.mean()), "most": float(each.max())} for name, each in found.items()}


def verdict(steps: int, last: Mapping[str, Any], beside: Mapping[str, Any]) -> tuple[Any, str]:
    """Yes where, for every seed, p_g ends within 0.05 of p_data and D of 1/2, and D alone within 0.05 of D*, for an early G and
    for the last; partly where all that holds to 0.1."""
    apart, half = last["total_variation"], last["from_half"]
    alone = [beside[name]["from_best"]["most"] for name in ("early_g", "last_g")]
    worst = max(apart["most"], half["most"], *alone)
    because = (
        f"After {steps:,} steps p_g is {apart['mean']:.3f} from p_data in total variation (worst seed {apart['most']:.3f}), D is "
        f"{half['mean']:.3f} from 1/2 (worst {half['most']:.3f}) and its loss {last['loss']['mean']:.3f} (log 4 = 1.386); D "
        f"alone comes within {alone[0]:.3f} of p_data / (p_data + p_g) for an early G and {alone[1]:.3f} for the last."
    )
    return ("yes" if worst < CLOSE else "partly" if worst < NEAR else "no"), because


def film(game: Sequence[Frame], alone: Frame) -> Any:
    """A panel for each frame, of the first seed; the last has the early G, and D after going on alone."""
    figure, axes = figures.panels(2, 4, width=2.6, height=2.2)
    for axis, frame in zip(axes.flat, game, strict=False):
        _panel(axis, frame, f"step {frame.step:,}")
    _panel(axes.flat[-1], alone, f"G of step {game[EARLY].step:,}, D went on alone")
    for axis in axes.flat[len(game) : -1]:
        axis.set_axis_off()
    for axis in axes.flat[1:]:
        if axis.get_legend():
            axis.get_legend().remove()
    return figure


def _panel(axis: Any, frame: Frame, title: str) -> None:
    axis.fill_between(MIDDLE, measuring.density(), color=figures.DATA, alpha=0.25, label="p_data")
    axis.plot(MIDDLE, frame.made[0], color=figures.MADE, label="p_g")
    axis.plot(MIDDLE, frame.scores[0], color=figures.COLOURS[2], label="D")
    some = measuring.density() + frame.made[0] > 0.02  # elsewhere nobody asks D
    ideal = np.where(some, measuring.best(frame.made)[0], np.nan)
    axis.plot(MIDDLE, ideal, color="black", linestyle=":", label="D* = p_data / (p_data + p_g)")
    axis.axhline(0.5, color="#bbbbbb", linewidth=0.6)
    axis.set_ylim(0, 2.4)
    figures.say(axis, title)


def main(argv: Sequence[str]) -> None:
    """Plays, measures, draws, concludes."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    game, others = frames(claim)
    time = {str(frame.step): summary(frame) for frame in game}
    beside = {name: summary(frame) for name, frame in others.items()}
    figures.save(film(game, others["early_g"]), claim.out / "figure.png")
    answer = verdict(game[-1].step, time[str(game[-1].step)], beside)
    claim.conclude(*answer, {"game": time, "beside": beside}, len(game[0].made))


if __name__ == "__main__":
    guarded(main)(sys.argv)
