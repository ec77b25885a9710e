"""``python -m experiments.large_scale [NAME …] [--seeds=3]``: SNGAN, SAGAN and a small BigGAN beside WGAN-GP, and truncated."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from experiments import doors
from experiments.large_scale import measuring
from experiments.large_scale.measuring import Measured
from ganjax.errors import UserError, nearest
from ganjax.main import guarded
from ganjax.monitor import pictures, plots

# as the others have them
WGAN_GP = ("gen_opt.learning_rate=1e-3", "disc_opt.learning_rate=1e-3", "train.ema_decay=0.99")
RUNS = {  # steps that take as long as each other on one core, the other busy; biggan's variants have as many as biggan
    "wgan_gp": (800, WGAN_GP),
    "sngan": (2200, ()),
    "sagan": (1800, ()),
    "biggan": (1500, ()),
    "biggan:free": (1500, ()),
    "biggan:half": (1500, ()),
}
CUT = ("biggan", "biggan:free")  # what is measured at every threshold


def main(argv: Sequence[str]) -> None:
    """Trains what is not trained, measures, and writes result.json and both figures once all is there."""
    parser = doors.arguments(__file__, __doc__)
    parser.add_argument(
        "names", nargs="*", help=f"train and measure only some of: {', '.join(RUNS)}; nothing is written"
    )
    parser.add_argument("--seeds", type=int, default=3, help="of each, one after another (3)")
    parser.add_argument("--seed", type=int, help="this one alone; nothing is written")
    args = doors.opened(parser, argv)
    for name in args.names:
        if name not in RUNS:
            raise UserError(f"no row {name!r}{nearest(name, RUNS)}; there are: {', '.join(RUNS)}")
    seeds = range(args.seeds) if args.seed is None else [args.seed]
    found = {name: [_of(name, args.workdir, seed) for seed in seeds] for name in args.names or RUNS}
    if not args.names and args.seed is None:
        doors.leave(args.out, {name: measuring.summary(each) for name, each in found.items()})
        sheet = {name: measuring.images(_folder(name, args.workdir, 0)) for name in RUNS}
        pictures.save_png(args.out / "figure.png", plots.rows(sheet))
        pictures.save_png(args.out / "truncation.png", measuring.curves({name: found[name] for name in CUT}))


def _of(name: str, workdir: Path, seed: int) -> Measured:
    system, _, variant = name.partition(":")
    spec = f"configs/{system}.py" + f":{variant}" * bool(variant)
    steps, overrides = RUNS[name]
    settings = (*overrides, f"train.steps={steps}", f"train.seed={seed}")
    measured = measuring.measure(spec, _folder(name, workdir, seed), settings, name in CUT)
    plain = ", ".join(f"{key} {value:.4g}" for key, value in measured.plain.items())
    print(f"{name}, seed {seed}: {steps} steps in {measured.minutes:.1f} minutes, {plain}", flush=True)
    return measured


def _folder(name: str, workdir: Path, seed: int) -> Path:
    return workdir / f"large_scale-{name.replace(':', '-')}-{seed}"


if __name__ == "__main__":
    guarded(main)(sys.argv)
