"""One thing gone wrong at random, given to the part of the house that has to do with such: what becomes of it."""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from experiments.reliability import mutations
from ganjax import checks
from ganjax import config as configs
from ganjax.data import open_source
from ganjax.data.folder import folder
from ganjax.run import prepare
from ganjax.weights.files import read
from ganjax.workdir import described

SPECS = ("gan", "dcgan", "wgan", "wgan_gp:grid25", "biggan", "cyclegan", "stargan", "infogan", "pix2pix", "sgan")
SECONDS = 5.0  # in which an answer comes
GOOD = mutations.image(random.Random(1))[0]


def spec(name: str) -> str:
    """The --config of a name."""
    system, _, variant = name.partition(":")
    return f"configs/{system}.py:{variant}"


def keys(name: str) -> list[str]:
    """All settings of a config."""
    flat: dict[str, Any] = configs.to_json(configs.load(spec(name)))
    return [f"{part}.{key}" for part, values in flat.items() if isinstance(values, dict) for key in values]


KEYS = {name: keys(name) for name in SPECS}
RUN = {
    "config.json": configs.to_json(configs.load("configs/gan.py:grid25")),
    "data.json": {"name": "grid25", "size": 9, "shapes": {"image": [[2], "float32"]}, "info": {"modes": [[0.0, 0.0]]}},
}


def image(draw: random.Random, root: Path) -> str:
    """A folder with good images and one or two that may be none."""
    here = root / "images"
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir()
    good = draw.randint(1, 3)
    for i in range(3):
        data, ending = mutations.image(draw)
        if i < good:
            (here / f"good{i}.png").write_bytes(GOOD)
        name = draw.choice(("bad", "n\nl", "b\udce4d", "-x", " ")) + str(i) + ending
        Path(os.fsdecode(os.fsencode(here / name))).write_bytes(mutations.damaged(data, draw))
    source = folder(str(here), image_size=draw.choice((1, 8, 32)), channels=draw.choice((1, 3)))
    x = source.fetch(np.arange(source.size))["image"]
    assert x.dtype == np.uint8
    return "skipped, named" if source.info["skipped"] else "read"


def config(draw: random.Random, root: Path) -> str:
    """Settings from the command line; one in 50 all the way to the networks."""
    name = draw.choice(SPECS)
    found = configs.load(spec(name), [mutations.setting(KEYS[name], draw) for _ in range(draw.randint(1, 3))])
    checks.check_settings(found)
    if draw.random() < 0.02:
        found.data.path = str(root)
        prepare(found)
    return "taken"


def run_config(draw: random.Random, root: Path) -> str:
    """The config.json or data.json of a run."""
    here = root / "run"
    here.mkdir(exist_ok=True)
    for name, content in RUN.items():
        changed = copy.deepcopy(content)
        if draw.random() < 0.7:
            changed = mutations.other(changed, draw)
        text = mutations.texts(draw) if draw.random() < 0.1 else json.dumps(changed)
        (here / name).write_bytes(mutations.damaged(text.encode(), draw) if draw.random() < 0.3 else text.encode())
    described(here)
    return "taken"


def weights(draw: random.Random, root: Path) -> str:
    """A file of weights from somewhere."""
    path, marker = root / "weights", root / "marker"
    path.write_bytes(mutations.damaged(mutations.weights(draw, str(marker)), draw))
    try:
        read(path)
    finally:
        assert not marker.exists(), "something in the file was run"
    return "read"


def data_file(draw: random.Random, root: Path) -> str:
    """A data set in files of its makers."""
    name, files = mutations.data_file(draw)
    here = root / "data"
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir()
    for file, content in files.items():
        (here / file).write_bytes(content)
    source = open_source(name, path=str(here / "data.npz" if name == "npz" else here))
    for x in source.fetch(np.arange(min(source.size, 4))).values():
        assert x.dtype.kind in "uif"
    return "read"
