"""``python -m experiments.loss_and_quality [--quick]``: what D's loss says of the samples, of WGAN, WGAN-GP and DCGAN."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments import figures, on_device
from experiments.claims import Claim
from experiments.loss_and_quality import measuring
from experiments.loss_and_quality.measuring import Moment
from experiments.on_device import METRIC
from ganjax import compilation
from ganjax import config as configs
from ganjax.core import State
from ganjax.main import guarded
from ganjax.monitor import pictures
from ganjax.run import prepare, root

TEXT = (
    "The loss of a Wasserstein critic follows the quality of the samples: it falls as they get better. That of a GAN's D does "
    "not: where the supports do not meet, D is right and its Jensen-Shannon divergence stays at log 2."
)
SOURCE = "deck 000 (JS divergence is not suitable); Arjovsky et al. 2017, section 4.2, figures 3 and 4"
FASTER = ("gen_opt.learning_rate=5e-4", "disc_opt.learning_rate=5e-4")  # the runs are shorter than the configs'
RUNS = {"wgan": FASTER, "wgan_gp": (*FASTER, "train.ema_decay=0.0"), "dcgan": FASTER}
STEPS = {"wgan": 1500, "wgan_gp": 1500, "dcgan": 4500}  # D moves five times in a step of the first two
CRITICS, OTHERS = ("wgan", "wgan_gp"), ("dcgan",)
TITLES = {"wgan": "WGAN", "wgan_gp": "WGAN-GP", "dcgan": "DCGAN"}
Seeds = list[list[Moment]]


def played(claim: Claim, name: str) -> Seeds:
    """The moments of each seed: the same networks, data and batches for all; G's statistics are the batch's, as D sees it."""
    channels, steps, side = claim.few(12, 4), claim.few(STEPS[name], 12), claim.few(32, 16)
    small = [f"{who}.{key}" for who in ("generator", "critic") for key in (f"channels={channels}", f"size={side}")]
    settings = [
        *RUNS[name],
        *small,
        f"data.image_size={side}",
        f"train.batch_size={claim.few(32, 8)}",
        f"train.steps={steps}",
    ]
    run = prepare(configs.load(f"configs/{name}.py", [f"--config.{each}" for each in settings]))
    inputs = run.game.gan.inputs(root(0, "evaluation"), claim.few(256, 32))

    @functools.partial(jax.jit, compiler_options=compilation.hurry())
    def draw(state: State) -> jax.Array:
        vars = state.carry.vars.gen
        return jnp.asarray(run.game.gan.generate(state.params.gen, vars, inputs, jax.random.key(0), True)[0]["image"])

    play = on_device.player(run, steps // claim.few(8, 3), short=claim.quick)
    distance = on_device.distance(run, claim.few(2000, 64))
    return [measuring.moments(play(seed), lambda state: np.asarray(draw(state)), distance) for seed in range(2)]


def said(name: str, seeds: Seeds) -> np.ndarray:
    """What the game's D says of the distance, [moments, seeds]: E D(x) − E D(G(z)), or of the JS divergence."""
    if name in CRITICS:
        return measuring.table(seeds, "disc/wasserstein")
    return measuring.jensen_shannon(measuring.table(seeds, "disc/loss"))


def numbers(name: str, seeds: Seeds) -> dict[str, Any]:
    """Both curves, and their correlation for each seed; that of G's loss, for whoever watches it."""
    estimate, distance = said(name, seeds), measuring.table(seeds, "distance")
    return {
        "correlation": measuring.correlations(estimate, distance),
        "correlation_of_gen_loss": measuring.correlations(measuring.table(seeds, "gen/loss"), distance),
        "steps": [each.step for each in seeds[0]],
        "estimate": estimate.tolist(),
        METRIC: distance.tolist(),
    }


def drawn(found: Mapping[str, Seeds]) -> Any:
    """A column for each game: what D says, what the samples measure, samples of three moments."""
    figure, axes = figures.panels(3, len(found), width=3.4, height=2.1)
    for column, (name, seeds) in zip(axes.T, found.items(), strict=True):
        steps, distance = [each.step for each in seeds[0]], measuring.table(seeds, "distance")
        rho = ", ".join(f"{each:+.2f}" for each in measuring.correlations(said(name, seeds), distance))
        column[0].plot(steps, said(name, seeds), marker=".", **figures.STYLE)
        column[1].plot(steps, distance, marker=".", **figures.STYLE)
        label = "E D(x) − E D(G(z))"
        if name in OTHERS:
            column[0].axhline(np.log(2), color="#999999", linestyle=":", label="log 2")
            label = "log 2 − D's loss / 2"
        column[0].set_ylim(bottom=0)
        column[1].set_ylim(bottom=0)
        figures.say(column[0], f"{TITLES[name]}: what D says\nρ = {rho}", "", label)
        figures.say(column[1], "what the samples measure", "step; a line for each seed", METRIC)
        at = [seeds[0][0], seeds[0][len(steps) // 3], seeds[0][-1]]
        page = pictures.sheet(np.concatenate([each.shown for each in at]), columns=len(at[0].shown))
        figures.picture(column[2], page, "from above: step " + ", ".join(str(each.step) for each in at))
    return figure


def main(argv: Sequence[str]) -> None:
    """Plays, measures, correlates, draws."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    found = {name: played(claim, name) for name in RUNS}
    figures.save(drawn(found), claim.out / "figure.png")
    result = {name: numbers(name, seeds) for name, seeds in found.items()}
    rho = {name: each["correlation"] for name, each in result.items()}
    each = "; ".join(f"{TITLES[name]} {', '.join(f'{r:.2f}' for r in rho[name])}" for name in rho)
    because = f"Spearman's correlation of what D says with {METRIC}, over the moments of each seed: {each}."
    claim.conclude(measuring.verdict(rho, CRITICS, OTHERS), because, result, len(rho["wgan"]))


if __name__ == "__main__":
    guarded(main)(sys.argv)
