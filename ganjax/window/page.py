"""The one page, and what it may load: its own script and style, by their hashes, and pictures of this server."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from importlib import resources


@functools.cache
def page() -> bytes:
    """page.html."""
    return (resources.files("ganjax.window") / "page.html").read_bytes()


def policy() -> str:
    """The Content-Security-Policy of the page: whatever is not written in it does not run."""

    def own(tag: bytes) -> str:
        found = re.findall(rb"<%s>(.*?)</%s>" % (tag, tag), page(), re.DOTALL)
        return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(each).digest()).decode()}'" for each in found)

    return (
        f"default-src 'none'; script-src {own(b'script')}; style-src {own(b'style')}; img-src 'self' data: blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
