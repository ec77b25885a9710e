"""The event file for TensorBoard is the one that tensorboardX writes; a full disk is said to whoever writes."""

import errno
import os
import struct

import numpy as np
import pytest
import tensorboardX
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.record_writer import masked_crc32c

from ganjax.monitor.appended import Appended
from ganjax.monitor.board import Board, crc32c

PICTURE = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def events(folder):
    (path,) = folder.glob("events.out.tfevents.*")
    data, found = path.read_bytes(), []
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        event, sums = data[12 : 12 + length], (data[8:12], data[12 + length : 16 + length])
        assert [struct.unpack("<I", each)[0] for each in sums] == [masked_crc32c(data[:8]), masked_crc32c(event)]
        found.append(Event.FromString(event))
        data = data[16 + length :]
    return found


def told(events):
    """All but the clocks: one event of several values is several of one."""
    for event in events:
        values = event.summary.value or [None]
        for value in values:
            yield event.step, event.file_version, event.session_log.status, value and value.SerializeToString()


@pytest.mark.parametrize("start", [0, 7])
def test_it_is_what_tensorboardx_writes(tmp_path, start):
    (tmp_path / "ours").mkdir()
    ours = Board(tmp_path / "ours", start)
    theirs = tensorboardX.SummaryWriter(str(tmp_path / "theirs"), purge_step=start + 1 if start else None)
    for step in (8, 9):
        ours.scalars(step, {"disc/loss": 0.5 * step, "gen/loss": -1.0})
        theirs.add_scalar("disc/loss", 0.5 * step, step)
        theirs.add_scalar("gen/loss", -1.0, step)
    ours.picture(9, "samples", PICTURE)
    theirs.add_image("samples", PICTURE, 9, dataformats="HWC")
    ours.close()
    theirs.close()
    assert list(told(events(tmp_path / "ours"))) == list(told(events(tmp_path / "theirs")))


def test_a_published_sum():
    """RFC 3720, B.4, and the check value of CRC-32C."""
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(bytes(range(32))) == 0x46DD794E


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has it")
def test_a_full_disk_is_said_at_once(tmp_path):
    board = Board(tmp_path, 0)
    board.file.file.close()
    board.file.file = open("/dev/full", "ab", buffering=0)
    for step in range(50):  # a queue would be full by now
        with pytest.raises(OSError, match="No space left") as caught:
            board.scalars(step, {"disc/loss": 1.0})
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(board.file.path))
    board.close()


def test_what_a_disk_takes_by_halves_is_written_whole(tmp_path):
    class Halving:
        taken = b""

        def write(self, data):
            half = data[: max(1, len(data) // 2)]
            self.taken += half
            return len(half)

    file = Appended(tmp_path / "x")
    file.file.close()
    file.file = Halving()
    file.write(b"a line of the log\n")
    assert file.file.taken == b"a line of the log\n"
