"""``python -m experiments.reliability.lines [--n=100]``: the same, given to the commands that people type.

Each ends with exit code 0, 1 or 2, the last two with a line that says why; no traceback, no file outside its folder. A refusal
takes ``REFUSED`` seconds at most after the start of Python and the libraries, an answer ``ANSWERED`` in all, both less than
``GIB`` of memory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from safetensors.numpy import load_file
from tqdm import tqdm

from experiments.reliability import asked, mutations
from experiments.reliability.fenced import SAID

REFUSED, ANSWERED, HANGS, GIB = 5.0, 60.0, 120.0, 2.0
POINTS = ("--config=configs/gan.py:grid25", "--config.generator.hidden=(8,)", "--config.critic.hidden=(8,)")
IMAGES = ("--config=configs/dcgan.py", "--config.generator.channels=4", "--config.critic.channels=4")
SHORT = (
    "--config.train.steps=2",
    "--config.train.batch_size=4",
    "--config.train.log_every=1",
    "--config.train.sample_every=2",
)
SIZES = tuple(f"--config.{each}" for each in asked.TRANSLATED[1:])
KEYS = (
    "train.steps",
    "train.seed",
    "train.keep",
    "train.log_every",
    "gen_opt.name",
    "generator.hidden",
    "gan.latent_dim",
    "data.name",
)
OPTIONS = {
    "sample": ("--n", "--seed", "--latent", "--truncation", "--label", "--step", "--run", "--batch-norm", "--code"),
    "evaluate": ("--metrics", "--n", "--real", "--step", "--resize", "--truncation"),
    "report": ("--out", "--compare", "--json"),
    "export": ("--step", "--run", "--out"),
    "inspect": ("--config", "--config.generator.hidden"),
}
MEANT = ("1", "2", "4", "0.5", "best", "(4,)", "all", "grid25", "sweep:0", "x.png")
READ_FIRST = ("config.json", "data.json", "metrics.jsonl", "best.json", "checkpoints/2/_CHECKPOINT_METADATA")
Line = Callable[[random.Random], list[str]]


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    errors: str
    seconds: float


class Lines:
    """Good runs in a folder, and the lines that are typed there: each draws something that is wrong and returns the command."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {
            **os.environ,
            **{name: str(root / "home") for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME")},
            "PYTHONPATH": os.getcwd(),
            "PYTHONDONTWRITEBYTECODE": "1",
            "JAX_COMPILATION_CACHE_DIR": os.environ.get("JAX_COMPILATION_CACHE_DIR", str(root / "programs")),
        }
        (root / "home").mkdir()
        self.images(random.Random(0), good=True)
        for name, settings in (
            ("points", POINTS),
            ("faces", IMAGES),
            ("pairs", ("--config=configs/cyclegan.py", *SIZES)),
        ):
            self.good("ganjax.main", *settings, *SHORT, f"--workdir={root / name}")
        self.start = self.good("ganjax", "inspect", *POINTS)
        self.good("ganjax", "convert", "--to=dcgan", f"--workdir={root / 'faces'}", f"--out={root / 'weights'}")
        self.state = load_file(root / "weights" / "2_netG.safetensors")

    def kinds(self) -> dict[str, Line]:
        """What is typed, in turns."""
        return {
            "settings": self.settings,
            "options": self.options,
            "run": self.run,
            "images": self.images,
            "translate": self.translate,
            "convert": self.convert,
        }

    def good(self, *line: str) -> float:
        """The seconds of a line that must end well."""
        ended = self.typed(list(line))
        assert ended.code == 0, ended.errors
        return ended.seconds

    def typed(self, line: list[str]) -> Ended:
        """Runs ``python -m`` and the line."""
        begun = time.monotonic()
        command = [sys.executable, "-m", "experiments.reliability.fenced", str(self.root), *line]
        try:
            done = subprocess.run(command, capture_output=True, cwd=self.root, env=self.environment, timeout=HANGS)
        except subprocess.TimeoutExpired:
            return Ended(-1, "", HANGS)
        return Ended(done.returncode, done.stderr.decode(errors="replace"), time.monotonic() - begun)

    def settings(self, draw: random.Random) -> list[str]:
        """A config with settings that nobody meant."""
        odd = [f"--config.{draw.choice(KEYS)}={draw.choice(MEANT)}", mutations.setting([*KEYS], draw)]
        odd = [draw.choice(odd)]
        return ["ganjax.main", *POINTS, *odd, *SHORT, f"--workdir={self.fresh('new')}"]

    def options(self, draw: random.Random) -> list[str]:
        """A verb with an option that is none, or of another kind."""
        verb = draw.choice([*OPTIONS])
        words = [*MEANT, *(word for word in mutations.WORDS if "\x00" not in word)]  # which no shell can type
        odd = [f"{draw.choice(OPTIONS[verb])}={draw.choice(words)}" for _ in range(draw.randint(1, 2))]
        run = [] if verb == "inspect" else [f"--workdir={self.root / draw.choice(('points', 'faces', 'nothing'))}"]
        return ["ganjax", verb, *run, *odd]

    def run(self, draw: random.Random) -> list[str]:
        """A run of which a file was damaged: asked for samples, for its page, trained on."""
        run = self.fresh("damaged")
        shutil.copytree(self.root / "points", run)
        files = sorted(each for each in run.rglob("*") if each.is_file() and each.stat().st_size)
        path = run / draw.choice(READ_FIRST) if draw.random() < 0.5 else draw.choice(files)
        lines = path.suffix in (".json", ".jsonl") and draw.random() < 0.5
        path.write_bytes(mutations.lines(path, draw) if lines else mutations.damaged(path.read_bytes(), draw))
        on = ["ganjax.main", *POINTS, *SHORT, "--config.train.steps=3"]
        return [*draw.choice((["ganjax", "sample"], ["ganjax", "report"], on)), f"--workdir={run}"]

    def images(self, draw: random.Random, good: bool = False) -> list[str]:
        """A folder of images that are to be trained on."""
        here = self.fresh("images")
        here.mkdir()
        share = draw.random()
        for i in range(8):
            data, ending = mutations.image(draw)
            whole = good or draw.random() < share
            (here / f"{i}{ending}").write_bytes(data if whole else mutations.damaged(data, draw))
        data = ("--config.data.name=folder", f"--config.data.path={here}")
        return ["ganjax.main", *IMAGES, *data, *SHORT, f"--workdir={self.fresh('new')}"]

    def translate(self, draw: random.Random) -> list[str]:
        """A folder of images that are to be translated."""
        self.images(draw)
        there, out = f"--input={self.root / 'images'}", f"--output={self.fresh('translated')}"
        return ["ganjax", "translate", f"--workdir={self.root / 'pairs'}", there, out, "--size=16"]

    def convert(self, draw: random.Random) -> list[str]:
        """Weights that are to become a run."""
        path, marker = self.root / "netG.pth", self.root / "marker"
        path.write_bytes(mutations.packed(mutations.of_arrays(self.state, draw), draw, str(marker)))
        weights = [
            "--from=dcgan",
            f"--weights={path}",
            f"--workdir={self.fresh('converted')}",
            "--config=configs/dcgan.py",
        ]
        return ["ganjax", "convert", *weights, *IMAGES[1:]]

    def fresh(self, name: str) -> Path:
        """A path at which nothing is."""
        shutil.rmtree(self.root / name, ignore_errors=True)
        return self.root / name

    def wrong(self, ended: Ended) -> list[str]:
        """What must not be, of a command that ended."""
        lines = ended.errors.strip().splitlines() or [""]
        said = lines[-1].startswith("ganjax: ") or ": error: " in lines[-1]
        found = {
            f"exit code {ended.code}": ended.code not in (0, 1, 2),
            "a traceback": "Traceback" in ended.errors,
            "no line": ended.code != 0 and not said,
            "something in the file was run": (self.root / "marker").exists(),
            f"{ended.seconds:.1f} s": ended.seconds > (self.start + REFUSED if ended.code else ANSWERED),
            **{line: True for line in lines if line.startswith(SAID)},
        }
        return [what for what, so in found.items() if so]


def main(argv: list[str]) -> None:
    """Types, counts, complains."""
    parser = argparse.ArgumentParser(prog="python -m experiments.reliability.lines", description=__doc__)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv[1:])
    seen, faults = dict[str, Counter[str]](), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        lines = Lines(Path(os.path.realpath(folder)))
        kinds = lines.kinds()
        for i in tqdm(range(options.n), unit="line"):
            kind = [*kinds][i % len(kinds)]
            command = kinds[kind](random.Random(f"{options.seed} {i}"))
            ended = lines.typed(command)
            wrong = lines.wrong(ended)
            faults += [f"{i} {' '.join(command)}: {', '.join(wrong)}: {ended.errors[-1500:]}"] if wrong else []
            seen.setdefault(kind, Counter())["FAULT" if wrong else f"exit code {ended.code}"] += 1
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(json.dumps({"lines": seen, "faults": faults, "GiB": round(memory, 2)}, indent=2))
    sys.exit(bool(faults) or memory > GIB)


if __name__ == "__main__":
    main(sys.argv)
