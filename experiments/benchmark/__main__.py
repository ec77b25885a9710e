"""``python -m experiments.benchmark [--cases=a,b] [--rounds=7] [--json]``: times both sides alternately."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from experiments.benchmark.cases import CASES

SIDES = ("ganjax", "channels_last", "nchw", "peak")
SHARE = 1.0  # seconds of each side in a round
REST = 0.3  # seconds after which a side's waiting threads have gone to sleep


class Worker:
    """A side in its own process; programs that it compiles are kept in ``cache``."""

    def __init__(self, side: str, case: str, cache: str):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "experiments.benchmark.worker", side, case],
            env={**os.environ, "XDG_CACHE_HOME": cache},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.start = self._read()
        self.repeats = 1

    def warm_up(self) -> None:
        """Finds how many calls fill a turn."""
        self.repeats = max(1, round(SHARE / self.take()["seconds"]))

    def take(self) -> dict[str, float]:
        """One turn."""
        time.sleep(REST)
        self.process.stdin.write(f"{self.repeats}\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, float]:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("a side of the benchmark stopped; its message is above")
        return json.loads(line)

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def check(case: str) -> None:
    """Refuses to time what is not the same: losses to 10⁻⁴, parameters to the last one."""
    command = [sys.executable, "-m", "experiments.benchmark.check", case]
    for what, (ours, theirs) in json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout).items():
        if abs(ours - theirs) > (0 if what == "parameters" else 1e-4 * max(1.0, abs(theirs))):
            raise SystemExit(f"{case}: {what} is {ours} here and {theirs} in PyTorch; nothing was timed")


def compare(case: str, rounds: int) -> dict[str, Any]:
    """Medians of ``rounds`` alternating turns; ours start from programs that a process before them compiled."""
    check(case)
    with tempfile.TemporaryDirectory() as cache:
        compiling = Worker("ganjax", case, cache)
        cold = compiling.start | compiling.take()
        compiling.stop()
        workers = {side: Worker(side, case, cache) for side in SIDES}
    for worker in workers.values():
        worker.warm_up()
    turns: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side, worker in workers.items():
            turns[side].append(worker.take())
    for worker in workers.values():
        worker.stop()
    seconds = {side: [turn["seconds"] for turn in took] for side, took in turns.items()}
    median = {side: statistics.median(times) for side, times in seconds.items()}
    faster = min(("channels_last", "nchw"), key=median.__getitem__)
    ratios = sorted(a / b for a, b in zip(seconds[faster], seconds["ganjax"], strict=True))
    flops, peak = workers["ganjax"].start["flops"], workers["peak"].start["flops"] / median["peak"]
    return {
        "ratio": statistics.median(ratios),
        "ratio_range": [ratios[0], ratios[-1]],
        "ganjax_s": median["ganjax"],
        "torch_s": median[faster],
        "torch_form": faster,
        "nchw_s": median["nchw"],
        "images_per_s": CASES[case].batch * CASES[case].n_critic / median["ganjax"],
        "gflop": flops / 1e9,
        "gflop_per_s": flops / median["ganjax"] / 1e9,
        "peak_gflop_per_s": peak / 1e9,
        "peak_share": flops / median["ganjax"] / peak,
        "ganjax_mib": turns["ganjax"][-1]["peak_mib"],
        "torch_mib": turns[faster][-1]["peak_mib"],
        "cold_start_mib": cold["start_mib"],
        "cold_mib": cold["peak_mib"],
        "cold_s": cold["first_s"],
        "warm_start_mib": workers["ganjax"].start["start_mib"],
        "warm_s": workers["ganjax"].start["first_s"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.benchmark", description=__doc__)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    args = parser.parse_args()
    results = {}
    for case in args.cases.split(","):
        results[case] = compare(case, args.rounds)
        if not args.json:
            print(case, json.dumps(results[case], indent=None), flush=True)
    if args.json:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
