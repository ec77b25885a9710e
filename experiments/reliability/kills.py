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
EVENTS, SECONDS = 260, 4.0  # about as many file events, and as long, as a run has after its start


def command(workdir: Path, kill_at: int) -> list[str]:
    """One start of the run; 0 is none that kills itself."""
    options = [f"--config={SPEC}", f"--workdir={workdir}", *(f"--config.{each}" for each in SETTINGS)]
    return [sys.executable, "-m", "experiments.reliability.armed", str(kill_at), *options]


def start(workdir: Path, draw: random.Random) -> int:
    """Starts the run and kills it, half the time at a file event, half at a moment; its exit code."""
    by_event = draw.random() < 0.5
    process = subprocess.Popen(
        command(workdir, draw.randint(1, EVENTS) if by_event else 0),
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if not by_event and "steps in all" in line:
            time.sleep(draw.uniform(0, SECONDS))
            process.send_signal(signal.SIGKILL)
            break
    said += process.communicate()[1]
    if process.returncode not in (0, -signal.SIGKILL):
        raise SystemExit(f"{workdir} ended with {process.returncode}:\n{said}")
    return process.returncode


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
    parser.add_argument("--workdir", type=Path, default=Path("runs/reliability"))
    options = parser.parse_args(argv[1:])
    draw, seen = random.Random(options.seed), Counter[str]()
    shutil.rmtree(options.workdir, ignore_errors=True)
    whole = options.workdir / "whole"
    subprocess.run(command(whole, 0), check=True, env=environment())
    expected, runs, wrong = outcome(whole), 0, []
    with tqdm(total=options.kills, unit="kill") as bar:
        while bar.n < options.kills:
            workdir = options.workdir / str(runs)
            while start(workdir, draw) != 0:
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
