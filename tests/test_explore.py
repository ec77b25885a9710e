"""The local page on a run: what it answers, what it refuses, and that nobody is held up."""

import base64
import contextlib
import http.client
import io
import json
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from urllib.parse import quote

import jax
import numpy as np
import pytest
import tiny
from PIL import Image
from tiny import call, refused

from ganjax import config as configs
from ganjax.commands import explore
from ganjax.errors import UserError
from ganjax.latents import Truncation, latents, truncated
from ganjax.nets.conv import library
from ganjax.run import assemble, initial_state, prepare
from ganjax.translations import translates
from ganjax.window import page, server, values
from ganjax.window.drawing import Drawing
from ganjax.window.server import Answer, Route, Window, as_json
from ganjax.window.translating import Translating
from ganjax.workdir import claim, reopen

pytestmark = [pytest.mark.xdist_group("explore"), pytest.mark.ci]  # one process trains what they share
POST = {"X-Ganjax": "test", "Content-Type": "application/json"}
IMAGE = {**POST, "Content-Type": "image/png"}


@pytest.fixture(autouse=True)
def library_convolutions():
    with library():
        yield


class Served:
    """A window on a thread, and requests to it."""

    def __init__(self, routes):
        self.window = Window(0, page.policy())
        self.window.routes = routes
        self.thread = threading.Thread(target=self.window.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def ask(self, method, path, body=None, **headers):
        """(status, kind, body) of a request with these headers and no others of the client's own making."""
        connection = http.client.HTTPConnection("127.0.0.1", self.window.server_port, timeout=20)
        connection.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        self.headers = answer.headers
        return answer.status, answer.headers["Content-Type"], content

    def post(self, path, said):
        return self.ask("POST", path, said if isinstance(said, bytes) else json.dumps(said).encode(), **POST)

    def error(self, status, method, path, body=None, **headers):
        """The line with which it refuses."""
        found, kind, content = self.ask(method, path, body, **headers)
        assert (found, kind) == (status, "application/json"), content
        (line,) = json.loads(content).values()
        assert line
        assert "\n" not in line
        return line

    def close(self):
        self.window.shutdown()
        self.window.server_close()


def opened(run, state):
    asked = (Translating if translates(run) else Drawing)(run, state)
    return Served(explore.routes(asked, {"system": run.config.system, "step": 0, "run": "test"})), asked


def of_config(name, *settings, variant=""):
    """A run of a config before its first step, and its state."""
    run = prepare(
        configs.load(f"configs/{name}.py:{variant}", [f"--config.{each}" for each in ("train.batch_size=4", *settings)])
    )
    return run, initial_state(run)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """That of a biggan of 11 classes, before its first step."""
    folder = tmp_path_factory.mktemp("biggan")
    claim(folder / "run", prepare(tiny.config("biggan", folder)))
    return folder / "run"


@pytest.fixture(scope="module")
def reopened(workdir):
    """Its run and state."""
    with library():
        run, _, state = reopen(workdir, 0)
    return run, state


@pytest.fixture(scope="module")
def biggan(reopened):
    with library():
        served, _ = opened(*reopened)
        yield served
    served.close()


def pixels(png):
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image, int)


def sampled(served, **said):
    status, kind, content = served.post("/sample", said)
    assert (status, kind) == (200, "image/png"), content
    return pixels(content)


def test_the_page_is_one_file_that_loads_nothing_else(biggan):
    status, kind, content = biggan.ask("GET", "/")
    assert (status, kind) == (200, "text/html; charset=utf-8")
    text = content.decode()
    assert not re.search(r"(?:src|href)=\"(?!data:)|@import|url\(|https?:", text)
    said = biggan.headers["Content-Security-Policy"]
    assert said.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in said
    assert biggan.headers["Cache-Control"] == "no-store"
    assert biggan.headers["X-Content-Type-Options"] == "nosniff"
    assert biggan.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_schema_says_what_the_run_reads(biggan):
    schema = json.loads(biggan.ask("GET", "/schema")[2])
    assert schema["z"] == {"size": 6, "range": [-3, 3], "normal": True}
    assert schema["label"] == {"names": [str(i) for i in range(11)], "mixes": True}
    assert (schema["truncation"], schema["text"], schema["code"], schema["points"]) == (True, None, None, False)


def test_a_sample_is_that_of_the_verb(biggan, workdir, reopened, capsys, tmp_path):
    """By seed and class, by the name of a latent, truncated: the same picture, but for rounding of a batch of one."""
    z = np.asarray(reopened[0].game.gan.inputs(jax.random.key(3), 1)["z"])
    np.testing.assert_array_equal(
        *(sampled(biggan, **said, label=7, truncation=0.5) for said in ({"seed": 3}, {"z": z[0].tolist()}))
    )
    for said, options in (
        ({"z": [0.3] * 6, "label": 2}, ["--latent=0.3", "--label=2"]),
        ({"seed": 3, "label": 7}, ["--seed=3", "--label=7"]),
        ({"seed": 3, "label": 7, "truncation": "tfhub:0.5"}, ["--seed=3", "--label=7", "--truncation=tfhub:0.5"]),
    ):
        call(
            capsys, "sample", f"--workdir={workdir}", f"--out={tmp_path}/x.npz", "--step=0", "--n=1", "--json", *options
        )
        with np.load(tmp_path / "x.npz") as made:
            assert np.abs(sampled(biggan, **said) - made["images"][0]).max() <= 1


def test_weights_of_classes_end_in_the_classes(biggan):
    one = sampled(biggan, seed=1, label=4)
    assert np.abs(one - sampled(biggan, seed=1, label=[float(i == 4) for i in range(11)])).max() <= 1
    half = sampled(biggan, seed=1, label=[0.5, 0, 0, 0, 0.5, *[0] * 6])
    assert (half != one).any()


def test_latents_by_name_are_those_of_the_house(biggan):
    base = [0.5, -1, 2, 0, 0.25, 1]
    ends = np.float32([base, [1] * 6, *[base] * 5])
    for name, n in (("onehot:2", 1), ("-1", 1), ("set:1=10,2=10,base=1", 1), ("sweep:4", 7), ("slerp", 7), ("lerp", 7)):
        found = json.loads(biggan.post("/latents", {"name": name, "z": base, "to": [1] * 6, "n": n})[2])
        np.testing.assert_allclose(found["z"], latents(name, ends[:n]), atol=1e-5)
    drawn = json.loads(biggan.post("/latents", {"seed": 5})[2])
    assert set(drawn) == {"z", "label"}
    assert np.abs(sampled(biggan, z=drawn["z"][0], label=drawn["label"]) - sampled(biggan, seed=5)).max() <= 1


@pytest.mark.parametrize(
    ("path", "body", "line"),
    [
        ("/sample", b"{", "not valid JSON"),
        ("/sample", b"[" * 100_000, "not valid JSON"),
        ("/sample", b"\xff\xfe", "not valid JSON"),
        ("/sample", b"[1]", "no JSON object"),
        ("/sample", b'{"z": [NaN, 0, 0, 0, 0, 0]}', "not valid JSON"),
        ("/sample", b'{"z": [1e999, 0, 0, 0, 0, 0]}', "z[0]: a number from -10000 to 10000 is needed"),
        ("/sample", b'{"z": [true, 0, 0, 0, 0, 0]}', "z[0]: a number"),
        ("/sample", b'{"z": [0, 0]}', "z: 6 numbers are needed, 2 came"),
        ("/sample", b'{"z": "0"}', "z: 6 numbers are needed, in a list"),
        ("/sample", b'{"sede": 1}', "did you mean 'seed'?"),
        ("/sample", b'{"seed": -1}', "seed: a whole number from 0"),
        ("/sample", b'{"seed": 1.5}', "seed: a whole number from 0"),
        ("/sample", b'{"label": 11}', "label: a whole number from 0 to 10 is needed"),
        ("/sample", b'{"label": "red"}', "label: a whole number from 0 to 10 is needed"),
        ("/sample", b'{"label": [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]}', "label: weights are at least 0 and add up to 1"),
        ("/sample", b'{"truncation": 0}', "use a threshold above 0"),
        ("/sample", b'{"truncation": {}}', "use a threshold above 0"),
        ("/sample", b'{"text": "red hair"}', "text: biggan draws without"),
        ("/latents", b'{"name": "onehot:6"}', "'6' is no coordinate; there are 0 to 5"),
        ("/latents", b'{"name": "x"}', "use random, a number"),
        ("/latents", b'{"name": 3}', "name: such as random"),
        ("/latents", b'{"n": 1000}', "n: a whole number from 1 to 201 is needed"),
    ],
)
def test_a_wrong_value_is_told_in_a_line(biggan, path, body, line):
    assert line in biggan.error(400, "POST", path, body, **POST)


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/..%2f..%2fetc/passwd", "/page.html", "//etc/passwd", "/sample/", "/%00", "/schema.json"],
)
def test_there_are_no_other_paths(biggan, path):
    assert "there is nothing here" in biggan.error(404, "GET", path)


def test_only_this_machines_own_page_is_answered(biggan):
    port = biggan.window.server_port
    for host in ("evil.example", f"evil.example:{port}", f"127.0.0.1:{port + 1}", "127.0.0.1", f"[::1]:{port}", ""):
        assert "no other host" in biggan.error(421, "GET", "/schema", Host=host)
    assert biggan.ask("GET", "/schema", Host=f"localhost:{port}")[0] == 200
    body = b'{"seed": 1}'
    assert "with the header X-Ganjax" in biggan.error(403, "POST", "/sample", body, Content_Type="application/json")
    assert "only this server's page" in biggan.error(403, "POST", "/sample", body, Origin="http://evil.example", **POST)
    assert "only this server's page" in biggan.error(403, "POST", "/sample", body, Origin="null", **POST)
    own = biggan.ask("POST", "/sample", body, Origin=f"http://127.0.0.1:{port}", **POST)
    assert own[0] == 200
    assert "Access-Control-Allow-Origin" not in biggan.headers


def test_methods_kinds_and_sizes(biggan):
    assert "answers POST alone" in biggan.error(405, "GET", "/sample")
    assert "answers GET alone" in biggan.error(405, "POST", "/schema", b"{}", **POST)
    assert biggan.ask("OPTIONS", "/sample")[0] == 501  # a browser that asks for another site hears no
    as_text = {**POST, "Content-Type": "text/plain"}
    assert "application/json" in biggan.error(415, "POST", "/sample", b"{}", **as_text)
    assert "how many bytes" in biggan.error(411, "POST", "/sample", iter([b"{}"]), **POST)
    assert "how many bytes" in biggan.error(411, "POST", "/sample", b"{}", **POST, Content_Length="-1")
    assert "more than 262,144 bytes" in biggan.error(413, "POST", "/sample", b" " * 2**20, **POST)
    assert "more than" in biggan.error(413, "POST", "/sample", b"{}", **POST, Content_Length="9" * 30)


def test_a_host_is_said_once(biggan):
    port = biggan.window.server_port
    with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
        raw.sendall(f"GET /schema HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\n\r\n".encode())
        assert b" 421 " in raw.recv(100)


@pytest.fixture
def plain():
    """A window that knows nothing of a run."""

    def fails(query, body):
        raise RuntimeError("of ours\nin two lines")

    table = {"/": Route("GET", lambda query, body: as_json(query)), "/fails": Route("GET", fails)}
    served = Served({**table, "/echo": Route("POST", lambda query, body: Answer(body, "text/plain"), "image/", 2**20)})
    yield served
    served.close()


def test_slow_clients_hold_nobody_up_and_are_cut_off(plain, monkeypatch):
    """Ten that drip bytes, five that say nothing, while others are answered at once; after their time they are gone."""
    monkeypatch.setattr(server, "SECONDS", 1.0)
    slow = [socket.create_connection(("127.0.0.1", plain.window.server_port), timeout=20) for _ in range(15)]
    for raw in slow[:10]:
        raw.sendall(b"POST /echo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-Ganjax: 1\r\n" % plain.window.server_port)
    begun = time.perf_counter()
    for _ in range(10):
        assert plain.ask("GET", "/?a=1") == (200, "application/json", b'{"a": "1"}')
    assert time.perf_counter() - begun < 0.9
    for _ in range(8):
        time.sleep(0.25)
        for raw in slow[:10]:
            try:
                raw.sendall(b"X")
            except OSError:
                pass
    for raw in slow:
        try:
            assert raw.recv(10) in (b"", b"HTTP/1.0 4")  # of the five nothing, of ten at most a refusal
        except OSError:
            pass
        raw.close()


def test_too_many_at_once_are_turned_away_and_then_let_in(plain):
    crowd = [
        socket.create_connection(("127.0.0.1", plain.window.server_port), timeout=20) for _ in range(server.AT_ONCE + 5)
    ]
    assert crowd[-1].recv(1) == b""
    for raw in crowd:
        raw.close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            assert plain.ask("GET", "/")[0] == 200
            return
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
    pytest.fail("the places were not given back")


def test_broken_clients_and_our_own_faults(plain, capsys):
    port = plain.window.server_port
    for sent in (
        b"",
        b"GET",
        b"\x16\x03\x01\x02",
        b"GET / HTTP/1.1\r\nHost",
        b"GET /%s HTTP/1.1\r\n\r\n" % (b"a" * 70_000),
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
            raw.sendall(sent)
    half = {"X-Ganjax": "1", "Content-Type": "image/png", "Content-Length": "100"}
    with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
        said = "".join(f"{key}: {value}\r\n" for key, value in {"Host": f"127.0.0.1:{port}", **half}.items())
        raw.sendall(f"POST /echo HTTP/1.1\r\n{said}\r\nhalf".encode())
        raw.shutdown(socket.SHUT_WR)
        assert b"4 bytes came of 100" in b"".join(iter(lambda: raw.recv(2**16), b""))
    assert plain.error(500, "GET", "/fails") == "RuntimeError: of ours in two lines"
    said = capsys.readouterr().err
    assert said.count("Traceback") == said.count("RuntimeError: of ours") == 1
    assert plain.ask("GET", "/")[0] == 200


def test_it_listens_on_this_machine_alone(plain):
    assert plain.window.server_address[0] == "127.0.0.1"
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", plain.window.server_port))


def test_it_is_compiled_before_the_first_request(reopened):
    """No trace of the generator after the start, whatever is asked."""
    run, state = reopened
    traces = []
    generate = run.game.gan.generate

    def counted(*given):
        traces.append(1)
        return generate(*given)

    run = run._replace(game=run.game._replace(gan=run.game.gan._replace(generate=counted)))
    asked = Drawing(run, state)
    before = len(traces)
    for said in ({"seed": 9}, {"z": [0.0] * 6, "label": 1, "truncation": 0.3}, {"label": [1 / 11] * 11}):
        asked.sample(json.dumps(said).encode())
    assert len(traces) == before > 0


def test_truncation_moves_the_latents_that_are_asked_for(reopened):
    asked = Drawing(*reopened)
    z = np.linspace(-2.5, 2.5, 6, dtype=np.float32)
    read = asked._read({"z": z.tolist(), "truncation": 0.4})["z"]
    np.testing.assert_array_equal(read, truncated(z[None], Truncation("redrawn", 0.4)))


def test_points_of_the_plane():
    """The picture is that of the sheets: the crowd, the modes, and the one that is asked for, which moves."""
    run, state = of_config(
        "wgan_gp", "generator.hidden=(8,)", "critic.hidden=(8,)", "train.num_seeds=1", variant="ring8"
    )
    served, asked = opened(run, state)
    one, other = (sampled(served, z=z) for z in ([0.0, 0.0], [3.0, 3.0]))
    assert one.shape == (400, 400, 3)
    assert (one != other).any()
    assert np.abs(asked._spot(np.float32([50, -50]))).max() < 1.2  # of modes on the unit circle: within the picture
    assert json.loads(served.ask("GET", "/schema")[2])["points"]
    served.close()


def test_latents_that_are_not_normal(tmp_path):
    """Uniform ones: sliders as far as they go, no truncation."""
    settings = tiny.overrides("gan", tmp_path, steps=2)
    run = prepare(configs.load("configs/gan.py", settings))
    served, asked = opened(run, initial_state(run))
    schema = asked.schema()
    low, high = schema["z"]["range"]
    drawn = np.asarray(run.game.gan.inputs(jax.random.key(9), 500)["z"])
    assert low <= drawn.min() < low + 0.2
    assert high - 0.2 < drawn.max() <= high
    assert (schema["truncation"], schema["label"]) == (False, None)
    assert "cuts the tails of z ~ N(0, 1)" in served.error(400, "POST", "/sample", b'{"truncation": 0.5}', **POST)
    served.close()


def test_codes_and_classes_that_do_not_mix():
    small = [f"{role}.{key}={n}" for role in ("generator", "critic") for key, n in (("channels", 2), ("hidden", 8))]
    served, asked = opened(*of_config("infogan", *small, "train.num_seeds=1"))
    schema = asked.schema()
    assert (schema["category"], schema["code"]["size"]) == (10, 2)
    assert (sampled(served, category=1, code=[0, 1]) != sampled(served, category=1, code=[2, 1])).any()
    assert "category: a whole number from 0 to 9" in served.error(400, "POST", "/sample", b'{"category": 10}', **POST)
    assert "code: 2 numbers are needed" in served.error(400, "POST", "/sample", b'{"code": [1]}', **POST)
    served.close()


def test_sentences_and_what_lies_between():
    small = [f"{who}.{key}" for who in ("generator", "critic") for key in ("size=8", "channels=4")]
    served, asked = opened(*of_config("text_gan", *small, "data.image_size=8"))
    assert "hair" in asked.schema()["text"]["words"]
    red, same = (sampled(served, text=said) for said in ("red hair", "RED, hair!"))
    np.testing.assert_array_equal(red, same)
    np.testing.assert_array_equal(red, sampled(served, text={"red hair": 1.0, "blue hair": 0.0}))
    assert (red != sampled(served, text={"red hair": 0.3, "blue hair": 0.7})).any()
    for text, line in (
        ("", "has no words"),
        (3, "a sentence of at most"),
        ({}, "a sentence"),
        ({"red": 2}, "add up to 1"),
    ):
        assert line in served.error(400, "POST", "/sample", json.dumps({"text": text}).encode(), **POST)
    served.close()


SMALL = {
    "cyclegan": ("generator.channels=2", "generator.blocks=1", "critic.channels=2", "critic.layers=1"),
    "ugatit": ("generator.channels=2", "generator.blocks=1", "global_critic.channels=2", "local_critic.channels=2"),
    "stargan": ("generator.channels=2", "generator.blocks=1", "critic.channels=2"),
    "munit": ("content.channels=2", "style.channels=2", "generator.hidden=16", "critic.channels=2"),
}


@pytest.fixture(scope="module")
def cyclegan():
    with library():
        served, _ = opened(*of_config("cyclegan", *SMALL["cyclegan"]))
        yield served
    served.close()


def png(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def translated(served, query, body=b"", kind="image/png"):
    status, found, content = served.ask("POST", f"/translate?{query}", body, **{**POST, "Content-Type": kind})
    assert (status, found) == (200, "application/json"), content
    return {name: pixels(base64.b64decode(each)) for name, each in json.loads(content).items()}


def test_an_image_is_translated_there_and_back(cyclegan):
    image = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    made = translated(cyclegan, "direction=ab", png(image))
    assert set(made) == {"image", "translation", "back"}
    np.testing.assert_array_equal(made["image"], image)
    assert made["translation"].shape == (32, 32, 3)
    other = translated(cyclegan, "direction=ba", png(image))
    assert (other["translation"] != made["translation"]).any()


def test_any_size_mode_and_kind_of_image_is_brought_to_the_size_of_training(cyclegan):
    for image, kind in (
        (Image.new("L", (200, 70), 90), "JPEG"),
        (Image.new("RGBA", (9, 33), (0, 0, 0, 0)), "WEBP"),
        (Image.new("P", (64, 64)), "GIF"),
        (Image.new("I;16", (40, 40), 40_000), "PNG"),
    ):
        file = io.BytesIO()
        image.save(file, kind)
        assert translated(cyclegan, "direction=ab", file.getvalue(), f"image/{kind.lower()}")["image"].shape == (
            32,
            32,
            3,
        )


def test_examples_are_held_out_images_by_their_number(cyclegan):
    status, kind, content = cyclegan.ask("GET", "/example?direction=ba&index=2")
    assert (status, kind) == (200, "image/png")
    np.testing.assert_array_equal(translated(cyclegan, "direction=ba&example=2")["image"], pixels(content))
    for index in ("8", "-1", "x", "", "../0", "١"):
        assert "there are 0 to 7" in cyclegan.error(400, "GET", f"/example?index={quote(index)}")
    assert "there are 0 to 7: post an image" in cyclegan.error(400, "POST", "/translate", b"", **IMAGE)


def bomb(width, height):
    """A PNG whose header promises so many pixels, in 60 bytes."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"no image", "it is none of PNG, JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "it is none of PNG, JPEG"),  # no Ghostscript is started
        (bomb(8_000, 8_000), "8000×8000 pixels, more than 40,000,000"),
        (bomb(60_000, 60_000), "the image cannot be read"),
        (bomb(32, 32), "the image cannot be read"),
    ],
)
def test_what_is_no_image_or_too_large_a_one(cyclegan, body, line):
    begun = time.perf_counter()
    assert line in cyclegan.error(400, "POST", "/translate?direction=ab", body, **IMAGE)
    assert time.perf_counter() - begun < 2


def test_translate_refuses(cyclegan):
    assert "cyclegan translates ab and ba alone" in cyclegan.error(400, "POST", "/translate?direction=xy", b"", **IMAGE)
    assert "image/" in cyclegan.error(415, "POST", "/translate?direction=ab", b"{}", **POST)
    assert "more than 16,777,216 bytes" in cyclegan.error(413, "POST", "/translate", bytes(2**24 + 1), **IMAGE)
    assert cyclegan.ask("GET", "/translate")[0] == 405


@pytest.mark.ci
def test_the_attention_is_seen():
    served, asked = opened(*of_config("ugatit", *SMALL["ugatit"], "data.held_out=20"))
    assert asked.schema()["directions"] == {"ab": ["pixel art", "critters"], "ba": ["critters", "pixel art"]}
    made = translated(served, "direction=ab&example=0")
    assert set(made) == {"image", "translation", "back", "heat"}
    assert made["heat"].shape == (32, 32, 3)
    served.close()


@pytest.mark.ci
def test_attributes_are_set_or_seen():
    served, asked = opened(*of_config("stargan", *SMALL["stargan"]))
    schema = asked.schema()
    assert schema["seen"]
    k = len(schema["attributes"])
    seen = translated(served, f"attribute={','.join(['-1'] * k)}&example=0")
    np.testing.assert_array_equal(seen["translation"], translated(served, "example=0")["translation"])
    changed = [translated(served, f"attribute={','.join([str(i)] + ['-1'] * (k - 1))}&example=0") for i in (0, 1)]
    assert (changed[0]["translation"] != changed[1]["translation"]).any()
    for said, line in (("9" * 3, "whole numbers are needed" if k > 1 else "a whole number"), ("x", "are no numbers")):
        assert line in served.error(400, "POST", f"/translate?example=0&attribute={said}", b"", **IMAGE)
    served.close()


@pytest.mark.ci
def test_styles():
    served, asked = opened(*of_config("munit", *SMALL["munit"], "data.held_out=20"))
    assert asked.schema()["styles"]["size"] == 8
    one, other = (translated(served, f"example=0&style={','.join([v] * 8)}") for v in ("3", "-3"))
    assert set(one) == {"image", "translation"}
    assert (one["translation"] != other["translation"]).any()
    served.close()


def test_a_run_whose_data_are_gone_still_answers(tmp_path):
    """The page shows no examples then."""
    config = configs.load(
        "configs/cyclegan.py", [f"--config.{each}" for each in ("train.batch_size=4", *SMALL["cyclegan"])]
    )
    run = prepare(config)
    shapes = {name: jax.ShapeDtypeStruct(x.shape[2:], x.dtype) for name, x in run.batch.items()}
    config.data.name, config.data.path = "unpaired_folders", str(tmp_path / "gone")
    config.data.held_out = 0
    lost = assemble(config, run.source, shapes)
    asked = Translating(lost, initial_state(lost))
    assert asked.schema()["examples"] == 0
    with pytest.raises(UserError, match="the data of this run are not here"):
        asked.example({"index": "0"})


def test_numbers_that_are_none():
    for wrong in (None, "1", True, float("nan"), float("inf"), [1]):
        with pytest.raises(UserError, match="x: a number from"):
            values.number(wrong, "x")


@pytest.fixture
def heard():
    """Ctrl-C, which what a script starts in the background (&) would ignore, and what that starts."""
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, old)


@pytest.mark.ci
@pytest.mark.usefixtures("heard")
def test_the_verb_says_its_address_and_ends_with_zero(workdir):
    """As a program of its own: JSON with the address, an answer, Ctrl-C."""
    command = [sys.executable, "-m", "ganjax", "explore", f"--workdir={workdir}", "--step=0", "--no-browser", "--json"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        contextlib.ExitStack() as at_last,
    ):
        at_last.callback(process.kill)  # else one that does not end is waited for
        said = json.loads(process.stdout.readline())
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", said["url"])
        assert (said["system"], said["step"]) == ("biggan", 0)
        connection = http.client.HTTPConnection("127.0.0.1", int(said["url"].rsplit(":")[-1].strip("/")), timeout=20)
        connection.request("GET", "/schema")
        assert connection.getresponse().status == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--port=70000"], "--port=70000 must be from 0 to 65535"),
        (["--step=7"], "no checkpoint of step 7"),
        (["--run=3"], "trained 1 seed"),
    ],
)
def test_explore_refuses(capsys, workdir, options, message):
    assert message in refused(capsys, "explore", f"--workdir={workdir}", "--no-browser", *options)


def test_a_port_that_is_taken(capsys, workdir, plain):
    port = plain.window.server_port
    line = refused(capsys, "explore", f"--workdir={workdir}", "--no-browser", f"--port={port}")
    assert f"--port={port}: Address already in use; leave it out for one that is free" in line
