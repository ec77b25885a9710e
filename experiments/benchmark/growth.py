"""``python -m experiments.benchmark.growth``: how an iteration's time grows with batch, size, channels and n_critic.

From one WGAN-GP iteration with DCGAN's networks, one number is varied at a time; the exponent is the slope of a straight
line through log seconds, and beside it the same of the arithmetic, which is counted from the layers' shapes.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from experiments.benchmark.cases import Case
from experiments.benchmark.ganjax_side import start
from ganjax import allocator

BASE = Case("wgan_gp", "dcgan", 32, 32, 32, n_critic=5)
VARIED = {
    "batch": (8, 16, 32, 64, 128),
    "size": (16, 32, 64, 128),
    "channels": (16, 32, 64, 128),
    "n_critic": (1, 2, 5, 10),
}


def growth(name: str, rounds: int) -> tuple[list[float], list[float]]:
    """(median seconds, FLOPs) of an iteration at each value, all timed in turns."""
    calls, flops = [], []
    for value in VARIED[name]:
        call, work = start(BASE._replace(**{name: value}))
        call()
        calls.append(call)
        flops.append(work())
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, took in zip(calls, times, strict=True):
            began = time.perf_counter()
            call()
            took.append(time.perf_counter() - began)
    return [statistics.median(took) for took in times], flops


def exponent(values: tuple[int, ...], costs: list[float]) -> float:
    """p of cost ~ value^p, by least squares in logarithms."""
    return float(np.polyfit(np.log(values), np.log(costs), 1)[0])


def main(rounds: int = 7) -> None:
    """A line for each number."""
    allocator.hold()  # as both doors do
    for name, values in VARIED.items():
        seconds, flops = growth(name, rounds)
        took = ", ".join(f"{value}: {s:.3f} s" for value, s in zip(values, seconds, strict=True))
        print(f"{name}: exponent {exponent(values, seconds):.2f}, arithmetic {exponent(values, flops):.2f} ({took})")


if __name__ == "__main__":
    main()
