"""``python -m experiments.pix2pix_terms [--quick]``: outlines into faces by L1 alone, by the adversary alone, by both."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np

from experiments import figures
from experiments.claims import Answer, Claim
from experiments.pix2pix_terms.measuring import judges, measured
from ganjax import config as configs
from ganjax.core import State
from ganjax.main import guarded
from ganjax.monitor import pictures
from ganjax.run import Run, open_data
from ganjax.samples import sampler
from ganjax.workdir import reopen

TEXT = (
    "Trained to be close to the truth alone, a translation is blurred; by the adversary alone it is sharp, and further "
    "from the truth; with both it is sharp and close."
)
SOURCE = "decks 000 and 001; Isola et al. 2017, equation 4, figure 4, table 1"
SPEC = "configs/pix2pix.py:outlines"
TERMS = {  # as deck 000 calls them: G's loss
    "close": ("gan.adversarial_weight=0.0",),
    "GAN": ("gan.l1_weight=0.0",),
    "GAN + close": (),
}
SMALL = (
    "data.image_size=16",  # a pixel for each that the faces were drawn in
    "generator.size=16",
    "generator.batch_norm=False",  # an image is normed by itself, in training as when it is translated
    "critic.batch_norm=False",
    "critic.layers=1",
    "train.batch_size=4",
)
SHOWN = 8
Numbers = dict[str, list[dict[str, float]]]  # of each choice of terms, of each seed


def trained(claim: Claim, terms: str) -> tuple[Run, list[State]]:
    """(run, the state of each seed) of some terms, all seeds in one program."""
    steps, seeds, channels = claim.few(2000, 6), claim.few(3, 1), claim.few(16, 4)
    size = (*SMALL, f"generator.channels={channels}", f"critic.channels={channels}")
    many = (f"train.steps={steps}", f"train.num_seeds={seeds}", f"train.save_every={steps}")
    name = f"{claim.name}-{terms.replace(' ', '')}"
    run, _, _ = claim.run(SPEC, *size, *TERMS[terms], *many, name=name)
    return run, [reopen(claim.workdir / name, index=i)[2] for i in range(seeds)]


def held_out(n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """(n pairs that no run has seen, as many other faces), in [-1, 1]."""
    kept = open_data(configs.load(SPEC, [f"--config.{SMALL[0]}"]).data)[1]
    assert kept is not None, "config.data.held_out"
    pairs = {side: x.astype(np.float32) / 127.5 - 1 for side, x in kept.fetch(np.arange(2 * n)).items()}
    return {side: x[:n] for side, x in pairs.items()}, pairs["b"][n:]


def verdict(found: Numbers) -> tuple[Answer, str]:
    """Yes where all three parts hold in the means of the seeds, partly where some do.

    close: the least error and the least sharpness of the three. GAN: at most half of what sharpness close lacks (or has too
    much) is left, and the most error. GAN + close: likewise half of the sharpness, at no more than a third of the error that
    GAN adds to close's.
    """
    error = {terms: float(np.mean([seed["error"] for seed in seeds])) for terms, seeds in found.items()}
    sharpness = {terms: float(np.mean([seed["sharpness"] for seed in seeds])) for terms, seeds in found.items()}
    lacking = {terms: abs(1 - value) for terms, value in sharpness.items()}
    close, gan, both = TERMS
    parts = [
        error[close] == min(error.values()) and sharpness[close] == min(sharpness.values()),
        error[gan] == max(error.values()) and lacking[gan] <= lacking[close] / 2,
        error[both] - error[close] <= (error[gan] - error[close]) / 3 and lacking[both] <= lacking[close] / 2,
    ]
    said = "; ".join(f"{terms}: error {error[terms]:.3f}, sharpness {sharpness[terms]:.2f}" for terms in found)
    held = ", ".join(f"{terms} {'as' if part else 'not as'} claimed" for terms, part in zip(found, parts, strict=True))
    return "yes" if all(parts) else "partly" if any(parts) else "no", f"{said}; {held}."


def figure(claim: Claim, rows: Mapping[str, np.ndarray], found: Numbers) -> None:
    """The pictures of seed 0, a row for each choice; how far from the truth and how sharp each seed of each is."""
    drawn, ((sheet, plot),) = figures.panels(1, 2, 4.6, 3.3)
    figures.picture(sheet, pictures.sheet(np.concatenate([*rows.values()]), SHOWN))
    for i, name in enumerate(rows):
        sheet.text(-4, (i + 0.5) * sheet.get_ylim()[0] / len(rows), name, ha="right", va="center", fontsize=8)
    for marker, (terms, seeds) in zip("so^", found.items(), strict=True):
        plot.plot(*([seed[key] for seed in seeds] for key in ("error", "sharpness")), marker, label=terms)
    plot.plot(0, 1, "*", color=figures.DATA, markersize=10, label="truth")
    plot.axhline(1, color=figures.DATA, linewidth=0.6)
    plot.set_xlim(left=-0.01)
    figures.say(plot, "each dot a seed", "mean |error| in [-1, 1]", "gradients / the truth's")
    figures.save(drawn, claim.out / "figure.png", dpi=130)


def main(argv: Sequence[str]) -> None:
    """Trains, translates, measures, draws and concludes."""
    claim, found = Claim(__file__, TEXT, SOURCE, argv), Numbers()
    pairs, others = held_out(claim.few(300, 16))
    rows, by = {"input": pictures.to_bytes(pairs["a"][:SHOWN])}, judges(others)
    for terms in TERMS:
        run, states = trained(claim, terms)
        sample = sampler(run, train=run.config.eval.train_mode)  # dropout stays, the game's only noise
        made = [sample(state, {"a": jnp.asarray(pairs["a"])})["b"] for state in states]
        found[terms] = [measured(x, pairs["b"], by) for x in made]
        rows[terms] = pictures.to_bytes(made[0][:SHOWN])
    rows["truth"] = pictures.to_bytes(pairs["b"][:SHOWN])
    figure(claim, rows, found)
    claim.conclude(*verdict(found), found, len(found["GAN"]))


if __name__ == "__main__":
    guarded(main)(sys.argv)
