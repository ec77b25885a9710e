"""TensorBoard's event file, written by whoever calls.

tensorboardX makes the events. Its own writer is a thread, which dies where a disk is full: then its queue fills, and training
waits for ever.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tensorboardX import summary
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.proto.summary_pb2 import Summary
from tensorboardX.record_writer import masked_crc32c

from ganjax.monitor.appended import Appended

VERSION = "brain.Event:2"


class Board:
    """The events of a workdir after step ``start``: later ones, of a run that got further, are hidden."""

    def __init__(self, workdir: Path, start: int) -> None:
        self.file = Appended(workdir / f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}")
        self._write(file_version=VERSION)
        if start:
            self._write(step=start + 1, file_version=VERSION)
            self._write(step=start + 1, session_log=SessionLog(status=SessionLog.START))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """A point on each curve."""
        found = [summary.scalar(name, value).value[0] for name, value in values.items()]
        self._write(step=step, summary=Summary(value=found))

    def picture(self, step: int, name: str, image: Any) -> None:
        """A picture [h, w, c]."""
        self._write(step=step, summary=summary.image(name, image, dataformats="HWC"))

    def close(self) -> None:
        """Everything is written already."""
        self.file.close()

    def _write(self, **fields: Any) -> None:
        """A TFRecord: length, sum of the length, event, sum of the event."""
        event = Event(wall_time=time.time(), **fields).SerializeToString()
        length = struct.pack("<Q", len(event))
        sums = [struct.pack("<I", masked_crc32c(part)) for part in (length, event)]
        self.file.write(length + sums[0] + event + sums[1])
