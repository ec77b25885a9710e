"""``python -m experiments.vanishing_gradients [--quick]``: what G hears of a discriminator that is right, and of a critic."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments import figures
from experiments.claims import Claim
from experiments.vanishing_gradients import measuring
from experiments.vanishing_gradients.measuring import Game
from ganjax.core import State
from ganjax.main import guarded

TEXT = (
    "Where two distributions do not overlap a discriminator separates them perfectly, and the gradient of log(1 − D) dies "
    "for G; that of a Wasserstein critic stays."
)
SOURCE = (
    "decks 000 (binary classifier achieves 100 % accuracy) and 003 (vanishing gradients); Arjovsky & Bottou 2017, "
    "theorems 2.4 and 2.6, figures 2 and 3"
)
LOSSES = ("saturating", "non-saturating", "WGAN, clipped", "WGAN-GP")
Measured = dict[str, dict[str, np.ndarray]]
Trained = dict[str, tuple[Game, list[tuple[int, State]]]]


def per_decade(steps: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The factor that ten times the steps bring to each seed, from a line through the logs of all after step 100."""
    late = (steps >= 100) if (steps >= 100).sum() > 1 else steps > 0
    logs = np.log10(np.maximum(values[late], 1e-38))
    return np.asarray(10 ** np.polyfit(np.log10(steps[late]), logs, 1)[0])


def summary(steps: np.ndarray, measured: Measured) -> dict[str, Any]:
    """Of D its loss and errors, of each loss of G the gradient at first, a tenth of the way and last: mean over the seeds."""
    tenth = int(np.abs(np.log(steps / (steps[-1] / 10))).argmin())
    found: dict[str, Any] = {
        "D": {"loss_last": _mean(measured["D"]["loss"][-1]), "right_least": float(measured["D"]["right"][-1].min())}
    }
    for name in LOSSES:
        norm, spread = measured[name]["parameters"], measured[name]["spread"]
        late = norm[-1] / norm[tenth]
        found[name] = {
            "first": _mean(norm[0]),
            "tenth": _mean(norm[tenth]),
            "last": _mean(norm[-1]),
            "last_over_first_most": float((norm[-1] / norm[0]).max()),
            "last_over_tenth": {"least": float(late.min()), "most": float(late.max())},
            "per_decade": _mean(per_decade(steps, norm)),
            "output_last": _mean(measured[name]["output"][-1]),
            "spread_over_norm": {"first": _mean(spread[0] / norm[0]), "last": _mean(spread[-1] / norm[-1])},
            "spread_per_decade": _mean(per_decade(steps, spread)),
        }
    return found


def _mean(values: np.ndarray) -> float:
    return float(values.mean())


def verdict(steps: np.ndarray, found: dict[str, Any]) -> tuple[Any, str]:
    """Yes, for every seed: D right on 99.9 %, the saturating gradient below a hundredth of what it was at first, both critics'
    between half and twice of what they were at a tenth of the steps; partly without the last."""
    separated = found["D"]["right_least"] >= 0.999
    dies = found["saturating"]["last_over_first_most"] < 0.01
    late = [found[name]["last_over_tenth"] for name in LOSSES[2:]]
    stays = all(each["least"] > 0.5 and each["most"] < 2 for each in late)
    gradient = {name: found[name]["last"] for name in LOSSES}
    because = (
        f"After {steps[-1]:,} steps D is right on {found['D']['right_least']:.1%} at least; the saturating gradient went from "
        f"{found['saturating']['first']:.2g} to {gradient['saturating']:.1g}, times {found['saturating']['per_decade']:.2g} for "
        f"every decade, the non-saturating one ends at {gradient['non-saturating']:.2g}, a clipped critic's at "
        f"{gradient['WGAN, clipped']:.1g}, a penalised one's at {gradient['WGAN-GP']:.2g}; in the last decade the critics' "
        f"changed by a factor of {min(e['least'] for e in late):.2f} to {max(e['most'] for e in late):.2f}."
    )
    return ("yes" if separated and dies and stays else "partly" if separated and dies else "no"), because


def draw(steps: np.ndarray, measured: Measured, trained: Trained) -> Any:
    """D's field and what it tells G's points, early, late and of a penalised critic; below, all of it against the steps."""
    figure, axes = figures.panels(2, 3, width=3.5, height=2.7)
    early = int(np.abs(np.log(steps / 30)).argmin())
    field(axes[0, 0], *_of(trained, "GAN", early), "saturating")
    field(axes[0, 1], *_of(trained, "GAN", -1), "saturating")
    field(axes[0, 2], *_of(trained, "WGAN-GP", -1), "WGAN-GP")
    axes[1, 0].loglog(steps, measured["D"]["loss"].mean(axis=1), label="D's loss")
    axes[1, 0].loglog(steps, np.maximum(1 - measured["D"]["right"].mean(axis=1), 1e-5), label="share that D gets wrong")
    for name, colour in zip(LOSSES, figures.COLOURS, strict=False):
        values = measured[name]["parameters"]
        axes[1, 1].fill_between(steps, values.min(axis=1), values.max(axis=1), color=colour, alpha=0.2)
        axes[1, 1].loglog(steps, values.mean(axis=1), color=colour, label=name)
        axes[1, 2].loglog(steps, measured[name]["spread"].mean(axis=1), color=colour, label=name)
    figures.say(axes[1, 0], "D alone moves", "D's steps (0 is drawn as 1e-5)")
    figures.say(axes[1, 1], "G's gradient (band: all seeds)", "D's steps", "‖gradient of G's parameters‖")
    figures.say(axes[1, 2], "its spread between batches", "D's steps", "standard deviation")
    return figure


def _of(trained: Trained, name: str, at: int) -> tuple[Game, int, State]:
    game, states = trained[name]
    return game, states[at][0], jax.tree.map(lambda x: x[0], states[at][1])


def field(axis: Any, game: Game, step: int, state: State, loss: str) -> None:
    """D on the plane, data, G's points, and where G's loss sends them; arrows are a third as long as the gradient."""
    x, y = np.meshgrid(np.linspace(-2, 2, 81), np.linspace(-1.3, 1.3, 53))
    values = np.asarray(measuring.logits(state, jnp.asarray(np.stack([x, y], -1).reshape(-1, 2), jnp.float32)))
    shown = 1 / (1 + np.exp(-values)) if loss == "saturating" else values
    axis.pcolormesh(x, y, shown.reshape(x.shape), cmap="RdBu", alpha=0.55, rasterized=True, shading="auto")
    played, objective = game.asked[loss]
    key = jax.random.key(3)
    made = np.asarray(measuring.made(played, state, key, 40))
    axis.scatter(*np.asarray(measuring.data(key, 150)).T, s=4, color=figures.DATA, label="data")
    axis.scatter(*made.T, s=6, color=figures.MADE, label="G's points")
    ways = np.asarray(measuring.arrows(state, objective, jnp.asarray(made)))
    axis.quiver(*made.T, *ways.T, angles="xy", scale_units="xy", scale=3, width=0.005, color="black")
    length = np.linalg.norm(ways, axis=1).mean()
    figures.say(axis, f"{loss}, {step:,} steps: arrows of {length:.0e}")
    axis.set(xticks=[], yticks=[], aspect="equal", xlim=(-2, 2), ylim=(-1.3, 1.3))


def main(argv: Sequence[str]) -> None:
    """Trains D alone, reads G's gradients, draws, concludes."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    seeds, last = claim.few(5, 2), claim.few(10_000, 100)
    steps = np.unique(np.geomspace(1, last, claim.few(17, 5)).round().astype(int))
    trained = {name: (game, measuring.train(game, seeds, steps.tolist())) for name, game in measuring.games().items()}
    measured: Measured = {}
    for game, states in reversed(trained.values()):  # the original D's loss and errors last: those are kept
        measured |= measuring.measure(game, states)
    found = summary(steps, measured)
    figures.save(draw(steps, measured, trained), claim.out / "figure.png")
    claim.conclude(*verdict(steps, found), found, seeds)


if __name__ == "__main__":
    guarded(main)(sys.argv)
