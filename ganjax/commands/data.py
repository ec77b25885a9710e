"""The data sets that are there; what is in one; avatars drawn anew; data sets of TensorFlow Datasets prepared."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.data import names, open_source
from ganjax.data.avatars import PACK, STYLES, describe
from ganjax.errors import UserError


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("name", nargs="?", help="a data set")
    parser.add_argument("--list", action="store_true", help="the data sets, a line each")
    parser.add_argument("--attributes", action="store_true", help="avatars: attributes, their values and counts")
    parser.add_argument(
        "--style", help=f"avatars: {', '.join(STYLES)}; to draw: any style of DiceBear, such as adventurer"
    )
    parser.add_argument("--out", type=Path, help="avatars: draw a set into FILE.npz (the extra `avatars`)")
    parser.add_argument("--count", type=int, default=10_000, help="avatars to draw (10,000)")
    parser.add_argument("--size", type=int, default=32, help="their side in pixels (32)")
    parser.add_argument("--pack", action="store_true", help="avatars: draw the embedded pack into --out, bit for bit")
    parser.add_argument("--dataset", help="tfds: which data set")
    parser.add_argument("--data_dir", help="tfds: where it is, or goes")
    parser.add_argument("--prepare", action="store_true", help="tfds: download and prepare it (the extra `tf`)")
    parser.add_argument("--json", action="store_true", help="JSON on stdout and nothing else")


def run(options: argparse.Namespace) -> None:
    """Does what the options ask for and prints what there is to say."""
    answer = _answer(options)
    print(json.dumps(answer, indent=2) if options.json else _lines(answer))


def _answer(options: argparse.Namespace) -> dict[str, Any]:
    if options.list or not options.name:
        return names()
    if options.name == "avatars" and options.out:
        return {"out": str(_drawn(options))}
    if options.name == "tfds" and options.prepare:
        from ganjax.data.tfds import prepare

        if not options.dataset:
            raise UserError("which one? --dataset=cifar10")
        return {"prepared in": prepare(options.dataset, options.data_dir)}
    asked = {key: getattr(options, key) for key in ("style", "dataset", "data_dir") if getattr(options, key)}
    source = open_source(options.name, **asked)
    if options.attributes:
        if "attributes" not in source.info:
            raise UserError(f"{options.name} has no attributes; avatars have")
        return describe(source)
    streams = [source, *([source.beside] if source.beside else [])]
    sizes = {"size": source.size} if len(streams) == 1 else {"sizes": [each.size for each in streams]}
    examples = [each.fetch(np.arange(1)) for each in streams]
    return {
        **sizes,
        "arrays": {name: list(x.shape[1:]) for each in examples for name, x in each.items()},
        **source.info,
    }


def _drawn(options: argparse.Namespace) -> Path:
    from ganjax.data.render import render_pack, render_set

    out: Path = options.out
    if not options.pack and out.suffix != ".npz":
        raise UserError(f"--out={out}: drawn sets are .npz files")
    if options.pack:
        if out.resolve() == PACK.resolve():
            raise UserError(f"--out={out} is the embedded pack itself; draw it elsewhere and compare")
        render_pack(out)
    else:
        render_set(out, options.style or "pixel-art", options.count, options.size)
    return out


def _lines(answer: dict[str, Any]) -> str:
    wide = max(map(len, answer))
    return "\n".join(f"{name:<{wide}}  {_brief(value)}" for name, value in answer.items())


def _brief(value: Any) -> str:
    if isinstance(value, list) and len(value) > 100:
        return f"{value[0]}, {value[1]}, … {value[-1]}: {len(value)}"
    return str(value)
