"""What thirty estimates are worth beside thirty distances: numbers, a table, a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from experiments.critic_estimate.distributions import KINDS

Result = dict[str, Any]


def without_bias(estimate: np.ndarray, weight: float = 10.0) -> np.ndarray:
    """W where the estimate is W + W²/2λ.

    On a critic k·f, ‖∇f‖ = 1, WGAN-GP's loss is −k W + λ (k − 1)²: it is smallest at k = 1 + W/2λ.
    """
    return weight * (np.sqrt(1 + 2 * estimate / weight) - 1)


def compare(estimate: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Pearson's correlation, the slope of the line through 0, mean |estimate / truth − 1| before and after ``slope``."""
    slope = float(estimate @ truth / (truth @ truth))
    return {
        "correlation": float(np.corrcoef(estimate, truth)[0, 1]),
        "slope": slope,
        "error": float(np.abs(estimate / truth - 1).mean()),
        "error_along_the_line": float(np.abs(estimate / slope / truth - 1).mean()),
        "error_without_bias": float(np.abs(without_bias(estimate) / truth - 1).mean()),
    }


def summary(result: Result) -> dict[str, dict[str, list[dict[str, float]]]]:
    """``compare`` for each method, kind of Q (and all together) and seed."""
    found: dict[str, dict[str, list[dict[str, float]]]] = {}
    for method, kinds in result["estimates"].items():
        pairs = {kind: (np.array(kinds[kind]), np.array(result["distances"][kind]["truth"])) for kind in kinds}
        pairs["all"] = tuple(np.concatenate(parts) for parts in zip(*pairs.values(), strict=True))
        found[method] = {kind: [compare(seed, truth) for seed in e.T] for kind, (e, truth) in pairs.items()}
    return found


def table(result: Result) -> str:
    """Means over the seeds; of the correlation also the lowest, of the slope its range."""
    head = "| critic | Q | correlation (lowest) | slope (range) | error | along the line | bias taken off |"
    lines = [head, "|---|---|" + "---:|" * 5]
    for method, kinds in summary(result).items():
        for kind, seeds in kinds.items():
            r, slope, error, along, off = (np.array([seed[name] for seed in seeds]) for name in seeds[0])
            known = f"{off.mean():.1%}" if "GP" in method else "—"
            lines.append(
                f"| {method} | {kind} | {r.mean():.4f} ({r.min():.4f}) | {slope.mean():.3g} "
                f"({slope.min():.3g} to {slope.max():.3g}) | {error.mean():.1%} | {along.mean():.1%} | {known} |"
            )
    return "\n".join(lines)


def draw(result: Result, path: Path) -> None:
    """Estimate over truth for each Q and seed: the penalty's left, with 1 + W/2λ; the clipping's right."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, sides = pyplot.subplots(1, 2, figsize=(8.5, 3.6), layout="constrained")
    penalised, clipped = ([name for name in result["estimates"] if ("GP" in name) == gp] for gp in (True, False))
    for axes, methods in zip(sides, (penalised, clipped), strict=True):
        for method, filled in zip(methods, (False, True), strict=True):
            for kind, colour in zip(KINDS, ("#3b6ea5", "#d1782b", "#4a8f5b"), strict=True):
                truth, e = result["distances"][kind]["truth"], np.array(result["estimates"][method][kind])
                ratio, face = e / np.array(truth)[:, None], colour if filled else "none"
                marks = axes.plot(truth, ratio, "o", markersize=4, color=colour, markerfacecolor=face, alpha=0.8)
                marks[0].set_label(f"{method}: {kind}")
        axes.set(xscale="log", xlabel="W₁")
        axes.legend(fontsize=6)
    distances = np.geomspace(0.1, 2, 50)
    sides[0].plot(distances, 1 + distances / 20, color="black", linewidth=1)
    sides[0].set_ylabel("critic's estimate / W₁")
    sides[1].set_yscale("log")
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
