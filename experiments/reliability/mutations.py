"""Files and values gone wrong at random: bytes cut, flipped, spliced, repeated; JSON of other types; settings nobody meant."""

from __future__ import annotations

import io
import json
import pickle
import random
import zipfile
from collections.abc import Callable
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
