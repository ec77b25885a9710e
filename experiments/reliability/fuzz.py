"""``python -m experiments.reliability.fuzz [--n=10000]``: images, configs, weights, requests gone wrong at random.

What is promised of each: an answer, or a line that says what is wrong, in five seconds; no file outside its folder, nothing run.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from experiments.reliability import asked, stored, tries
from experiments.reliability.events import changed, outside
from ganjax.errors import UserError

GIB = 1.0  # of memory, in all
Try = Callable[[random.Random, Path], str]  # what became of it


def tried(one: Try, draw: random.Random, root: Path) -> str:
    """What became of it; what must not is an AssertionError, or any error that is not the user's to mend."""
    begun = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            said = one(draw, root)
        except (UserError, OSError) as error:
            said, line = "refused in a line", str(error)
            if not line or ("\n" in line and isinstance(error, UserError)):
                raise AssertionError(f"not a line: {line!r}") from error
    took = time.monotonic() - begun
    assert took < tries.SECONDS, f"{took:.1f} s"
    return said


@contextlib.contextmanager
def inside(root: Path) -> Iterator[list[str]]:
    """Names of files that are written outside ``root`` meanwhile."""
    found: list[str] = []
    watching = True

    def hook(event: str, args: tuple[Any, ...]) -> None:
        path = changed(event, args) if watching else None
        if path is not None and outside(path, str(root)):
            found.append(path)

    sys.addaudithook(hook)
    try:
        yield found
    finally:
        watching = False


def of_all_kinds(root: Path) -> dict[str, Try]:
    """What is tried, in turns."""
    return {
        "image": tries.image,
        "config": tries.config,
        "run_config": tries.run_config,
        "data_file": tries.data_file,
        "weights": tries.weights,
        "state_dict": stored.StateDicts(),
        "run_file": stored.RunFiles(root),
        "request": asked.Requests(),
        "upload": asked.Uploads(),
    }


def main(argv: list[str]) -> None:
    """Tries, counts, complains."""
    parser = argparse.ArgumentParser(prog="python -m experiments.reliability.fuzz", description=__doc__)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv[1:])
    logging.disable(logging.WARNING)
    seen: dict[str, Counter[str]] = {}
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder, inside(Path(os.path.realpath(folder))) as astray:
        root = Path(os.path.realpath(folder))
        all_tries = of_all_kinds(root)
        for i in tqdm(range(options.n), unit="try"):
            name = [*all_tries][i % len(all_tries)]
            try:
                said = tried(all_tries[name], random.Random(f"{options.seed} {i}"), root)
            except Exception as error:
                said = "FAULT"
                faults.append(f"{name} {i}: {type(error).__name__}: {str(error)[:300]}")
                if len(faults) < 10:
                    traceback.print_exc()
            seen.setdefault(name, Counter())[said] += 1
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        json.dumps({"tries": seen, "faults": faults, "outside": sorted({*astray}), "GiB": round(memory, 2)}, indent=2)
    )
    sys.exit(bool(faults or astray) or memory > GIB)


if __name__ == "__main__":
    main(sys.argv)
