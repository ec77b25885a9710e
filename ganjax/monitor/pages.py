"""A page in one file: its style, script and data inside, and a policy that lets it ask for nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib import resources
from string import Template
from typing import Any

POLICY = (
    "default-src 'none'; img-src data:; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"
)


def page(title: str, data: Any) -> str:
    """The report's template with its parts: the style and the script alone, by their hashes, may run in it."""
    folder = resources.files("ganjax.monitor") / "page"
    style, chart, report = (
        (folder / name).read_text(encoding="utf-8") for name in ("report.css", "chart.js", "report.js")
    )
    script = f'"use strict";\n{chart}{report}'
    return Template((folder / "report.html").read_text(encoding="utf-8")).substitute(
        policy=POLICY.format(style=_hash(style), script=_hash(script)),
        title=html.escape(title),
        style=style,
        data=embedded(data),
        script=script,
    )


def embedded(data: Any) -> str:
    """JSON that cannot end the element it stands in: no text of a config opens or closes a tag.

    Raises:
        ValueError: a number in it is NaN or infinite.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
