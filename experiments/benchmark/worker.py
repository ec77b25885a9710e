"""One side in a process of its own: reads a number of calls from a line, answers with seconds for each iteration."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from experiments.benchmark.cases import CASES

WARM_UP = 3


def load(side: str, case: str) -> tuple[Callable[[], object], Callable[[], float]]:
    """(an iteration, what counts its FLOPs where they are known)."""
    if side == "peak":
        from experiments.benchmark.peak import start as start_peak

        return start_peak()
    if side == "ganjax":
        from ganjax import allocator, compilation

        allocator.hold()  # as both doors do
        compilation.keep()
        from experiments.benchmark.ganjax_side import start as start_ganjax

        return start_ganjax(CASES[case])
    from experiments.benchmark.pytorch_side import start as start_pytorch

    return start_pytorch(CASES[case], side), lambda: 0.0


def peak_mib() -> float:
    """The largest resident memory of this process since ``forget_peak``."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    """Build, warm up, then serve."""
    began = time.perf_counter()
    call, flops = load(*sys.argv[1:])
    call()
    first = time.perf_counter() - began
    work = flops()
    if sys.argv[1] == "ganjax":
        from ganjax.allocator import give_back

        give_back()  # as training does after its first step
    start = {"first_s": first, "start_mib": peak_mib(), "flops": work}
    for _ in range(WARM_UP - 1):
        call()
    forget_peak()
    print(json.dumps(start), flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        for _ in range(int(line)):
            call()
        seconds = (time.perf_counter() - began) / int(line)
        print(json.dumps({"seconds": seconds, "peak_mib": peak_mib()}), flush=True)


if __name__ == "__main__":
    main()
