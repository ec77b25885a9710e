"""``python -m experiments.turn_taking [--quick]``: the decks' homework, DCGAN's training schemes and tricks as one table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, cast

import jax.numpy as jnp
import numpy as np

from experiments import figures, on_device
from experiments.claims import Answer, Claim
from experiments.on_device import METRIC
from experiments.turn_taking import play
from experiments.turn_taking.play import SUBSET, Played, Size
from experiments.turn_taking.rows import BEST, PLAIN, Row, helps, rows, together, verdict
from ganjax import config as configs
from ganjax.main import guarded
from ganjax.monitor import pictures
from ganjax.run import prepare

TEXT = (
    "D and G should not be trained at the same pace: schemes in which they take turns (D every second epoch, a player rests past "
    "a loss, k moves of D) improve DCGAN's training, and so do smoothed and flipped labels, noise and replay."
)
SOURCE = (
    "deck 001 (final notes on GAN; homework: DCGAN training, DCGAN training scheme), 003 (k steps), 002 (experience replay); "
    "Goodfellow et al. 2014, algorithm 1; Salimans et al. 2016, section 3.4"
)
SHOWN = 14
QUICK = (PLAIN, "two-sided labels", "D every 2nd epoch")


class Data(NamedTuple):
    """The subset that is trained on and as much that is not, in [-1, 1]; the distance of samples to what is held out."""

    images: jnp.ndarray
    unseen: jnp.ndarray
    distance: Callable[[np.ndarray], float]


def data(reals: int, side: int) -> Data:
    """500 avatars, the others held out."""
    sizes = [f"--config.{key}={side}" for key in ("data.image_size", "generator.size", "critic.size")]
    run = prepare(configs.load("configs/crafted.py:plain", sizes))
    assert run.held_out is not None
    parts = [source.fetch(np.arange(SUBSET))["image"].astype(np.float32) for source in (run.source, run.held_out)]
    seen, unseen = (jnp.asarray(part / 127.5 - 1) for part in parts)
    return Data(seen, unseen, on_device.distance(run, reals))


class Found(NamedTuple):
    """Of a row, each seed: the distance, D's answers at the end, shares of the steps in which the players moved."""

    numbers: dict[str, list[float]]
    shown: np.ndarray


def measured(run: Callable[..., Played], row: Row, seeds: Sequence[int], of: Data, size: Size, samples: int) -> Found:
    """A row trained and measured."""
    size = size._replace(replay=row.replay)
    runs = [run(row.tricks, of.images, play.order(size), seed, size) for seed in seeds]
    each = [dict(_numbers(run, of, size, samples)) for run in runs]
    shown = pictures.to_bytes(play.draw(runs[0].state, size, samples)[:SHOWN])
    return Found({name: [one[name] for one in each] for name in each[0]}, shown)


def _numbers(run: Played, of: Data, size: Size, samples: int) -> Iterator[tuple[str, float]]:
    made = play.draw(run.state, size, samples)
    yield METRIC, of.distance(np.asarray(made))
    for name, images in {"seen": of.images, "held_out": of.unseen, "fake": made[:SUBSET]}.items():
        yield f"score_{name}", float(play.scores(run.state, images, size))
    last = {name: np.asarray(value)[-max(1, size.steps // 10) :] for name, value in run.log.items()}
    moved = {name: bool(np.isfinite(value).any()) for name, value in last.items()}
    yield "disc_loss_of_last_tenth", float(np.nanmean(last["disc/loss"])) if moved["disc/loss"] else float("nan")
    for who in ("disc", "gen"):
        yield f"{who}_moves", float(np.isfinite(np.asarray(run.log[f"{who}/loss"])).mean())


def main(argv: Sequence[str]) -> None:
    """Trains a row after the other, puts the best together, trains that on seeds of its own."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    size = Size(claim.few(32, 16), claim.few(12, 4), claim.few(2400, 24), claim.few(16, 8))
    samples, seeds = claim.few(512, 64), range(claim.few(3, 2))
    fresh = [len(seeds) + seed for seed in seeds]
    of, run = data(claim.few(2000, 64), size.side), play.player(claim.quick)
    table = rows(size.batch)
    table = {name: table[name] for name in QUICK} if claim.quick else table
    found = {}
    for name, row in table.items():
        found[name] = measured(run, row, seeds, of, size, samples)
        print(name, {key: np.round(value, 3).tolist() for key, value in found[name].numbers.items()}, file=sys.stderr)
    best, names = together(table, {name: each.numbers[METRIC] for name, each in found.items()})
    found[BEST] = measured(run, best, fresh, of, size, samples)
    again = measured(run, table[PLAIN], fresh, of, size, samples)
    figures.save(drawn(found, again), claim.out / "figure.png")
    conclude(claim, table, found, again, names)


def conclude(claim: Claim, table: dict[str, Row], found: dict[str, Found], again: Found, names: list[str]) -> None:
    """By the rule of ``verdict``; the combination is held against the defaults on seeds that did not choose it."""
    distance = {name: each.numbers[METRIC] for name, each in found.items()}
    plain, fresh = distance[PLAIN], again.numbers[METRIC]
    help_ = {name: helps(distance[name], plain) for name in table if name != PLAIN}
    turns = [name for name in help_ if table[name].kind == "turns"]
    best = bool(names) and helps(distance[BEST], fresh)
    others = [name for name in help_ if name not in turns]
    because = (
        f"{METRIC} of the defaults {_list(plain)}; {sum(help_[name] for name in turns)} of {len(turns)} turn-taking schemes and "
        f"{sum(help_[name] for name in others)} of {len(others)} other tricks are better in every seed; together "
        f"({', '.join(names) or 'nothing'}), on fresh seeds, {_list(distance[BEST])}, the defaults {_list(fresh)}."
    )
    numbers: dict[str, Any] = {name: {**each.numbers, "helps": help_.get(name)} for name, each in found.items()}
    numbers[f"{PLAIN}, fresh seeds"], numbers["put_together"] = again.numbers, names
    claim.conclude(cast(Answer, verdict([help_[name] for name in turns], best)), because, numbers, len(plain))


def _list(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)


def drawn(found: dict[str, Found], again: Found) -> Any:
    """A row for each: samples of the first seed, and the distance of every seed."""
    n = len(found)
    figure, (axes,) = figures.panels(1, 2, width=5.0, height=0.33 * n + 0.7)
    page = pictures.sheet(np.concatenate([each.shown for each in found.values()]), SHOWN)
    axes[0].imshow(page, extent=(0, SHOWN, n - 0.5, -0.5), aspect="auto", interpolation="nearest")
    axes[0].spines[["left", "bottom"]].set_visible(False)
    axes[0].tick_params(length=0)
    axes[0].set_xticks([])
    axes[0].set_yticks(range(n), list(found))
    figures.say(axes[0], "samples of the first seed")
    for i, each in enumerate(found.values()):
        values = each.numbers[METRIC]
        axes[1].plot(values, [i] * len(values), "o", color=figures.MADE if i else figures.DATA, markersize=4)
    fresh, plain = again.numbers[METRIC], found[PLAIN].numbers[METRIC]
    hollow = {"color": figures.DATA, "fillstyle": "none", "markersize": 6}
    axes[1].plot(fresh, [n - 1] * len(fresh), "o", label="defaults, the same fresh seeds", **hollow)
    axes[1].axvspan(min(plain), max(plain), color="#eeeeee", zorder=0)
    axes[1].set_yticks(range(n), [""] * n)
    axes[1].set_ylim(n - 0.5, -0.5)
    axes[1].grid(axis="y", color="#eeeeee", linewidth=0.6)
    figures.say(axes[1], "distance to held-out faces, lower is better (grey: the defaults)", METRIC)
    return figure


if __name__ == "__main__":
    guarded(main)(sys.argv)
