"""TensorBoard's event file, written by whoever calls.

A record is the length of an event, a sum over it, the event, a sum over that (TFRecord). An event is a protocol buffer: of each
field its number and kind, then its value. Numbers of fields: TensorFlow's event.proto and summary.proto.
"""

from __future__ import annotations

import functools
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ganjax.monitor.appended import Appended
from ganjax.monitor.pictures import Bytes, png

VERSION = b"brain.Event:2"
WALL_TIME, STEP, FILE_VERSION, SUMMARY, SESSION_LOG = 1, 2, 3, 5, 7  # of an event
STATUS, START = 1, 1  # of a session's log
VALUE = 1  # of a summary, as many as there are
TAG, SIMPLE_VALUE, IMAGE = 1, 2, 4  # of a value
HEIGHT, WIDTH, COLORSPACE, ENCODED = 1, 2, 3, 4  # of an image; its colour space is how many channels it has


class Board:
    """The events of a workdir after step ``start``: later ones, of a run that got further, are hidden."""

    def __init__(self, workdir: Path, start: int) -> None:
        self.file = Appended(workdir / f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}")
        self._write(_bytes(FILE_VERSION, VERSION))
        if start:
            self._write(_integer(STEP, start + 1) + _bytes(FILE_VERSION, VERSION))
            self._write(_integer(STEP, start + 1) + _bytes(SESSION_LOG, _integer(STATUS, START)))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """A point on each curve."""
        self._summary(step, *(_bytes(TAG, name.encode()) + _float(SIMPLE_VALUE, x) for name, x in values.items()))

    def picture(self, step: int, name: str, image: Bytes) -> None:
        """A picture [h, w, c]."""
        sizes = b"".join(map(_integer, (HEIGHT, WIDTH, COLORSPACE), image.shape))
        self._summary(step, _bytes(TAG, name.encode()) + _bytes(IMAGE, sizes + _bytes(ENCODED, png(image))))

    def close(self) -> None:
        """Everything is written already."""
        self.file.close()

    def _summary(self, step: int, *values: bytes) -> None:
        self._write(_integer(STEP, step) + _bytes(SUMMARY, b"".join(_bytes(VALUE, each) for each in values)))

    def _write(self, fields: bytes) -> None:
        event = _double(WALL_TIME, time.time()) + fields
        length = struct.pack("<Q", len(event))
        sums = [struct.pack("<I", masked(crc32c(part))) for part in (length, event)]
        self.file.write(length + sums[0] + event + sums[1])


def _varint(x: int) -> bytes:
    """Seven bits to a byte, the lowest first; the eighth says that more follow."""
    parts = bytearray()
    while x > 127:
        parts.append(x & 127 | 128)
        x >>= 7
    return bytes([*parts, x])


def _integer(number: int, x: int) -> bytes:
    return _varint(number << 3) + _varint(x)


def _double(number: int, x: float) -> bytes:
    return _varint(number << 3 | 1) + struct.pack("<d", x)


def _bytes(number: int, x: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(x)) + x


def _float(number: int, x: float) -> bytes:
    return _varint(number << 3 | 5) + np.float32(x).tobytes()


@functools.cache
def _remainders() -> list[int]:
    """Of each byte, by Castagnoli's polynomial, bits reversed."""
    table = [*range(256)]
    for _ in range(8):
        table = [x >> 1 ^ (0x82F63B78 if x & 1 else 0) for x in table]
    return table


def crc32c(data: bytes) -> int:
    """The cyclic redundancy check of RFC 3720."""
    table, crc = _remainders(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def masked(crc: int) -> int:
    """A sum that may stand in data that are summed again: turned by 15 bits, and a constant added."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
