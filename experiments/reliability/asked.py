"""Requests gone wrong at random, to the windows on a run that draws and on one that translates."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import threading
from pathlib import Path

from experiments.reliability import mutations
from experiments.reliability.tries import SECONDS
from ganjax import config as configs
from ganjax.commands import explore
from ganjax.errors import UserError
from ganjax.run import initial_state, prepare
from ganjax.window import page
from ganjax.window.drawing import Drawing
from ganjax.window.server import Window
from ganjax.window.translating import Translating

PATHS = ("/", "/schema", "/sample", "/latents", "/../../etc/passwd", "/%2e%2e/", "/sample?a=%ff", "/\x00")
BODIES = (b'{"seed": 1}', b'{"z": [0.5, 0.5]}', b'{"z": [1e999, []]}', b"{}", b"[" * 3000)
QUERIES = (
    "direction=ab",
    "direction=ba",
    "direction=up",
    "",
    "direction=ab&example=1",
    "direction=ab&style=1,nan",
    "&&&",
    "%",
)
DRAWN = ("configs/gan.py:grid25", "generator.hidden=(8,)", "critic.hidden=(8,)")
TRANSLATED = (
    "configs/cyclegan.py",
    *("generator.channels=2", "generator.blocks=1", "critic.channels=2", "critic.layers=1", "data.image_size=16"),
)


def raw(draw: random.Random, port: int) -> tuple[bytes, bool]:
    """(what is sent to a port, whether it is HTTP and so has an answer)."""
    body = mutations.damaged(draw.choice((*BODIES, draw.randbytes(50))), draw)
    length = draw.choice((len(body), len(body), 0, 10**9, -1))
    path = draw.choice(PATHS)
    lines = [f"{draw.choice(('GET', 'POST', 'PUT', 'X'))} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += ["X-Ganjax: 1", "Content-Type: application/json", f"Content-Length: {length}"]
    sent = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return (mutations.damaged(sent, draw), False) if draw.random() < 0.5 else (sent, "\0" not in path)


def answered(sent: bytes, port: int) -> str:
    """The status that a port answers; none where the line is cut or what was sent is no HTTP/1."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as line:
        with contextlib.suppress(ConnectionError):
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            start = line.recv(2**16)
            status = start[9:12].decode("latin-1") if start.startswith(b"HTTP/1") else "no status"
            assert not status.startswith("500"), f"500: {sent[:200]!r}"
            return status
    return "cut"


def window(asked: Drawing | Translating) -> int:
    """The port of a window, which is served as long as the process lives."""
    made = Window(0, page.policy())
    made.routes = explore.routes(asked, {"system": "fuzz", "step": 0, "run": "fuzz"})
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    return made.server_port


class Requests:
    """Raw requests to the window on a run that draws."""

    def __init__(self) -> None:
        spec, *settings = DRAWN
        run = prepare(configs.load(spec, [f"--config.{each}" for each in settings]))
        self.port = window(Drawing(run, initial_state(run._replace(init_key=run.init_key[0]))))

    def __call__(self, draw: random.Random, root: Path) -> str:
        sent, whole = raw(draw, self.port)
        status = answered(sent, self.port)
        assert status.isdecimal() or not whole, f"{status}: {sent[:200]!r}"
        return status


class Uploads:
    """Images, or what may be none, to the window on a run that translates."""

    def __init__(self) -> None:
        spec, *settings = TRANSLATED
        run = prepare(configs.load(spec, [f"--config.{each}" for each in (*settings, "train.batch_size=2")]))
        self.port = window(Translating(run, initial_state(run)))

    def __call__(self, draw: random.Random, root: Path) -> str:
        data, ending = mutations.image(draw)
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)  # which must not be cut
        kind = draw.choice((f"image/{ending[1:]}", "image/png", "text/plain"))
        body, said_to_be = mutations.damaged(data, draw), {"X-Ganjax": "1", "Content-Type": kind}
        with contextlib.closing(line):
            try:
                line.request("POST", f"/translate?{draw.choice(QUERIES)}", body, said_to_be)
                answer = line.getresponse()
                said = json.loads(answer.read())
            except (ConnectionError, http.client.HTTPException) as error:
                raise AssertionError(f"no answer: {error!r}") from error
        if answer.status == 200:
            assert "translation" in said
            return "translated"
        assert answer.status < 500, said
        raise UserError(said["error"])
