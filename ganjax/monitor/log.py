"""Numbers: one JSON object a line in ``metrics.jsonl``, the same to TensorBoard, and a line or bar for people."""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from ganjax.monitor.appended import Appended
from ganjax.monitor.board import Board
from ganjax.monitor.pictures import Bytes, write_whole
from ganjax.untrusted import json_of

SHOWN = ("disc/loss", "gen/loss", "disc/real_score", "disc/fake_score", "gen/fake_score")


class Log:
    """The log of a workdir from ``start`` on: lines of later steps, from a run that got further, are dropped."""

    def __init__(self, workdir: Path, start: int) -> None:
        self.path = workdir / "metrics.jsonl"
        write_whole(self.path, b"".join(_lines_until(self.path, start)))
        self.file, self.board = Appended(self.path), Board(workdir, start)

    def write(self, step: int, values: dict[str, float]) -> None:
        """One line; NaN, which stands for a move that was skipped, is left out."""
        kept = {name: value for name, value in values.items() if not math.isnan(value)}
        line = json.dumps({"step": step, "time": round(time.time(), 3), **kept}) + "\n"
        self.file.write(line.encode())
        self.board.scalars(step, kept)

    def picture(self, step: int, name: str, image: Bytes) -> None:
        """A picture [h, w, c] for TensorBoard."""
        self.board.picture(step, name, image)

    def close(self) -> None:
        """Closes both files."""
        self.file.close()
        self.board.close()


def _lines_until(path: Path, step: int) -> list[bytes]:
    if not path.exists() or not step:  # what begins anew measures its beginning anew
        return []
    kept = []
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            if line.endswith(b"\n") and json_of(line)["step"] <= step:
                kept.append(line)
        except (ValueError, KeyError, TypeError):
            continue  # half a line, from a run that was killed while writing, or a disk gone bad
    return kept


class Progress:
    """A bar on a terminal; elsewhere a plain line for each log line."""

    def __init__(self, start: int, steps: int, stream: Any = None) -> None:
        self.start, self.steps, self.began = start, steps, time.monotonic()
        self.stream: TextIO = stream or sys.stderr
        terminal = self.stream.isatty()
        self.bar = tqdm(initial=start, total=steps, unit="step", file=self.stream) if terminal else None

    def tick(self, step: int) -> None:
        """Moves the bar."""
        if self.bar is not None:
            self.bar.update(step - self.bar.n)

    def show(self, step: int, values: dict[str, float]) -> None:
        """Losses, scores and speed of a log line, with the time left."""
        text = "  ".join(f"{name} {values[name]:.3f}" for name in SHOWN if not math.isnan(values.get(name, math.nan)))
        if "speed/images_per_s" in values:
            text += f"  {values['speed/images_per_s']:.0f} images/s"
        if self.bar is not None:
            self.bar.set_postfix_str(text)
        else:
            left = (self.steps - step) * (time.monotonic() - self.began) / max(step - self.start, 1)
            print(
                f"step {step}/{self.steps}  epoch {values.get('epoch', 0):.2f}  {text}  {_duration(left)} left",
                file=self.stream,
                flush=True,
            )

    def close(self) -> None:
        """Leaves the bar as it stands."""
        if self.bar is not None:
            self.bar.close()


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
