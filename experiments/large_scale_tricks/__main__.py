"""``python -m experiments.large_scale_tricks [--quick]``: truncation, singular values, table 1 and what D remembers, small."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import numpy as np

from experiments.claims import Claim
from experiments.large_scale import measuring as large_scale
from experiments.large_scale_tricks import drawing, measuring, parts, rows
from experiments.large_scale_tricks.measuring import Point
from experiments.large_scale_tricks.parts import Cut, Restrained
from experiments.large_scale_tricks.rows import Opened
from ganjax.main import guarded
from ganjax.monitor import pictures
from ganjax.samples import sampler
from ganjax.sets import Settings, samples_of
from ganjax.sweep import truncations

TEXT = (
    "(a) Truncated latents give better samples and less variety. (b) Singular values grow in training, of G's first layer most, "
    "and it collapses; clamping G's does not prevent it, a penalty, dropout or L2 in D does, at the cost of samples. (c) A "
    "larger batch, more channels, a shared embedding, skip-z and orthogonal regularisation each make samples better. (d) D "
    "remembers what it was trained on."
)
SOURCE = "001 (large scale GAN training); Brock et al. 2019, tables 1 and 2, sections 3 and 4"
CUT = ("biggan", "biggan:free")  # with orthogonal regularisation and without
SHOWN = 8  # faces at each threshold


def main(argv: Sequence[str]) -> None:
    """Trains what is not trained, measures, judges each part and draws all four."""
    claim = Claim(__file__, TEXT, SOURCE, argv)
    seeds, way = range(claim.few(3, 1)), measuring.QUICK if claim.quick else measuring.SETTINGS
    whole = {name: [rows.whole(claim, name, seed) for seed in seeds] for name in CUT[: claim.few(2, 1)]}
    cuts = {name: _cut(each, way) for name, each in whole.items()}
    ablated = _ablated(claim, whole, way)
    spread = measuring.pooled([[point[parts.KD] for point in points] for points in ablated.values()])
    names, own = rows.RESTRAINTS[: claim.few(len(rows.RESTRAINTS), 1)], range(claim.few(rows.RESTRAINED_SEEDS, 1))
    opened = {name: [rows.restrained(claim, name, seed) for seed in own] for name in names}
    restrained = {name: [_restrained(each, way) for each in seeds] for name, seeds in opened.items()}
    changes = [each for each in rows.CHANGES if {each.old, each.new} <= {*ablated}]
    found = {
        "truncation": parts.truncation(cuts),
        "restraints": parts.restraints(restrained, spread),
        "ablation": parts.ablation(changes, ablated, spread),
        "memory": parts.memory(measuring.remembered(opened["nothing"][0], claim.few(rows.HELD_OUT, 64))),
    }
    because = " ".join(
        f"({letter}) {part.answer}: {part.because}." for letter, part in zip("abcd", found.values(), strict=True)
    )
    numbers = {name: {"verdict": part.answer, **part.numbers} for name, part in found.items()}
    claim.conclude(parts.overall(found), because, numbers, len(seeds))
    spectra = {name: row[0].spectra for name, row in restrained.items()}
    drawing.draw(claim.out / "figure.png", numbers, spectra, _faces(whole[CUT[0]][0], way))


def _cut(seeds: Sequence[Opened], way: Settings) -> Cut:
    """{threshold: a point for each seed} of the runs of experiments/large_scale, at their end."""
    measured = [large_scale.measurements(each.run.config, each.folder, True, way) for each in seeds]
    found = [{"none": plain, **cut} for plain, cut in measured]
    return {threshold: [each[threshold] for each in found] for threshold in found[0]}


def _ablated(claim: Claim, whole: Mapping[str, Sequence[Opened]], way: Settings) -> dict[str, list[Point]]:
    """{row: a point for each of its seeds}, all at one step."""
    found = {
        name: [measuring.quality(rows.halfway(claim, each), way) for each in seeds] for name, seeds in whole.items()
    }
    for name in [*rows.ROWS][: claim.few(len(rows.ROWS), 0)]:
        own = range(claim.few(rows.ROWS[name].seeds, 1))
        found[name] = [measuring.quality(rows.ablated(claim, name, seed), way) for seed in own]
    return found


def _restrained(opened: Opened, way: Settings) -> Restrained:
    log = measuring.log_of(opened.folder)
    return Restrained(measuring.spectra(log), measuring.quality(opened, way), measuring.collapsed(log))


def _faces(opened: Opened, way: Settings) -> dict[str, np.ndarray]:
    """The same latents of a run, truncated; running statistics, which need no samples more."""
    run, _, state, _ = opened
    sample, made = sampler(run), {}
    for cut in truncations(large_scale.CUTS)[::-1]:
        own = way._replace(n_fake=SHOWN, truncation=cut, batch_norm="running")
        made[str(cut or "none")] = pictures.to_bytes(next(samples_of(run, own, sample)(state))["image"])
    return made


if __name__ == "__main__":
    guarded(main)(sys.argv)
