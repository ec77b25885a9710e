"""``python -m experiments.reliability.soak [--minutes=5]``: one long run; its memory, the time of its steps, its files.

It trains, logs, draws, measures, saves, deletes. Of the second and the last third: memory may grow by 2 %, a step take 10 %
longer in the median, no file more be open, no thread more be there the whole third; on the disk are the sheets and lines
that were asked for, and the checkpoints that are kept.

TensorStore's workers are counted apart: one more begins whenever work waits for 5 ms, as beside other programs, it ends when it
had none for 20 s, and Orbax lets them be 128 and one for each core. Its overseer, and Orbax's own threads, come and go with
the checkpoints.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.monitor.pictures import PART

LOG, SHEET, SAVE, KEEP = 20, 500, 100, 2
WORKERS = 128 + (os.cpu_count() or 1)
SETTINGS = (
    *("generator.channels=8", "critic.channels=8", "train.batch_size=16", "train.steps=100000000"),
    *(f"train.log_every={LOG}", f"train.sample_every={SHEET}", f"train.save_every={SAVE}", f"train.keep={KEEP}"),
    *("train.eval_every=1000", "eval.samples=256", "eval.real=256"),
)


def thirds(values: list[float]) -> tuple[float, float]:
    """Medians of the second third and of the last."""
    n = len(values) // 3
    return float(np.median(values[n : 2 * n])), float(np.median(values[2 * n :]))


def held(pid: int) -> dict[str, Any]:
    """MiB of memory, open files, TensorStore's workers, and the other threads of a process."""
    process = Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    threads = {}
    for each in (process / "task").iterdir():
        with contextlib.suppress(OSError):  # it has ended meanwhile
            threads[each.name] = (each / "comm").read_text().strip()
    workers = {thread for thread, name in threads.items() if name == "ts_pool_worker"}
    return {
        "MiB": int(status["VmRSS"].split()[0]) / 1024,
        "open files": len([*(process / "fd").iterdir()]),
        "workers": len(workers),
        "threads": {*threads} - workers,
    }


def staying(threads: list[set[str]]) -> tuple[int, int]:
    """How many threads were there during the whole second third, and the whole last one."""
    n = len(threads) // 3
    return len(set.intersection(*threads[n : 2 * n])), len(set.intersection(*threads[2 * n :]))


def watched(process: subprocess.Popen[bytes], log: Path, minutes: float) -> list[dict[str, Any]]:
    """What a run holds, each second from its first line on."""
    while not log.is_file() or not log.stat().st_size:
        assert process.poll() is None, "it ended before its first step"
        time.sleep(0.5)
    end, seen = time.monotonic() + 60 * minutes, []
    while time.monotonic() < end:
        seen.append(held(process.pid))
        time.sleep(1.0)
    return seen


def written(workdir: Path) -> dict[str, Any]:
    """What a run has written, and whether that is all that was asked for and no more."""
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    steps, sheets = lines[-1]["step"], len([*(workdir / "samples").glob("*.png")])
    kept = sorted(int(each.name) for each in (workdir / "checkpoints").iterdir())
    best = json.loads((workdir / "best.json").read_text())["step"]
    seconds = [(b["time"] - a["time"]) / (b["step"] - a["step"]) for a, b in pairwise(lines)]
    return {
        "steps": steps,
        "seconds a step": thirds(seconds),
        "checkpoints": kept,
        "sheets": sheets,
        "as asked": len({*kept} - {best}) <= KEEP
        and best in kept
        and steps // SHEET <= sheets <= steps // SHEET + 2
        and steps // LOG <= len(lines) <= steps // LOG + 3
        and not [*workdir.rglob(PART)],
    }


def main(argv: list[str]) -> None:
    """Trains, watches, judges."""
    parser = argparse.ArgumentParser(prog="python -m experiments.reliability.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--workdir", type=Path, default=Path("runs/soak"))
    parser.add_argument("--grows", type=float, default=1.02, help="memory, at most so many times")
    parser.add_argument("--slower", type=float, default=1.10, help="a step, at most so many times; 2 beside other work")
    options = parser.parse_args(argv[1:])
    shutil.rmtree(options.workdir, ignore_errors=True)
    own = [f"--config.{each}" for each in SETTINGS]
    command = [sys.executable, "-m", "ganjax.main", "--config=configs/dcgan.py", f"--workdir={options.workdir}", *own]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    seen = watched(process, options.workdir / "metrics.jsonl", options.minutes)
    process.send_signal(signal.SIGTERM)
    code = process.wait(60)
    holds: dict[str, tuple[float, float]] = {
        name: thirds([each[name] for each in seen]) for name in ("MiB", "open files")
    }
    holds["threads"] = staying([each["threads"] for each in seen])
    workers = max(each["workers"] for each in seen)
    files = written(options.workdir)
    before, after = files["seconds a step"]
    fine = {
        "exit code": code == 0,
        **{name: last <= (options.grows * first if name == "MiB" else first) for name, (first, last) in holds.items()},
        "workers": workers <= WORKERS,
        "pace": after <= options.slower * before,
        "files": files.pop("as asked"),
    }
    print(json.dumps({"minutes": options.minutes, **holds, "workers": workers, **files, "fine": fine}, indent=2))
    sys.exit(not all(fine.values()))


if __name__ == "__main__":
    main(sys.argv)
