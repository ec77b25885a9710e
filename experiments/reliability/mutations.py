"""Files and values gone wrong at random: bytes cut, flipped, spliced, repeated; JSON of other types; settings nobody meant."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import random
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

FORMATS = {  # Pillow's name, the ending, the modes that it can write
    "PNG": (".png", ("L", "LA", "RGB", "RGBA", "P", "1", "I;16")),
    "JPEG": (".jpg", ("L", "RGB", "CMYK")),
    "WEBP": (".webp", ("RGB", "RGBA")),
    "GIF": (".gif", ("L", "P", "RGB")),
    "BMP": (".bmp", ("1", "L", "P", "RGB")),
    "TIFF": (".tif", ("L", "RGB", "RGBA", "CMYK", "I;16", "F")),
    "PPM": (".ppm", ("L", "RGB")),
}
ENDINGS = tuple(ending for ending, _ in FORMATS.values())
WORDS = (
    "",
    "0",
    "-1",
    "1e9",
    "nan",
    "inf",
    "None",
    "True",
    "[]",
    "{}",
    "'",
    "../..",
    "/etc/passwd",
    "\x00",
    "é" * 50,
    "9" * 40,
    "lambda: 0",
)


def damaged(data: bytes, draw: random.Random) -> bytes:
    """The bytes with one to three faults, or as they are."""
    changed = bytearray(data)
    for _ in range(draw.choice((0, 1, 1, 1, 2, 3))):
        at = draw.randrange(len(changed)) if changed else 0
        kind = draw.randrange(6)
        if kind == 0:
            del changed[at:]
        elif kind == 1:
            for _ in range(draw.randint(1, 8) if changed else 0):
                changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
        elif kind == 2:
            changed[at : at + draw.randint(1, 16)] = draw.randbytes(draw.randint(0, 16))
        elif kind == 3:
            changed[at:at] = changed[: draw.randint(0, 200)]
        elif kind == 4:
            changed[at : at + 4] = draw.choice(
                (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f")
            )
        else:
            del changed[: draw.randint(0, 40)]
    return bytes(changed)


def image(draw: random.Random) -> tuple[bytes, str]:
    """(the bytes of a small image of some format and mode, an ending, now and then another's)."""
    kind = draw.choice([*FORMATS])
    ending, modes = FORMATS[kind]
    mode, size = draw.choice(modes), (draw.randint(1, 40), draw.randint(1, 40))
    rng = np.random.default_rng(draw.randrange(2**32))
    pixels = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), np.uint8))
    if mode == "I;16":
        pixels = Image.fromarray(rng.integers(0, 65536, (size[1], size[0])).astype(np.uint16))
    elif mode != "RGB":
        pixels = pixels.convert(mode)
    buffer, more = io.BytesIO(), {}
    if kind in ("JPEG", "PNG", "WEBP") and draw.random() < 0.3:
        exif = Image.Exif()
        exif[0x0112] = draw.randint(0, 9)  # how it is turned
        more["exif"] = exif
    if kind in ("GIF", "WEBP", "TIFF") and draw.random() < 0.3 and mode != "I;16":
        more |= {"save_all": True, "append_images": [pixels] * 3}
    pixels.save(buffer, kind, **more)
    return buffer.getvalue(), draw.choice(ENDINGS) if draw.random() < 0.2 else ending


class Marker:
    """What would leave a file behind if a pickle of it were run."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


def weights(draw: random.Random, marker: str) -> bytes:
    """A file of arrays of some kind, some with code that would leave ``marker``."""
    rng = np.random.default_rng(draw.randrange(2**32))
    names = ["net.weight", "net.bias", "../../up", "a" * 300, ""]
    arrays: dict[str, Any] = {
        draw.choice(names): rng.standard_normal([draw.randint(0, 4) for _ in range(draw.randint(0, 4))]).astype(
            draw.choice(("f4", "f8", "f2", "i4", "?"))
        )
        for _ in range(draw.randint(0, 4))
    }
    if draw.random() < 0.3:
        arrays["bad"] = np.array([np.nan, np.inf], np.float32)
    kind = draw.randrange(4)
    if kind == 0:
        return pickle.dumps(
            {"state": arrays, "evil": Marker(marker)} if draw.random() < 0.5 else arrays, protocol=draw.randint(2, 5)
        )
    buffer = io.BytesIO()
    if kind == 1:
        objects = {"objects": np.array([Marker(marker)], object)} if draw.random() < 0.5 else {}
        np.savez(buffer, **{f"x{i}": x for i, x in enumerate(arrays.values())}, **objects)
    elif kind == 2:
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps({"w": Marker(marker)}, 2))
            archive.writestr(draw.choice(("../../escaped", "archive/data/0", "/absolute")), draw.randbytes(16))
    else:
        from safetensors.numpy import save

        return save({name or "empty": np.ascontiguousarray(x) for name, x in arrays.items() if x.size})
    return buffer.getvalue()


def other(value: Any, draw: random.Random) -> Any:
    """A value of JSON with something in it changed, taken out, or put in."""
    if isinstance(value, dict) and value and draw.random() < 0.9:
        name = draw.choice(sorted(value))
        kind = draw.randrange(8)
        rest = {key: each for key, each in value.items() if key != name}
        if kind == 0:
            return rest
        if kind == 1:
            return {**rest, name + "x": value[name]}
        return {**rest, name: other(value[name], draw)}
    if isinstance(value, list) and value and draw.random() < 0.7:
        at = draw.randrange(len(value))
        return [*value[:at], other(value[at], draw), *value[at + 1 :]]
    return draw.choice(
        (None, True, -1, 0, 10**30, 1.5, float("nan"), "", "x", [], {}, [[]], {"name": "optax.adam"}, *WORDS)
    )


def lines(path: Path, draw: random.Random) -> bytes:
    """A file of JSON, or of lines of it, with a value or a line changed, gone, or put in."""
    texts = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
    at = draw.randrange(len(texts))
    new = [json.dumps(other(json.loads(texts[at]), draw)), "[" * 10**5, draw.choice(WORDS), "null", "1e999"]
    kept = texts[:at] + draw.choice(([], new[:1], new[:1], new[:1], [draw.choice(new)])) + texts[at + 1 :]
    return "\n".join([*kept, ""]).encode(errors="surrogateescape")


def setting(keys: list[str], draw: random.Random) -> str:
    """An override for a config: a key, now and then mistyped, and a value of some type."""
    key = draw.choice(keys)
    if draw.random() < 0.2:
        at = draw.randrange(len(key))
        key = key[:at] + draw.choice("._-x") + key[at + 1 :]
    value = draw.choice(
        (*WORDS, str(draw.randint(-5, 10**6)), f"{draw.uniform(-2, 2)}", "(8,)", "('a',)", "optax.adamm", "jit")
    )
    return f"--config.{key}={value}"


def texts(draw: random.Random) -> str:
    """A file of JSON that is none, or of something else."""
    made: list[Callable[[], str]] = [
        lambda: "",
        lambda: "{",
        lambda: "[]",
        lambda: "null",
        lambda: "1e999",
        lambda: json.dumps({"system": 3}),
    ]
    return draw.choice(made)()


def of_array(x: np.ndarray, draw: random.Random) -> np.ndarray:
    """The array in another shape or kind, with numbers that are none, or another in its place."""
    made: list[Callable[[], np.ndarray]] = [
        lambda: x.reshape(-1)[: draw.randint(0, x.size)],
        lambda: x.T,
        lambda: x[None],
        lambda: np.full(x.shape, draw.choice((np.nan, np.inf, 1e38)), np.float32),
        lambda: x.astype(draw.choice(("f8", "f2", "i8", "u1", "?", "c8"))),
        lambda: np.zeros(draw.choice(((), (0,), (0, 0), (1,) * 9)), np.float32),
        lambda: np.array(draw.choice((b"bytes", "text", "[]", "{", '{"a": 1}'))),
    ]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return draw.choice(made)()
        except ValueError:  # a text has no other kind
            return np.zeros(3)


def of_arrays(arrays: dict[str, np.ndarray], draw: random.Random) -> dict[str, np.ndarray]:
    """The arrays with one to three faults, or as they are: one gone, one more, one changed, two exchanged."""
    changed = dict(arrays)
    for _ in range(draw.choice((0, 1, 1, 2, 3)) if arrays else 0):
        name, again = draw.choice([*arrays]), draw.choice([*arrays])
        kind, x = draw.randrange(6), changed.pop(name, np.zeros(3, np.float32))
        if kind == 1:
            changed |= {name: x, draw.choice(("more", "../up", "a" * 300, name + ".0")): x}
        elif kind == 2:
            changed |= {name: changed.get(again, x), again: x}
        elif kind > 2:
            changed[name] = of_array(x, draw)
    return changed


def packed(arrays: dict[str, Any], draw: random.Random, marker: str) -> bytes:
    """A file of arrays in one of the forms that weights come in; now and then with code in it that would leave ``marker``."""
    from safetensors.numpy import save

    kind, evil = draw.randrange(3), draw.random() < 0.2
    plain = {name: np.ascontiguousarray(x) for name, x in arrays.items() if x.dtype.kind in "fiu" and x.size}
    if kind == 0:
        return save(plain)
    if kind == 1:
        buffer = io.BytesIO()
        np.savez(
            buffer, **{"x": np.zeros(1)}, **arrays, **({"evil": np.array([Marker(marker)], object)} if evil else {})
        )
        return buffer.getvalue()
    return pickle.dumps({**arrays, **({"evil": Marker(marker)} if evil else {})}, draw.randint(2, 5))


DATA = {  # what an .npz of data may hold
    "images": np.zeros((6, 8, 8, 3), np.uint8),
    "points": np.zeros((6, 2), np.float32),
    "labels": np.arange(6) % 3,
    "attributes": np.zeros((6, 2), np.int64),
    "attribute_names": np.array('{"hair": ["fair", "dark"], "glasses": ["no", "yes"]}'),
    "text": np.zeros((6, 5), np.float32),
    "licence": np.array("CC0"),
}


def data_file(draw: random.Random) -> tuple[str, dict[str, bytes]]:
    """(a data set's name, its files): an .npz, MNIST's, CIFAR-10's archive with a name that leads out of its folder."""
    kind = draw.randrange(3)
    if kind == 0:
        buffer = io.BytesIO()
        np.savez(buffer, **of_arrays({name: x for name, x in DATA.items() if draw.random() < 0.8}, draw))
        if draw.random() < 0.1:
            with zipfile.ZipFile(buffer, "a") as archive:
                archive.writestr(draw.choice(("text", "points", "../up")), "no array")
        content = buffer.getvalue()
        return "npz", {"data.npz": damaged(content, draw) if draw.random() < 0.2 else content}
    if kind == 1:
        images = b"\0\0\x08\x03" + np.array([6, 4, 4], ">u4").tobytes() + bytes(96)
        labels = b"\0\0\x08\x01" + np.array([6], ">u4").tobytes() + bytes(6)
        zipped = draw.random() < 0.5
        names = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
        pack: Callable[[bytes], bytes] = gzip.compress if zipped else bytes
        return "mnist", {
            name + ".gz" * zipped: pack(damaged(content, draw)) if draw.random() < 0.7 else damaged(pack(content), draw)
            for name, content in zip(names, (images, labels), strict=True)
        }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for i in range(1, 6):
            member = tarfile.TarInfo(draw.choice(("cifar-10-batches-bin/", "../../", "/")) + f"data_batch_{i}.bin")
            member.size = 3073
            if draw.random() < 0.1:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member, io.BytesIO(bytes(3073)))
    content = buffer.getvalue()
    return "cifar10", {"cifar-10-binary.tar.gz": damaged(content, draw) if draw.random() < 0.5 else content}
