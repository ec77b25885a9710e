"""``python -m experiments.reliability.fenced ROOT MODULE ARGUMENTS``: a command that says what it does to files outside ROOT."""

from __future__ import annotations

import os
import runpy
import sys
from typing import Any

from experiments.reliability.events import changed, outside

SAID = "OUTSIDE"


def fence(root: str) -> None:
    """Says each such path on stderr."""

    def hook(event: str, args: tuple[Any, ...]) -> None:
        path = changed(event, args)
        if path is not None and outside(path, root):
            os.write(2, f"{SAID} {event} {path}\n".encode(errors="backslashreplace"))

    sys.addaudithook(hook)


if __name__ == "__main__":
    root, module, *arguments = sys.argv[1:]
    fence(root)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
