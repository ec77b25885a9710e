"""``python -m experiments.reliability.armed N ARGUMENTS``: ganjax.main, which kills itself (kill -9) at its N-th file event.

That is an open for writing, a rename, a deletion, a new folder, by whatever library.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from typing import Any

EVENTS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink")


def arm(n: int, at: str) -> None:
    """Counts events at paths that contain ``at``."""
    left = n

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal left
        writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wxa+")
        if (writes or event in EVENTS) and at in os.fsdecode(args[0] if not isinstance(args[0], int) else ""):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


if __name__ == "__main__":
    number, *arguments = sys.argv[1:]
    arm(int(number), next(each.partition("=")[2] for each in arguments if each.startswith("--workdir=")))
    sys.argv = ["ganjax.main", *arguments]
    runpy.run_module("ganjax.main", run_name="__main__", alter_sys=True)
