"""``python -m experiments.reliability.kills [--kills=200]``: runs that are killed (kill -9) and started again until they end.

Each is compared with the run that nobody stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from ganjax.checkpoint import GOING, UNFINISHED
from ganjax.monitor.pictures import PART
from ganjax.workdir import reopen

SPEC = "configs/wgan_gp.py:grid25"
STEPS = 24
SETTINGS = (
    *("generator.hidden=(8,)", "critic.hidden=(8,)", "eval.samples=500", "train.batch_size=16", "train.num_seeds=2"),
    *("train.log_every=2", "train.sample_every=6", "train.save_every=3", "train.eval_every=4", "train.keep=2"),
    f"train.steps={STEPS}",
)
CLOCKS = ("time", "speed/images_per_s", "eval/seconds", "eval/share_of_time")  # what no two runs share
MODULE = (sys.executable, "-m", "experiments.reliability.armed")
EVENTS, SECONDS = 260, 4.0  # about as many file events, and as long, as a run has after its start


def commands(workdir: Path, processes: int, kill_at: int = 0) -> list[list[str]]:
    """One start of the run, a command for each of its processes, of which the first kills itself; at 0 it does not."""
    options = [f"--config={SPEC}", f"--workdir={workdir}", *(f"--config.{each}" for each in SETTINGS)]
    met = [f"--coordinator=127.0.0.1:{free_port()}", f"--num_processes={processes}"] if processes > 1 else []
    return [
        [*MODULE, str(kill_at * (i == 0)), *options, *met, *[f"--process_id={i}"] * bool(met)] for i in range(processes)
    ]


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def start(workdir: Path, draw: random.Random, processes: int) -> int:
    """Starts the run and kills it, half the time at a file event, half at a moment, and one process of it; 0 where it ended
    first. Those that are left are killed too, as whoever started them does."""
    by_event = draw.random() < 0.5
    running = begun(commands(workdir, processes, draw.randint(1, EVENTS) if by_event else 0))
    first, said, killed = running[0], "", by_event  # at an event that may never come
    assert first.stderr is not None
    for line in first.stderr:
        said += line
        if not by_event and "steps in all" in line:
            time.sleep(draw.uniform(0, SECONDS))
            draw.choice(running).send_signal(signal.SIGKILL)
            killed = True
            break
    while killed and all(process.poll() is None for process in running):
        time.sleep(0.05)
    codes = [process.poll() for process in running]
    if any(codes):
        for process in running:
            process.kill()
    said += first.communicate()[1]
    codes = [process.wait() if code is None else code for process, code in zip(running, codes, strict=True)]
    if -signal.SIGKILL not in codes and any(codes):
        raise SystemExit(f"{workdir} ended with {codes}:\n{said}")
    return -signal.SIGKILL if any(codes) else 0


def begun(lines: list[list[str]]) -> list[subprocess.Popen[str]]:
    """The processes of a run; only the first speaks."""
    pipes = [subprocess.PIPE, *[subprocess.DEVNULL] * (len(lines) - 1)]
    return [
        subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=pipe, text=True, env=environment())
        for line, pipe in zip(lines, pipes, strict=True)
    ]


def environment() -> dict[str, str]:
    """One device, programs compiled once for all runs."""
    kept = os.environ.get("JAX_COMPILATION_CACHE_DIR", str(Path.home() / ".cache/ganjax/reliability"))
    return {**os.environ, "JAX_COMPILATION_CACHE_DIR": kept, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}


def left(workdir: Path) -> Iterator[str]:
    """What a kill has left behind."""
    folder = workdir / "checkpoints"
    whole = folder.is_dir() and any(each.name.isdecimal() for each in folder.iterdir())
    yield "a whole checkpoint" if whole else "no checkpoint yet"
    for what, pattern in (("a half-written checkpoint", UNFINISHED), ("a half-deleted checkpoint", f"{GOING}*")):
        if any(folder.glob(pattern)):
            yield what
    if any(workdir.rglob(PART)):
        yield "a half-written file"


def outcome(workdir: Path) -> dict[str, Any]:
    """All that a run leaves, but for what clocks say."""
    state = [np.asarray(x) for seed in (0, 1) for x in jax.tree.leaves(reopen(workdir, STEPS, seed)[2])]
    log = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    files = sorted(each for each in workdir.glob("*/*") if each.suffix in (".png", ".json"))
    return {
        "state": hashlib.sha256(b"".join(x.tobytes() for x in state)).hexdigest(),
        "log": [{name: value for name, value in line.items() if name not in CLOCKS} for line in log],
        "best": json.loads((workdir / "best.json").read_text()),
        "files": {str(each.relative_to(workdir)): hashlib.sha256(each.read_bytes()).hexdigest() for each in files},
        "checkpoints": sorted(each.name for each in (workdir / "checkpoints").iterdir()),
    }


def main(argv: list[str]) -> None:
    """Kills, compares, counts."""
    parser = argparse.ArgumentParser(prog="python -m experiments.reliability.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--workdir", type=Path, default=Path("runs/reliability"))
    options = parser.parse_args(argv[1:])
    draw, seen = random.Random(options.seed), Counter[str]()
    shutil.rmtree(options.workdir, ignore_errors=True)
    whole = options.workdir / "whole"
    assert {process.wait() for process in begun(commands(whole, options.processes))} == {0}
    expected, runs, wrong = outcome(whole), 0, []
    with tqdm(total=options.kills, unit="kill") as bar:
        while bar.n < options.kills:
            workdir = options.workdir / str(runs)
            while start(workdir, draw, options.processes) != 0:
                bar.update()
                seen.update(left(workdir) if workdir.exists() else ["nothing"])
            found = outcome(workdir)
            wrong += [f"{workdir}: {key}" for key in expected if found[key] != expected[key]]
            runs += 1
            if not wrong:
                shutil.rmtree(workdir)
    print(json.dumps({"kills": bar.n, "runs": runs, "unlike": wrong, "left_by_kills": dict(seen)}, indent=2))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main(sys.argv)
