"""``python -m experiments.cyclegan_terms [--quick]``: glasses off and on, with one term of CycleGAN changed at a time."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments import figures
from experiments.claims import Claim
from experiments.cycle_consistency.translators import AT_ONCE, SEEDS, Pairs, held_out, mean_error, show, trained
from experiments.cyclegan_terms.measuring import (
    Wears,
    colour_shift,
    kid,
    measure,
    of_checkpoints,
    of_log,
    translations,
    variation,
)
from experiments.text_control.classifier import Reader, fit, read
from ganjax.main import guarded
from ganjax.run import Run, open_data
from ganjax.samples import sampler

TEXT = (
    "Least squares train CycleGAN more stably than the log loss and to better pictures, a history of generated images damps "
    "its oscillation, and the identity loss keeps the colours."
)
SOURCE = "decks 003 (losses, history) and 000 (identity); Zhu et al. 2017, arXiv:1703.10593, sections 4 and 5.2"
BASE = "glasses"
NAMES = {
    BASE: "the recipe",
    "glasses-log": "log loss",
    "glasses-no_history": "no history",
    "glasses-no_identity": "no identity loss",
}
TESTS = {  # {what is said: (the run without it, measures that the recipe is to have less of)}
    "least squares: steadier": ("glasses-log", "swing"),
    "least squares: better": ("glasses-log", "kid_100"),
    "history: steadier": ("glasses-no_history", "swing"),
    "identity: colours kept": ("glasses-no_identity", "colour_shift"),
}
MEASURES = {
    "swing": "swing between checkpoints",
    "kid_100": "KID × 100",
    "colour_shift": "shift of colour",
    "error_off": "error, glasses off",
}
READER = Reader((("glasses", 2),))
SHOWN = 8
Numbers = dict[str, Any]


def judge(run: Run, n: int) -> Wears:
    """A classifier of glasses, trained on n faces without and n with them that the run was trained on."""
    source, _ = open_data(run.config.data)
    a, b = (each.fetch(np.arange(n))[side] for each, side in ((source, "a"), (source.beside or source, "b")))
    images = np.concatenate([a, b]).astype(np.float32) / 127.5 - 1
    params = fit(READER, images, {"glasses": np.repeat([0, 1], n)})
    return lambda x: read(READER, params, x)["glasses"] == 1


def verdict(found: Mapping[str, Sequence[Numbers]]) -> tuple[Any, str]:
    """Yes: all of TESTS hold, in every seed, by a tenth at least; partly: some; no: none."""
    held, said = 0, []
    for name, (without, key) in TESTS.items():
        if without not in found:
            continue
        both = [(x[key], y[key]) for x, y in zip(found[BASE], found[without], strict=True)]
        held += all(x < 0.9 * y for x, y in both)
        x, y = np.mean(both, axis=0)
        said.append(f"{name}, {MEASURES[key]} {x:.3g} against {y:.3g}")
    answer = "yes" if held == len(TESTS) else "partly" if held else "no"
    return answer, f"{held} of {len(said)} hold in every seed by a tenth or more ({'; '.join(said)})."


def draw(rows: Mapping[str, np.ndarray], found: Mapping[str, Sequence[Numbers]]) -> Figure:
    """Glasses put on, a row a variant; bars of each measure."""
    figure = Figure(figsize=(10.5, 3.9), layout="constrained")
    first, second = [*MEASURES][:2], [*MEASURES][2:]
    axes = figure.subplot_mosaic([["sheet", *first], ["sheet", *second]], width_ratios=(2.6, 1, 1))
    show(axes["sheet"], rows, SHOWN, "glasses off")
    for key, title in MEASURES.items():
        bars(axes[key], {name: [each[key] for each in found[name]] for name in found}, title)
        if key in (first[1], second[1]):  # the names stand on the left
            axes[key].set_yticklabels([])
    return figure


def bars(axis: Any, values: Mapping[str, Sequence[float]], title: str) -> None:
    """Means of the seeds, a dot for each."""
    for i, (each, colour) in enumerate(zip(values.values(), figures.COLOURS, strict=False)):
        axis.barh(i, np.mean(each), color=colour, alpha=0.7)
        axis.plot(each, [i] * len(each), "k.", markersize=4)
    axis.set_yticks(range(len(values)), [NAMES[name] for name in values], fontsize=7)
    axis.invert_yaxis()
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=7)
    figures.say(axis, title)


def main(argv: Sequence[str]) -> None:
    """Trains, translates, measures, draws."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    seeds, wears = claim.few(SEEDS, 1), None
    found: dict[str, list[Numbers]] = {}
    rows: dict[str, np.ndarray] = {}
    for name in [*NAMES][: claim.few(4, 1)]:
        for seed in range(seeds):
            run, state, folder = trained(claim, name, seed)
            pairs, wears = held_out(run, claim.few(200, 16)), wears or judge(run, claim.few(900, 50))
            sample = sampler(run)
            made = translations(sample, state, pairs)
            past = of_checkpoints(folder, sample, state, Pairs(*(x[:AT_ONCE] for x in pairs)))
            more = {
                "kid_100": kid(run, state, claim.few(900, 16)),
                "disc_loss_variation": variation(of_log(folder, "disc/loss")),
            }
            found.setdefault(name, []).append({**measure(made, past, pairs, wears), **more})
            if seed == 0:
                rows.setdefault("with glasses", pairs.b)
                rows[NAMES[name]] = made["off"]
    rows["the truth"] = pairs.a
    truth = {"error_off": mean_error(pairs.b, pairs.a), "colour_shift": colour_shift(pairs.a, pairs.b)}
    figures.save(draw(rows, found), claim.out / "figure.png")
    claim.conclude(*verdict(found), {"runs": found, "between_a_and_b": truth}, seeds)


if __name__ == "__main__":
    guarded(main)(sys.argv)
