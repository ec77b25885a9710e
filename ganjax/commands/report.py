"""A run as one HTML page that needs nothing else; several runs over each other (--compare)."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import jax

from ganjax import __version__, report
from ganjax.errors import UserError
from ganjax.monitor import pages
from ganjax.monitor.pictures import write_whole


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--workdir", type=Path, help="the directory that training wrote; the run may still be training")
    which.add_argument("--compare", type=Path, nargs="+", metavar="DIR", help="two runs or more, their curves in one")
    parser.add_argument("--out", type=Path, help="X.html (WORKDIR/report.html; of --compare compare.html, here)")
    parser.add_argument("--json", action="store_true", help="JSON on stdout and nothing else")


def run(options: argparse.Namespace) -> None:
    """Writes the page, and says where it is and what it warns of."""
    jax.config.update("jax_platforms", "cpu")  # an accelerator may be busy with this very run: it is only shapes here
    out = _out(options)
    told = compared(options.compare) if options.compare else alone(options.workdir)
    data = pages.page(told["title"], told).encode()
    write_whole(out, data)
    warned = {each["workdir"]: each["warnings"] for each in told["runs"]}
    if options.json:
        print(json.dumps({"out": str(out), "bytes": len(data), "warnings": warned}, ensure_ascii=False))
        return
    print(f"{out} ({len(data) / 2**20:.1f} MiB)")
    for workdir, lines in warned.items():
        for line in lines:
            print(f"{f'{workdir}: ' * bool(options.compare)}{line}")


def alone(workdir: Path) -> dict[str, Any]:
    """What the page of one run tells.

    Raises:
        UserError: there is no run.
    """
    name = report.names([workdir])[0]
    return _told(name, [report.of_run(workdir, name)])


def compared(workdirs: list[Path]) -> dict[str, Any]:
    """What the page of several runs tells: each of them, and in what they differ.

    Raises:
        UserError: there is only one; one is given twice; one is no run.
    """
    places = [workdir.resolve() for workdir in workdirs]
    if len(places) < 2:
        raise UserError(f"--compare {workdirs[0]}: two runs are needed, or more; one is --workdir={workdirs[0]}")
    twice = [str(workdir) for workdir, place in zip(workdirs, places, strict=True) if places.count(place) > 1]
    if twice:
        raise UserError(f"--compare: {' and '.join(twice)} are the same run")
    named = list(zip(report.names(workdirs), workdirs, strict=True))
    runs = [report.of_run(workdir, name, len(workdirs)) for name, workdir in named]
    beside = {"differences": report.differences(runs), "measures": report.side_by_side(named)}
    return _told(f"{len(runs)} runs compared", runs) | beside


def _told(title: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": title, "made": time.strftime("%Y-%m-%d %H:%M %Z"), "version": __version__, "runs": runs}


def _out(options: argparse.Namespace) -> Path:
    """Where the page goes.

    Raises:
        UserError: that is no HTML file.
    """
    out: Path = options.out or (Path("compare.html") if options.compare else options.workdir / "report.html")
    if out.suffix.lower() not in (".html", ".htm") or out.is_dir():
        raise UserError(f"--out={out}: X.html is needed, the file that the page is written to")
    return out
