"""``python -m experiments.critic_estimate [--steps=1200] [--seeds=3] [--out=DIR]``: critics' estimates beside W₁."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import jax
import numpy as np

from experiments.critic_estimate import critics, report
from experiments.critic_estimate.distributions import KINDS, exact

HERE = Path(__file__).parent


def distances(kind: str) -> dict[str, list[list[float]] | list[float]]:
    """The exact W₁ of finite samples, and the truth: a closed form where there is one, else their mean."""
    moves, closed = KINDS[kind]()
    samples = list(exact(moves, jax.random.key(1)))
    return {"samples": samples, "truth": (np.mean(samples, axis=1) if closed is None else closed).tolist()}


def measure(steps: int, seeds: int) -> report.Result:
    """Everything that ``result.json`` holds."""
    result: report.Result = {"steps": steps, "seeds": seeds, "distances": {}, "estimates": {}}
    for kind in KINDS:
        say(f"exact W₁ of samples: {kind}")
        result["distances"][kind] = distances(kind)
    each = [kind()[0] for kind in KINDS.values()]
    moves = {name: np.concatenate([move[name] for move in each]) for name in each[0]}
    for name, method in critics.METHODS.items():
        say(f"{len(moves['shift']) * seeds} critics: {name}")
        found = critics.estimates(method, moves, seeds, steps, jax.random.key(0))
        result["estimates"][name] = dict(zip(KINDS, found.reshape(len(KINDS), -1, seeds).tolist(), strict=True))
    return result


def say(stage: str) -> None:
    """A line as each stage begins; the longest takes a minute."""
    print(stage, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.critic_estimate", description=__doc__)
    parser.add_argument("--steps", type=int, default=1200, help="moves of each critic")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)  # a core trains its share of the critics
    result = measure(args.steps, args.seeds)
    (args.out / "result.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    report.draw(result, args.out / "figure.png")
    print(report.table(result))


if __name__ == "__main__":
    main()
