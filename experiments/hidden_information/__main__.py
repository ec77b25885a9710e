"""``python -m experiments.hidden_information [--quick]``: colours in an outline, looked for and destroyed."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments import figures
from experiments.claims import Claim
from experiments.cycle_consistency.translators import (
    SEEDS,
    Pairs,
    Translate,
    held_out,
    mean_error,
    others,
    retrieved,
    show,
    trained,
    ways,
)
from experiments.hidden_information.channels import Channel, clear, drawn, jpeg, noise, rounded
from ganjax.main import guarded
from ganjax.samples import sampler

TEXT = (
    "CycleGAN hides in its translation what the other domain has no room for, as a signal that is hardly seen, and shows it "
    "again on the way back."
)
SOURCE = "deck 000; Chu, Zhmoginov and Sandler 2017, arXiv:1712.02950"
NAMES = {
    "outlines": "faces by way of outlines",
    "outlines-noisy": "the same, trained with noise",
}
SIGMAS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
CHANNELS: dict[str, Channel] = {
    "clear": clear,
    "8 bits": rounded,
    "JPEG 95": jpeg(95),
    "JPEG 75": jpeg(75),
    "noise 0.1": noise(0.1),
}
DRAWN = "ink or paper"
FAINT = 0.1  # a mean deviation from ink and paper, of the 2 that [-1, 1] has
SHOWN = 8
Numbers = dict[str, Any]


def measure(way: Mapping[str, Translate], pairs: Pairs) -> Numbers:
    """Of the faces b: translated and back again, through each channel, beside what comes back from the true a."""
    made = way["ba"](pairs.b)
    back = {name: way["ab"](channel(made)) for name, channel in CHANNELS.items()}
    of_truth = way["ab"](pairs.a)
    return {
        "back": {name: of(x, pairs.b) for name, x in back.items()},
        "from_truth": of(of_truth, pairs.b),
        "other_face": mean_error(back["clear"], others(pairs.b)),
        "by_noise": [mean_error(way["ab"](noise(std)(made)), pairs.b) for std in SIGMAS],
    }


def lines_alone(way: Mapping[str, Translate], pairs: Pairs) -> Numbers:
    """Of outlines that are made: what comes back of ink or paper, how far they are from that, and that from the truth."""
    made = way["ba"](pairs.b)
    return {
        DRAWN: of(way["ab"](drawn(made)), pairs.b),
        "deviation": mean_error(made, drawn(made)),
        "wrong_pixels": float((drawn(made) != pairs.a)[..., 0].mean()),
    }


def left(numbers: Numbers, error: Any) -> Any:
    """The share of what is gained over the true a that is left at an error; a gain below 0.01 counts as 0.01."""
    limit = numbers["from_truth"]["error"]
    return (limit - np.asarray(error)) / max(limit - numbers["back"]["clear"]["error"], 0.01)


def of(made: np.ndarray, faces: np.ndarray) -> dict[str, float]:
    """Error, how well the mean colours follow those of the faces, how often a face is the nearest to what was made of it."""
    return {
        "error": mean_error(made, faces),
        "colour": colour_correlation(made, faces),
        "retrieved": retrieved(made, faces),
    }


def colour_correlation(made: np.ndarray, faces: np.ndarray) -> float:
    """Correlation over images of a channel's mean, averaged over the channels."""
    x, y = (each.mean(axis=(1, 2), dtype=np.float64) for each in (made, faces))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    lengths = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    return float(((x * y).sum(axis=0) / np.maximum(lengths, 1e-12)).mean())


def means(found: Sequence[Any]) -> Any:
    """Of the same numbers of each seed."""
    if isinstance(found[0], dict):
        return {key: means([each[key] for each in found]) for key in found[0]}
    return np.mean(found, axis=0).tolist()


def verdict(found: Mapping[str, Numbers]) -> tuple[Any, str]:
    """Yes: an outline made from a face gives it back in at most half of the true outline's error, ink or paper takes half of
    that gain away, and what is lost there is FAINT. Partly: the first alone, for all to see."""
    plain = found["outlines"]
    clean, limit, lines = plain["back"]["clear"]["error"], plain["from_truth"]["error"], plain["lines_alone"]
    kept = float(left(plain, lines[DRAWN]["error"]))
    faint = kept <= 0.5 and lines["deviation"] <= FAINT
    answer = "no" if clean > limit / 2 else "yes" if faint else "partly"
    noisy = [f"{left(x, x['back']['noise 0.1']['error']):.0%} ({NAMES[name]})" for name, x in found.items()]
    because = (
        f"Faces come back from the outlines that CycleGAN makes with an error of {clean:.3f}, from the true outlines with "
        f"{limit:.3f}. Set to ink or paper, so that only which pixels are drawn is left, the made ones keep {kept:.0%} of that "
        f"gain; {lines['wrong_pixels']:.1%} of their pixels are not the true outline's. Noise of 0.1 leaves {', '.join(noisy)}."
    )
    return answer, because


def draw(way: Mapping[str, Translate], pairs: Pairs, found: Mapping[str, Numbers]) -> Figure:
    """Rows of the first run, and the curves beside."""
    figure = Figure(figsize=(10.5, 5.6), layout="constrained")
    sheet, axis = figure.subplots(1, 2, width_ratios=(1.25, 1))
    made = way["ba"](pairs.b)
    rows = {
        "face": pairs.b,
        "its outline, made": made,
        "the true outline": pairs.a,
        "back from the made one": way["ab"](made),
        **{f"… after {name}": way["ab"](CHANNELS[name](made)) for name in ("noise 0.1", "JPEG 75")},
        f"… after {DRAWN}": way["ab"](drawn(made)),
        "back from the true one": way["ab"](pairs.a),
    }
    show(sheet, rows, SHOWN)
    curves(axis, found)
    return figure


def curves(axis: Any, found: Mapping[str, Numbers]) -> None:
    """What noise leaves of the gain; the last place is ink or paper."""
    for (name, numbers), colour in zip(found.items(), figures.COLOURS, strict=False):
        axis.plot(
            range(len(SIGMAS)), left(numbers, numbers["by_noise"]), "o-", color=colour, label=NAMES[name], markersize=4
        )
        if "lines_alone" in numbers:
            axis.plot(len(SIGMAS), left(numbers, numbers["lines_alone"][DRAWN]["error"]), "s", color=colour)
    axis.axhline(0, color="k", linestyle=":", linewidth=1, label="what the true translation tells")
    axis.set_xticks(range(len(SIGMAS) + 1), [*map(str, SIGMAS), "ink or\npaper"])
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=8)
    axis.set_ylim(-0.1, 1.1)
    figures.say(
        axis, "what comes back of what the true translation does not tell", "noise σ on the translation", "share"
    )


def main(argv: Sequence[str]) -> None:
    """Trains, hides, destroys, draws."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    seeds, found, shown = claim.few(SEEDS, 1), dict[str, list[Numbers]](), None
    for name in [*NAMES][: claim.few(len(NAMES), 1)]:
        for seed in range(seeds):
            run, state, _ = trained(claim, name, seed)
            pairs, way = held_out(run, claim.few(200, 16)), ways(sampler(run), state)
            more = {"lines_alone": lines_alone(way, pairs)} if name.startswith("outlines") else {}
            found.setdefault(name, []).append({**measure(way, pairs), **more})
            shown = shown or (way, pairs)
    numbers = {name: means(each) for name, each in found.items()}
    assert shown is not None
    figures.save(draw(*shown, numbers), claim.out / "figure.png")
    answer, because = verdict(numbers)
    claim.conclude(answer, because, {"mean": numbers, "seeds": found}, seeds)


if __name__ == "__main__":
    guarded(main)(sys.argv)
