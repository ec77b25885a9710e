"""``python -m experiments.reliability.armed N ARGUMENTS``: ganjax.main, which kills itself (kill -9) at its N-th file event.

That is an open for writing, a rename, a deletion, a new folder, by whatever library.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from typing import Any

from experiments.reliability.events import changed


def arm(n: int, at: str) -> None:
    """Counts events at paths that contain ``at``."""
    left = n

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal left
        if at in (changed(event, args) or ""):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


if __name__ == "__main__":
    number, *arguments = sys.argv[1:]
    arm(int(number), next(each.partition("=")[2] for each in arguments if each.startswith("--workdir=")))
    sys.argv = ["ganjax.main", *arguments]
    runpy.run_module("ganjax.main", run_name="__main__", alter_sys=True)
