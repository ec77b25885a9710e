"""Runs that translate faces into critters: trained where they are not, measured by the offline KID, shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from experiments import doors
from ganjax import config as configs
from ganjax.errors import UserError, nearest
from ganjax.evaluation import Settings, evaluator
from ganjax.monitor import pictures
from ganjax.run import prepare
from ganjax.samples import sampler
from ganjax.train import train
from ganjax.workdir import reopen

SETTINGS = Settings(("kd_efflite0",), n_fake=2000, n_real=2000)
SHOWN = 8


class Measured(NamedTuple):
    """KID × 100 of each seed, faces into critters; rows of pictures: the faces, what became of them by the first seed."""

    kid: list[float]
    rows: list[np.ndarray]


def measure(spec: str, folder: Path, overrides: Sequence[str] = ()) -> Measured:
    """A run of a config; trains it in ``folder`` first, or goes on."""
    config = configs.load(spec, [f"--config.{each}" for each in overrides])
    train(config, folder)
    run = prepare(config)
    assert run.held_out is not None, "config.data.held_out"
    evaluate, shown, kids, rows = evaluator(run, SETTINGS), run.held_out.fetch(np.arange(SHOWN))["a"], [], []
    for i in range(config.train.num_seeds):
        one, step, state = reopen(folder, index=i)
        (result,) = evaluate(state, step, i)
        kids.append(100 * float(result.measures["kd_efflite0"]))
        if i == 0:
            made = sampler(one)(state, {"a": jnp.asarray(shown / 127.5 - 1, jnp.float32)})["b"]
            rows = [shown, pictures.to_bytes(made)]
    return Measured(kids, rows)


def compare(argv: Sequence[str], doc: str | None, file: str, runs: Mapping[str, tuple[str, Sequence[str]]]) -> None:
    """The whole of an experiment: {name: (config, overrides)} -> result.json, figure.png and lines of print."""
    parser = doors.arguments(file, doc)
    parser.add_argument(
        "names", nargs="*", help=f"some of: {', '.join(runs)} (all); the results of some go into the workdir"
    )
    parser.add_argument("--steps", type=int, help="of each run, the rate falling in the second half (the config's)")
    parser.add_argument("--seeds", type=int, default=1, help="trained together (1)")
    args = doors.opened(parser, argv)
    for name in args.names:
        if name not in runs:
            raise UserError(f"no row {name!r}{nearest(name, runs)}; there are: {', '.join(runs)}")
    result: dict[str, Any] = {}
    rows: list[np.ndarray] = []
    here = Path(file).parent
    out = args.workdir / here.name if args.names and args.out == here else args.out  # the whole table stays whole
    for name in args.names or runs:
        spec, overrides = runs[name]
        more = [f"train.num_seeds={args.seeds}", *(_of_steps(args.steps) if args.steps else [])]
        found = measure(spec, args.workdir / f"{here.name}-{name.replace(' ', '_')}", [*overrides, *more])
        result[name] = {"kid_100": found.kid, "mean": float(np.mean(found.kid)), "std": float(np.std(found.kid))}
        print(f"{name}: KID × 100 {np.mean(found.kid):.2f} ± {np.std(found.kid):.2f}", flush=True)
        rows += found.rows if not rows else found.rows[1:]
        doors.leave(out, result)
        pictures.save_png(out / "figure.png", pictures.sheet(np.concatenate(rows), columns=SHOWN), scale=2)


def _of_steps(steps: int) -> list[str]:
    falling = [
        f"{who}.schedule.{key}={n}"
        for who in ("gen_opt", "disc_opt")
        for key, n in (("steps", steps), ("start", steps // 2))
    ]
    return [f"train.steps={steps}", *falling]
