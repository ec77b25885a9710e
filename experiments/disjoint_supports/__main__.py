"""``python -m experiments.disjoint_supports [--quick]``: what distances say of distributions that do not overlap."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from experiments import figures
from experiments.claims import Claim
from experiments.disjoint_supports import measuring
from experiments.disjoint_supports.measuring import Path
from ganjax.main import guarded

TEXT = (
    "JS is log 2 wherever two distributions do not overlap, near or far; the earth mover's distance falls with the way "
    "between them, and so has a gradient that leads there."
)
SOURCE = "deck 000 (JS divergence is not suitable); Arjovsky et al. 2017, example 1, figure 1"
SIGMAS = (0.3, 0.1, 0.03)
NARROW, START, RATE, MOVES = 0.1, 2.0, 0.02, 150  # the descent: σ, θ at first, its rate and steps


class Lines(NamedTuple):
    """``measured[name]`` [θ, seed]."""

    thetas: np.ndarray
    measured: dict[str, np.ndarray]


class Gaussians(NamedTuple):
    """``paths[σ]["js" | "w1"]``, and θ in the descents [step, start] from START and from within the overlap."""

    thetas: np.ndarray
    paths: dict[float, dict[str, Path]]
    descents: dict[str, np.ndarray]


def lines(claim: Claim) -> Lines:
    """Lines at θ from −1 to 1, in steps of the cells' side."""
    thetas = np.arange(-10, 11, claim.few(1, 5)) * measuring.CELL
    seeds, n = range(claim.few(5, 2)), claim.few(1000, 200)
    found = [[measuring.of_lines(theta, n, seed) for seed in seeds] for theta in thetas]
    return Lines(thetas, {name: np.array([[f[name] for f in row] for row in found]) for name in found[0][0]})


def gaussians(claim: Claim) -> Gaussians:
    """θ from 0.02 to 2."""
    thetas = np.linspace(0, 2, claim.few(101, 21))[1:]
    paths = {sigma: measuring.along(thetas, np.asarray(sigma)) for sigma in SIGMAS}
    starts = np.array([START, 3 * NARROW])
    return Gaussians(thetas, paths, measuring.descents(starts, np.asarray(NARROW), rate=RATE, steps=MOVES))


def numbers(on_lines: Lines, shifted: Gaussians) -> dict[str, Any]:
    """What decides, and the means over the seeds for each θ."""
    apart = np.abs(on_lines.thetas) > 1e-9
    measured = {name: values[apart] for name, values in on_lines.measured.items()}
    slopes = {sigma: {name: np.abs(path.slope) for name, path in each.items()} for sigma, each in shifted.paths.items()}
    return {
        "js_from_log_2": float(np.abs(measured["js"] - np.log(2)).max()),
        "js_printed": {"least": float(measured["js_printed"].min()), "most": float(measured["js_printed"].max())},
        "tv_least": float(measured["tv"].min()),
        "kl_finite": int(np.isfinite(measured["kl"]).sum()),
        "w1_from_theta": float(np.abs(on_lines.measured["w1"] - np.abs(on_lines.thetas)[:, None]).max()),
        "lines": {
            f"{theta:.1f}": {
                name: float(values[i].mean()) for name, values in on_lines.measured.items() if name != "kl"
            }
            for i, theta in enumerate(on_lines.thetas)
            if theta > -1e-9
        },
        "js_slope": {s: {"most": float(each["js"].max()), "at_2": float(each["js"][-1])} for s, each in slopes.items()},
        "w1_slope_from_1": float(max(np.abs(each["w1"] - 1).max() for each in slopes.values())),
        "descent": {
            name: {"far": float(path[-1, 0]), "near": float(path[-1, 1])} for name, path in shifted.descents.items()
        },
    }


def verdict(found: dict[str, Any]) -> tuple[Any, str]:
    """Yes: JS constant on the lines and W₁ within 0.05 of |θ|; for σ = 0.1, slopes of less than 10⁻⁶ and of 1 at θ = 2."""
    constant = found["js_from_log_2"] < 1e-9 and found["w1_from_theta"] < 0.05
    dead = found["js_slope"][NARROW]["at_2"] < 1e-6 and found["w1_slope_from_1"] < 1e-3
    because = (
        f"On parallel lines JS is log 2 to {found['js_from_log_2']:.0e} at every distance but 0, and W₁ of samples is |θ| to "
        f"{found['w1_from_theta']:.3f}; of Gaussians 20 σ apart the gradient of JS is {found['js_slope'][NARROW]['at_2']:.0e}, "
        f"that of W₁ 1, and descent from there ends at θ = {found['descent']['js']['far']:.2f} and "
        f"{found['descent']['w1']['far']:.2f}."
    )
    return ("yes" if constant and dead else "partly" if constant or dead else "no"), because


def draw(on_lines: Lines, shifted: Gaussians) -> Any:
    """Lines above, Gaussians below: what they are, what the distances say, what leads where."""
    figure, axes = figures.panels(2, 3)
    _lines(axes[0, 0], axes[0, 1], on_lines)
    _gaussians(axes[0, 2], axes[1, 0], axes[1, 1], shifted)
    moves = np.arange(MOVES + 1)
    for (name, path), colour in zip(shifted.descents.items(), figures.COLOURS[1::-1], strict=False):
        axes[1, 2].plot(moves, path[:, 0], color=colour, label={"js": "along JS", "w1": "along W₁"}[name])
        axes[1, 2].plot(moves, path[:, 1], color=colour, linestyle="--", linewidth=1)
    figures.say(axes[1, 2], f"descent, σ = {NARROW} (dashed: from 3 σ)", "steps", "θ")
    return figure


def _lines(sketch: Any, curves: Any, on_lines: Lines) -> None:
    random = np.random.default_rng(0)
    for theta, colour, name in ((0.0, figures.DATA, "data"), (0.6, figures.MADE, "generator, θ = 0.6")):
        sketch.scatter(*measuring.line(theta, 80, random).T, s=6, color=colour, label=name)
    sketch.set(xlim=(-0.5, 1.1), ylim=(0, 1.45))
    figures.say(sketch, "two parallel lines", "x", "y")
    way = np.linspace(-1, 1, 401)
    truth = {
        "w1": np.abs(way),
        "js": np.full(401, np.log(2)),
        "js_printed": np.full(401, 2 * np.log(2)),
        "tv": np.ones(401),
    }
    names = {"w1": "W₁ = |θ|", "js": "JS = log 2", "js_printed": "JS without its halves", "tv": "TV = 1"}
    for (name, label), colour in zip(names.items(), figures.COLOURS, strict=False):
        broken = np.where(np.abs(way) < 0.003, np.nan, truth[name]) if name != "w1" else truth[name]
        curves.plot(way, broken, color=colour, label=label, linewidth=1)
        curves.plot(on_lines.thetas, on_lines.measured[name].mean(axis=1), "o", color=colour, markersize=3)
    curves.set_ylim(-0.05, 2.6)
    figures.say(curves, "lines: closed form, dots from samples", "θ (KL is infinite but at 0)", "distance")


def _gaussians(sketch: Any, values: Any, slopes: Any, shifted: Gaussians) -> None:
    x = np.linspace(-0.6, 2.6, 641)
    for theta, colour in (
        (0.0, figures.DATA),
        (0.3, figures.COLOURS[3]),
        (1.0, figures.COLOURS[4]),
        (START, figures.MADE),
    ):
        y = np.exp(-(((x - theta) / NARROW) ** 2) / 2)
        sketch.fill_between(x, y, color=colour, alpha=0.4, label=f"θ = {theta:g}" if theta else "data")
    sketch.set(ylim=(0, 1.7), yticks=[])
    figures.say(sketch, f"Gaussians on a line, σ = {NARROW}", "x")
    for (sigma, each), colour in zip(shifted.paths.items(), figures.COLOURS[1:], strict=False):
        values.plot(shifted.thetas, each["js"].value, color=colour, label=f"JS, σ = {sigma}")
        slopes.semilogy(shifted.thetas, np.abs(each["js"].slope), color=colour, label=f"JS, σ = {sigma}")
    for axis, part in ((values, "value"), (slopes, "slope")):
        axis.plot(
            shifted.thetas, getattr(shifted.paths[NARROW]["w1"], part), color=figures.COLOURS[0], label="W₁, any σ"
        )
    slopes.set_ylim(1e-12, 100)
    figures.say(values, "distances of the Gaussians", "θ", "distance")
    figures.say(slopes, "their gradients", "θ", "|d/dθ|")


def main(argv: Sequence[str]) -> None:
    """Measures along both paths, draws, concludes."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    on_lines, shifted = lines(claim), gaussians(claim)
    found = numbers(on_lines, shifted)
    figures.save(draw(on_lines, shifted), claim.out / "figure.png")
    claim.conclude(*verdict(found), found, claim.few(5, 2))


if __name__ == "__main__":
    guarded(main)(sys.argv)
