"""The runs: what holds spectra back (sections 4.1 and 4.2), and the rows of table 1."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from experiments.claims import Claim
from ganjax.checkpoint import Checkpoints
from ganjax.core import State
from ganjax.run import Run

SPEC = "configs/biggan.py"
STEPS, CUT_STEPS = 500, 1500  # of the rows here; of the runs of experiments/large_scale
HELD_OUT = 1000  # of the 10,000 faces
RESTRAINTS = (
    "nothing",
    "clamped",
    "r1",
    "r1_strong",
    "dropout",
    "dropout_strong",
    "l2",
    "l2_strong",
)  # variants of the config
RESTRAINED_SEEDS = 2
TINY = ("generator.channels=2", "critic.channels=2", "generator.attention=()", "critic.attention=()")


class Opened(NamedTuple):
    """A trained run at a step."""

    run: Run
    step: int
    state: State
    folder: Path


class Row(NamedTuple):
    """A row of table 1: what the small default, which has all of it, is without or has more of."""

    overrides: tuple[str, ...]
    seeds: int


class Change(NamedTuple):
    """From one row to another, as in the paper from one FID to another."""

    what: str
    old: str
    new: str
    paper: tuple[float, float]


ROWS = {
    "batch8": Row(("train.batch_size=8",), 2),
    "channels4": Row(("generator.channels=4", "critic.channels=4"), 2),
    "unshared": Row(("generator.shared=0",), 2),  # which has no skip-z either
    "no_skip": Row(("generator.skip=False",), 2),
}
CHANGES = (  # the paper's batches are 512 and 2048, its channels 64 and 96
    Change("batch 8 → 32", "batch8", "biggan", (15.30, 12.39)),
    Change("channels 4 → 8", "channels4", "biggan", (12.39, 9.54)),
    Change("shared embedding", "unshared", "no_skip", (9.54, 9.18)),
    Change("skip-z", "no_skip", "biggan", (9.18, 8.73)),
    Change("R_β", "biggan:free", "biggan", (8.73, 8.51)),
)


def restrained(claim: Claim, name: str, seed: int) -> Opened:
    """The small BigGAN with one thing that holds spectra back, watched, without the held-out faces."""
    looked_at = f"data.held_out={HELD_OUT}", "train.watch=.", f"train.sample_every={claim.few(50, 2)}"
    own = (*looked_at, *small(claim), f"train.steps={claim.few(STEPS, 6)}", f"train.seed={seed}")
    spec, folder = SPEC + f":{name}" * (name != "nothing"), f"{claim.name}-{name}-{seed}"
    return Opened(*claim.run(spec, *own, name=folder), claim.workdir / folder)


def ablated(claim: Claim, name: str, seed: int) -> Opened:
    """A row of table 1, small."""
    own = (*small(claim), *ROWS[name].overrides, f"train.steps={claim.few(STEPS, 6)}", f"train.seed={seed}")
    folder = f"{claim.name}-{name}-{seed}"
    return Opened(*claim.run(SPEC, *own, name=folder), claim.workdir / folder)


def whole(claim: Claim, name: str, seed: int) -> Opened:
    """A run of experiments/large_scale, trained where it is not: ``biggan`` or ``biggan:free``."""
    own = (*small(claim), f"train.steps={claim.few(CUT_STEPS, 6)}", f"train.seed={seed}")
    folder = f"large_scale-{name.replace(':', '-')}-{seed}"
    return Opened(*claim.run(name.replace("biggan", SPEC), *own, name=folder), claim.workdir / folder)


def halfway(claim: Claim, opened: Opened) -> Opened:
    """The same at the step where the rows here end: nothing but the number of steps sets them apart."""
    with Checkpoints(opened.folder) as checkpoints:
        found = checkpoints.restore(opened.state, claim.few(STEPS, 6))
    assert found is not None
    return opened._replace(step=found[0], state=found[1])


def small(claim: Claim) -> tuple[str, ...]:
    """The short form's networks and batch."""
    return (*TINY, "train.batch_size=4") if claim.quick else ()
