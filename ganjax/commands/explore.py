"""A local page on a run: latents, classes, texts and walks between samples; images to be translated."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import webbrowser
from pathlib import Path
from typing import Any

from ganjax.errors import UserError
from ganjax.translations import translates
from ganjax.window.drawing import Drawing
from ganjax.window.page import page, policy
from ganjax.window.server import Answer, Route, Window, as_json
from ganjax.window.translating import Translating
from ganjax.workdir import reopen

JSON_LIMIT = 2**18  # bytes of a request
IMAGE_LIMIT = 2**24


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("--workdir", required=True, type=Path, help="the directory that training wrote")
    parser.add_argument("--step", help="which checkpoint: a number, best, or 0 for before training (the newest)")
    parser.add_argument("--run", type=int, default=0, dest="index", help="which of several seeds (0)")
    parser.add_argument("--raw", action="store_true", help="the generator itself where the run keeps an average")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1 (any that is free)")
    parser.add_argument("--no-browser", action="store_true", help="say the address and open nothing")
    parser.add_argument("--json", action="store_true", help="JSON on stdout and nothing else")


def run(options: argparse.Namespace) -> None:
    """Serves the page until Ctrl-C."""
    if not 0 <= options.port < 2**16:
        raise UserError(f"--port={options.port} must be from 0 to {2**16 - 1}")
    try:
        window = Window(options.port, policy())
    except OSError as error:
        raise UserError(f"--port={options.port}: {error.strerror}; leave it out for one that is free") from error
    with window:
        opened, step, state = reopen(options.workdir, options.step, options.index)
        said = {"system": opened.config.system, "step": step, "run": options.workdir.resolve().name}
        asked = (Translating if translates(opened) else Drawing)(opened, state, options.raw)
        window.routes = routes(asked, said)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        answer = json.dumps({"url": window.url, **said})
        print(
            answer if options.json else f"step {step} of {options.workdir} is at {window.url} (Ctrl-C ends)", flush=True
        )
        try:
            if not options.no_browser and _has_windows():
                webbrowser.open(window.url)
            window.serve_forever()
        except KeyboardInterrupt:
            asked.lock.acquire()  # nothing is computed when the process ends


def routes(asked: Drawing | Translating, said: dict[str, Any]) -> dict[str, Route]:
    """All that the page may ask."""
    schema = as_json({**said, **asked.schema()})
    table = {
        "/": Route("GET", lambda query, body: Answer(page(), "text/html; charset=utf-8")),
        "/schema": Route("GET", lambda query, body: schema),
    }
    if isinstance(asked, Drawing):
        return table | {
            "/sample": Route(
                "POST", lambda query, body: Answer(asked.sample(body), "image/png"), "application/json", JSON_LIMIT
            ),
            "/latents": Route("POST", lambda query, body: as_json(asked.latents(body)), "application/json", JSON_LIMIT),
        }
    return table | {
        "/example": Route("GET", lambda query, body: Answer(asked.example(query), "image/png")),
        "/translate": Route("POST", lambda query, body: as_json(asked.translate(query, body)), "image/", IMAGE_LIMIT),
    }


def _has_windows() -> bool:
    """Whether a browser would open a window: in a terminal alone some take the terminal."""
    return not sys.platform.startswith("linux") or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())
