"""``python -m experiments.glasses [--workdir=runs] [--out=DIR]``: pix2pix and CycleGAN take glasses off held-out faces."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from experiments import doors
from experiments.text_control.classifier import Reader, fit, read
from ganjax import config as configs
from ganjax.core import State
from ganjax.errors import UserError
from ganjax.main import guarded
from ganjax.monitor import pictures
from ganjax.run import Run, open_data
from ganjax.samples import sampler

RUNS = ("configs/pix2pix.py", "configs/cyclegan.py", "configs/cyclegan.py:unet")
READER = Reader((("glasses", 2),))
SHOWN = 12


class Faces(NamedTuple):
    """Faces without and with glasses, in [-1, 1]; the same person in the same place."""

    without: np.ndarray
    wearing: np.ndarray


def faces() -> tuple[Faces, Faces]:
    """(what the runs are trained on, what is held out of all of them)."""
    data = configs.load("configs/cyclegan.py").data
    data.unpaired = False
    parts = []
    for source in open_data(data):
        if source is None:
            raise UserError("configs/cyclegan.py holds no faces out: set config.data.held_out")
        pairs = source.fetch(np.arange(source.size))
        parts.append(Faces(*(pairs[side].astype(np.float32) / 127.5 - 1 for side in "ab")))
    return parts[0], parts[1]


def trained(spec: str, workdir: Path) -> tuple[Run, State]:
    """A run and its last state; trains what is not trained."""
    run, _, state = doors.trained(spec, workdir)
    return run, state


def translated(run: Run, state: State, held_out: Faces) -> dict[str, np.ndarray]:
    """{"off": glasses taken off, "on": put on, "off_on", "on_off": back again}, of what the run can do."""
    sample = sampler(run, train=run.config.eval.train_mode)
    if run.config.system == "pix2pix":  # its a is the face with glasses
        return {"off": sample(state, {"a": jnp.asarray(held_out.wearing)})["b"]}
    made = sample(state, {"a": jnp.asarray(held_out.without), "b": jnp.asarray(held_out.wearing)})
    back = sample(state, {"a": jnp.asarray(made["a"]), "b": jnp.asarray(made["b"])})
    return {"off": made["a"], "on": made["b"], "off_on": back["b"], "on_off": back["a"]}


def measured(made: dict[str, np.ndarray], held_out: Faces, wears: Any) -> dict[str, float]:
    """Mean absolute errors in [-1, 1], and the share of translations that the classifier sees changed."""
    truth = {"off": held_out.without, "on": held_out.wearing, "off_on": held_out.wearing, "on_off": held_out.without}
    found = {f"error_{name}": float(np.abs(x - truth[name]).mean()) for name, x in made.items()}
    changed = {"off": lambda x: ~wears(x), "on": wears}
    return found | {f"changed_{name}": float(of(made[name]).mean()) for name, of in changed.items() if name in made}


def main(argv: Sequence[str]) -> None:
    """Trains, translates, measures, writes and prints."""
    args = doors.opened(doors.arguments(__file__, __doc__), argv)
    seen, held_out = faces()
    labels = np.repeat([0, 1], len(seen.without))
    params = fit(READER, np.concatenate(seen), {"glasses": labels})

    def wears(x: np.ndarray) -> np.ndarray:
        return read(READER, params, np.asarray(x))["glasses"] == 1

    right = np.concatenate([~wears(held_out.without), wears(held_out.wearing)])
    result: dict[str, Any] = {
        "held_out_pairs": len(held_out.without),
        "classifier_right": float(right.mean()),
        "identity_error": float(np.abs(held_out.without - held_out.wearing).mean()),
    }
    print(f"classifier {result['classifier_right']:.1%}, identity {result['identity_error']:.4f}", flush=True)
    rows = {"on": [held_out.without], "off": [held_out.wearing]}
    for spec in RUNS:
        made = translated(*trained(spec, args.workdir), held_out)
        name = configs.run_name(spec)
        result[name] = measured(made, held_out, wears)
        print(name, {key: round(value, 4) for key, value in result[name].items()}, flush=True)
        for way in rows.keys() & made.keys():
            rows[way].append(made[way])
    rows["off"].append(held_out.without)
    rows["on"].append(held_out.wearing)
    shown = [pictures.to_bytes(x[:SHOWN]) for name in ("off", "on") for x in rows[name]]
    doors.leave(args.out, result)
    pictures.save_png(args.out / "figure.png", pictures.sheet(np.concatenate(shown), columns=SHOWN), scale=2)


if __name__ == "__main__":
    guarded(main)(sys.argv)
