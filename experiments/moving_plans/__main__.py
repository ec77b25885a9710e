"""``python -m experiments.moving_plans [--quick]``: earth is moved from pile to pile, well and badly."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.patches import FancyArrowPatch

from experiments import figures
from experiments.claims import Claim
from experiments.moving_plans import measuring
from experiments.moving_plans.measuring import Found, Piles, Plan
from ganjax.main import guarded
from ganjax.metrics import earth_mover
from ganjax.monitor.plans import plan_picture

TEXT = (
    "A moving plan is a matrix; the earth mover's distance is the cost of the cheapest of all plans, and what the best "
    "1-Lipschitz critic sees between the piles."
)
SOURCE = "deck 000 (moving plans, W(P, Q) = min B(γ)); Arjovsky et al. 2017, eq. 1 and 2"
SHOWN = Piles(np.arange(6.0)[:, None], np.array([0, 2, 1, 4, 1, 2]) / 10, np.array([1, 4, 1, 0, 4, 0]) / 10)
KINDS = {"line": 1, "plane": 2}


def summary(found: Sequence[Found]) -> dict[str, Any]:
    """The largest disagreements over pairs of piles, and how much cheaper than any other plan the best is."""
    best, critic, slope, line = (np.array([getattr(each, name) for each in found]) for name in Found._fields[:4])
    cheapest = np.array([each.others.min() for each in found])
    return {
        "pairs": len(found),
        "plans_of_each": len(found[0].others),
        "critic_from_best": float(np.abs(critic - best).max()),
        "steepest_critic": float(slope.max()),
        "line_from_best": None if np.isnan(line).any() else float(np.abs(line - best).max()),
        "cheapest_other_less_best": float((cheapest - best).min()),
        "mean_other_over_best": float(np.mean([each.others.mean() / each.best for each in found])),
    }


def verdict(shown: dict[str, float], drawn: dict[str, dict[str, Any]]) -> tuple[Any, str]:
    """Yes where no plan is cheaper, and the critic and the closed form say the same, all to 10⁻⁹; no where a plan is."""
    cheaper = min(each["cheapest_other_less_best"] for each in drawn.values())
    gap = max(each["critic_from_best"] for each in drawn.values())
    steep = max(each["steepest_critic"] for each in drawn.values())
    agreed = max(gap, steep - 1, drawn["line"]["line_from_best"]) < 1e-9
    pairs = sum(each["pairs"] for each in drawn.values())
    plans = sum(each["pairs"] * each["plans_of_each"] for each in drawn.values())
    because = (
        f"Of {plans:,} random plans between {pairs} pairs of piles none costs less than the linear program's, and a critic of "
        f"slope 1 at most sees the same distance to {max(gap, 1e-16):.0e}, which proves it; between the piles shown the best "
        f"plan moves earth {shown['best']:.2f} places on average, the nearest first {shown['greedy']:.2f}."
    )
    return ("no" if cheaper < -1e-9 else "yes" if agreed else "partly"), because


def draw(plans: dict[str, Plan], others: np.ndarray) -> Any:
    """The piles and a plan's moves, its matrix, for two plans; the critic, the costs of all the others."""
    figure, axes = figures.panels(2, 3, width=3.4, height=2.9)
    for row, (name, plan) in zip(axes, plans.items(), strict=True):
        moves(row[0], plan)
        row[0].set_title(f"{name}: {measuring.cost(SHOWN, plan):.2f} places on average", fontsize=9)
        figures.picture(row[1], plan_picture(SHOWN.p, SHOWN.q, plan), "its matrix: from (rows) to (columns)")
    _critic(axes[0, 2])
    axes[1, 2].hist(
        others, np.arange(others.min() - 0.05, others.max() + 0.1, 0.1), color=figures.COLOURS[5], alpha=0.5
    )
    for (name, plan), colour in zip(plans.items(), figures.COLOURS, strict=False):
        axes[1, 2].axvline(measuring.cost(SHOWN, plan), color=colour, label=name)
    figures.say(axes[1, 2], f"costs of {len(others):,} random plans", "places on average", "plans")
    return figure


def moves(axis: Any, plan: Plan) -> None:
    """P above and Q below a street; arrows as wide as what they move."""
    x = SHOWN.places[:, 0]
    axis.bar(x, SHOWN.p, bottom=0.55, width=0.7, color=figures.COLOURS[2], label="P")
    axis.bar(x, -SHOWN.q, bottom=-0.05, width=0.7, color=figures.MADE, label="Q")
    for i, j in np.argwhere(plan > 1e-9):
        arrow = FancyArrowPatch(
            (x[i], 0.55), (x[j], -0.05), arrowstyle="-|>", mutation_scale=7, shrinkA=0, shrinkB=0,
            linewidth=14 * plan[i, j], color="#333333", alpha=0.55,
        )  # fmt: skip
        axis.add_patch(arrow)
    axis.set(xlim=(-0.6, 5.6), ylim=(-0.5, 1.0), yticks=[])
    figures.say(axis, x="place")


def _critic(axis: Any) -> None:
    value, f = measuring.critic(SHOWN)
    axis.bar(SHOWN.places[:, 0], SHOWN.p - SHOWN.q, width=0.7, color="#bbbbbb", label="P − Q")
    axis.plot(SHOWN.places[:, 0], f / f.max(), "o-", color=figures.COLOURS[0], label=f"best critic / {f.max():g}")
    figures.say(axis, f"E_P f − E_Q f = {value:.2f}, no slope above 1", "place")


def main(argv: Sequence[str]) -> None:
    """Measures, draws, concludes."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    pairs, plans = claim.few(20, 3), claim.few(2000, 50)
    shown = measuring.measure(SHOWN, claim.few(10_000, 200), seed=0)
    pictured = {
        "the best plan": earth_mover(SHOWN.p, SHOWN.q, SHOWN.way())[1],
        "nearest first": measuring.greedy(SHOWN),
    }
    costs = {
        "best": shown.best,
        "greedy": measuring.cost(SHOWN, measuring.greedy(SHOWN)),
        "independent": measuring.cost(SHOWN, np.outer(SHOWN.p, SHOWN.q)),
        "dearest": -earth_mover(SHOWN.p, SHOWN.q, -SHOWN.way())[0],
        "critic": shown.critic,
        "closed_form": shown.line,
        "random_least": float(shown.others.min()),
        "random_mean": float(shown.others.mean()),
    }
    drawn = {
        kind: summary([measuring.measure(measuring.drawn(seed, 8, dim), plans, seed) for seed in range(pairs)])
        for kind, dim in KINDS.items()
    }
    figures.save(draw(pictured, shown.others), claim.out / "figure.png")
    claim.conclude(*verdict(costs, drawn), {"shown": costs, "drawn": drawn}, pairs)


if __name__ == "__main__":
    guarded(main)(sys.argv)
