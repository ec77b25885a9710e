"""A file that grows."""

from __future__ import annotations

from pathlib import Path


class Appended:
    """What is written is there when the call returns.

    Raises:
        OSError: it cannot be written; the file is named.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.file = path, path.open("ab", buffering=0)

    def write(self, data: bytes) -> None:
        """All of it: on a disk that is nearly full the system takes a part, and says so only when asked again."""
        try:
            while data:
                data = data[self.file.write(data) :]
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error

    def close(self) -> None:
        """Nothing more is written."""
        self.file.close()
