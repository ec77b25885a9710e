"""``python -m experiments.reliability.soak [--minutes=5]``: one long run; its memory, the time of its steps, its files.

Of the second and the last third: memory may grow by 2 %, a step take 10 % longer in the median, checkpoints be those kept.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from ganjax.monitor.pictures import PART

SETTINGS = (
    *("generator.channels=8", "critic.channels=8", "train.batch_size=16", "train.steps=100000000"),
    *("train.log_every=20", "train.sample_every=200", "train.save_every=100", "train.keep=2"),
)
GROWS, SLOWER = 1.02, 1.10


def thirds(values: list[float]) -> tuple[float, float]:
    """Medians of the second third and of the last."""
    n = len(values) // 3
    return float(np.median(values[n : 2 * n])), float(np.median(values[2 * n :]))


def resident(pid: int) -> float:
    """MiB that a process holds in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def main(argv: list[str]) -> None:
    """Trains, watches, judges."""
    parser = argparse.ArgumentParser(prog="python -m experiments.reliability.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--workdir", type=Path, default=Path("runs/soak"))
    options = parser.parse_args(argv[1:])
    shutil.rmtree(options.workdir, ignore_errors=True)
    own = [f"--config.{each}" for each in SETTINGS]
    command = [sys.executable, "-m", "ganjax.main", "--config=configs/dcgan.py", f"--workdir={options.workdir}", *own]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    log, memory = options.workdir / "metrics.jsonl", list[float]()
    while not log.is_file() or not log.stat().st_size:
        time.sleep(0.5)
        assert process.poll() is None, "it ended before its first step"
    end = time.monotonic() + 60 * options.minutes
    while time.monotonic() < end:
        memory.append(resident(process.pid))
        time.sleep(1.0)
    process.send_signal(signal.SIGTERM)
    code = process.wait(60)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    seconds = [(b["time"] - a["time"]) / (b["step"] - a["step"]) for a, b in pairwise(lines)]
    (mib, mib_last), (step, step_last) = thirds(memory), thirds(seconds)
    steps, sheets = lines[-1]["step"], len([*(options.workdir / "samples").iterdir()])
    kept = sorted(int(each.name) for each in (options.workdir / "checkpoints").iterdir())
    left = [str(each) for each in options.workdir.rglob(PART)]
    fine = {
        "exit code": code == 0,
        "memory": mib_last <= GROWS * mib,
        "pace": step_last <= SLOWER * step,
        "files": len(kept) == 2 and sheets <= steps // 200 + 1 and not left,
    }
    numbers = {"minutes": options.minutes, "steps": steps, "MiB": [mib, mib_last], "seconds a step": [step, step_last]}
    print(json.dumps({**numbers, "checkpoints": kept, "sheets": sheets, "fine": fine}, indent=2))
    sys.exit(not all(fine.values()))


if __name__ == "__main__":
    main(sys.argv)
