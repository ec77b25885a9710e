"""The one exception that is the user's to mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake that the user can mend: its text is the one line that is printed; the exit code is 2."""


def nearest(name: str, names: Iterable[str]) -> str:
    """ "; did you mean …?" where one of ``names`` is close to ``name``, else nothing: the end of an error's line."""
    match = difflib.get_close_matches(name, list(names), n=1)
    return f"; did you mean {match[0]!r}?" if match else ""
