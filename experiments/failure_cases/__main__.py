"""``python -m experiments.failure_cases [--quick]``: faces into critters by CycleGAN and three others; glasses beside."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments import figures
from experiments.claims import Answer, Claim
from experiments.failure_cases.measuring import Looked, look, measured
from ganjax import config as configs
from ganjax.main import guarded
from ganjax.metrics.extractors import efflite0
from ganjax.monitor import pictures
from ganjax.run import open_data
from ganjax.samples import sampler

TEXT = "Where shapes would have to change, CycleGAN degenerates into making minimal changes to the input."
SOURCE = "decks 003 (and 000, 001); Zhu et al. 2017, section 6, figure 17"


class Row(NamedTuple):
    """A run: its config and what is other than there; which of its networks have ``channels``; whether the short form has it."""

    spec: str
    overrides: tuple[str, ...]
    networks: tuple[str, ...]
    quick: bool = False


CYCLEGAN, CRITTERS = "configs/cyclegan.py", ("data.name=avatar_styles", "data.style=critters", "data.unpaired=False")
RESIDUAL = ("generator.blocks=1", "critic.layers=1")
FASTER = tuple(f"{who}_opt.optimiser.learning_rate=3e-4" for who in ("gen", "disc"))  # as UNIT and MUNIT
CODES = ("encoder", "generator", "critic")
ROWS = {
    "CycleGAN": Row(CYCLEGAN, (*CRITTERS, *RESIDUAL), CODES[1:], True),
    "UNIT": Row("configs/unit.py:critters", ("encoder.blocks=1", "generator.blocks=1", "critic.layers=2"), CODES, True),
    "MUNIT": Row(
        "configs/munit.py:critters",
        ("content.blocks=1", "generator.blocks=1", "generator.hidden=32", "style.halvings=2"),
        ("content", "style", "critic"),
    ),
    "U-GAT-IT": Row(
        "configs/ugatit.py",
        ("generator.blocks=1", "global_critic.layers=3", "local_critic.layers=2", *FASTER),
        ("generator", "global_critic", "local_critic"),
    ),
    "CycleGAN, glasses": Row(CYCLEGAN, RESIDUAL, CODES[1:], True),  # the easy pair
}
EQUAL = ("data.image_size=16", "data.held_out=200", "train.batch_size=1", "train.ema_decay=0.99")
SHOWN = 8
Numbers = dict[str, list[dict[str, float]]]  # of each row, of each seed


def domains(row: Row, n: int) -> tuple[np.ndarray, np.ndarray]:
    """n images of each domain that no run has seen, bytes."""
    options = [f"--config.{each}" for each in (*row.overrides, *EQUAL)]
    kept = open_data(configs.load(row.spec, options).data)[1]
    assert kept is not None, "config.data.held_out"
    a, b = ((kept.beside if side == "b" and kept.beside else kept).fetch(np.arange(n))[side] for side in "ab")
    return a, b


def translated(claim: Claim, name: str, seed: int, images: np.ndarray) -> np.ndarray:
    """What a run makes of images of a, bytes; trains what is not trained."""
    row, steps = ROWS[name], claim.few(3000, 4)
    widths = [f"{network}.channels={claim.few(16, 4)}" for network in row.networks]
    settings = (
        *row.overrides,
        *EQUAL,
        *widths,
        f"train.steps={steps}",
        f"train.save_every={steps}",
        f"train.seed={seed}",
    )
    folder = f"{claim.name}-{name.replace(' ', '_')}-{seed}"
    run, _, state = claim.run(row.spec, *settings, name=folder)
    style = jax.random.normal(jax.random.key(0), (len(images), run.config.gan.get("style_dim", 0)))
    made = sampler(run)(state, {"a": jnp.asarray(images / 127.5 - 1, jnp.float32), "style": style})
    return pictures.to_bytes(made["b"])


def verdict(found: Numbers) -> tuple[Answer, str]:
    """Yes where CycleGAN's output keeps the shape of the input and does not arrive, partly where one of them, in the means.

    It keeps the shape where shapes differ from the input's by less than half of what a critter's does, and go less than
    half the way to the critters'. It does not arrive where more than half of the input's kernel distance is left.
    """
    means = {name: {key: float(np.mean([s[key] for s in seeds])) for key in seeds[0]} for name, seeds in found.items()}
    own, easy = means["CycleGAN"], means["CycleGAN, glasses"]
    keeps, short = own["shape"] < 0.5 and own["way"] < 0.5, own["rest"] > 0.5
    others = "; ".join(
        f"{name} {mean['shape']:.2f}, {mean['way']:.2f}, {mean['rest']:.2f}"
        for name, mean in means.items()
        if not name.startswith("CycleGAN")
    )
    because = (
        f"CycleGAN changes the shape by {own['shape']:.2f} of a critter's distance (by {easy['shape']:.2f} for glasses), goes "
        f"{own['way']:.2f} of the way to the critters' shapes, and {own['rest']:.2f} of the kernel distance is left ({others})."
    )
    return "yes" if keeps and short else "partly" if keeps or short else "no", because


def figure(claim: Claim, sheets: Mapping[str, np.ndarray], found: Numbers) -> None:
    """Faces and what became of them by each system; by how much, beside the distance of some image of the other domain."""
    drawn, ((sheet, plot),) = figures.panels(1, 2, 4.8, 4.2)
    figures.picture(sheet, pictures.sheet(np.concatenate([*sheets.values()]), SHOWN))
    for i, name in enumerate(sheets):
        label = name.replace(", ", ",\n")
        sheet.text(-2, (i + 0.5) * sheet.get_ylim()[0] / len(sheets), label, ha="right", va="center", fontsize=7)
    kinds, height = ("pixels", "features", "shape"), 0.25
    for k, kind in enumerate(kinds):
        for i, seeds in enumerate(found.values()):
            value = float(np.mean([seed[kind] for seed in seeds]))
            plot.barh(i + (k - 1) * height, value, height, color=figures.COLOURS[k], label=kind if i == 0 else "")
    plot.axvline(1, color=figures.DATA, linewidth=0.8, linestyle=":")
    plot.set_yticks(range(len(found)), [name.replace(", ", ",\n") for name in found])
    plot.invert_yaxis()
    figures.say(plot, "distance of the output to the input", "1 is some image of the other domain")
    figures.save(drawn, claim.out / "figure.png", dpi=130)


def main(argv: Sequence[str]) -> None:
    """Trains, translates, measures, draws and concludes."""
    claim, found, sheets = Claim(__file__, TEXT, SOURCE, argv), Numbers(), dict[str, np.ndarray]()
    extractor, n, seeds = efflite0(), claim.few(200, 16), claim.few(2, 1)
    rows = {name: row for name, row in ROWS.items() if row.quick or not claim.quick}
    for name, row in rows.items():
        a, b = domains(row, n)
        made = [translated(claim, name, seed, a) for seed in range(seeds)]
        seen: list[Looked] = [look(extractor, each) for each in (a, b, *made)]
        found[name] = [measured(seen[0], each, seen[1]) for each in seen[2:]]
        easy = name == "CycleGAN, glasses"
        if not sheets or easy:
            sheets["faces" + ", others" * easy] = a[:SHOWN]
        sheets[name] = made[0][:SHOWN]
    figure(claim, sheets, found)
    claim.conclude(*verdict(found), found, seeds)


if __name__ == "__main__":
    guarded(main)(sys.argv)
