"""``python -m experiments.text_control [--workdir=runs] [--out=DIR]``: faces from sentences, read by a classifier."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from experiments import doors
from experiments.text_control.classifier import Reader, fit, read
from ganjax.data import captions, open_source, text
from ganjax.main import guarded
from ganjax.monitor import pictures
from ganjax.run import root
from ganjax.samples import sampler

SPEC = "configs/text_gan.py"
HELD_OUT = 1000  # real avatars that the classifier does not see
SAMPLES = 5040  # 60 for each triple of hair, skin and glasses
UNSEEN = 1_000_000  # captions are numbered; those of the data are below


def judge() -> tuple[Reader, Any, dict[str, float]]:
    """(a classifier of real avatars, its parameters, its accuracy for each attribute on those it has not seen)."""
    images = open_source("avatars").fetch(np.arange(10_000))["image"].astype(np.float32) / 127.5 - 1
    codes = {name: each for name, (_, each) in captions.classes().items()}
    order = np.random.default_rng(0).permutation(len(images))
    seen, unseen = order[HELD_OUT:], order[:HELD_OUT]
    network = Reader(tuple((name, len(words)) for name, (words, _) in captions.classes().items()))
    params = fit(network, images[seen], {name: each[seen] for name, each in codes.items()})
    found = read(network, params, images[unseen])
    return network, params, {name: float((found[name] == each[unseen]).mean()) for name, each in codes.items()}


def asked() -> list[captions.Face]:
    """Every triple of hair, skin and glasses as often; length and shape at random, as captions have them."""
    rng = np.random.default_rng(0)
    triples = itertools.product(captions.HAIR, captions.SKIN, captions.GLASSES)
    lengths, shapes = ("short", "long"), list(captions.SHAPES.values())
    return [
        captions.Face(*triple, rng.choice(lengths), rng.choice(shapes) if triple[2] != "none" else "")
        for triple in triples
        for _ in range(SAMPLES // 84)
    ]


def drawn(run: Any, state: Any, sentences: list[str], raw: bool = False) -> np.ndarray:
    """An image for each sentence."""
    inputs = run.game.gan.inputs(root(run.config.train.seed, "evaluation"), len(sentences))
    inputs = {**inputs, "text": text.encode(sentences)}
    sample = sampler(run, raw=raw)
    parts = [
        sample(state, jax.tree.map(lambda x, i=i: x[i : i + 210], inputs))["image"]
        for i in range(0, len(sentences), 210)
    ]
    return np.concatenate(parts)


def as_asked(faces: list[captions.Face], found: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """{attribute: {value: the share of its samples that are read as it}}."""
    shares: dict[str, dict[str, float]] = {}
    for name, (words, _) in captions.classes().items():
        wanted = np.array([words.index(getattr(face, name)) for face in faces])
        right = found[name] == wanted
        shares[name] = {word: float(right[wanted == i].mean()) for i, word in enumerate(words)}
    return shares


def page(run: Any, state: Any) -> np.ndarray:
    """Hair from left to right, twice; from above each skin without glasses, with glasses, with sunglasses."""
    hair = [*captions.HAIR, *captions.HAIR]
    rows = [(skin, glasses) for skin in captions.SKIN for glasses in captions.GLASSES]
    faces = [captions.Face(word, skin, glasses, "long") for skin, glasses in rows for word in hair]
    made = drawn(run, state, [captions.sentence(face, UNSEEN + i) for i, face in enumerate(faces)])
    return pictures.sheet(pictures.to_bytes(made), columns=len(hair))


def main(argv: Sequence[str]) -> None:
    """Trains, reads, writes and prints."""
    args = doors.opened(doors.arguments(__file__, __doc__), argv)
    run, step, state = doors.trained(SPEC, args.workdir)
    network, params, accuracy = judge()
    faces = asked()
    made = drawn(run, state, [captions.sentence(face, UNSEEN + i) for i, face in enumerate(faces)])
    shares = as_asked(faces, read(network, params, made))
    result = {"classifier": accuracy, "samples": len(made), "step": step, "as_asked": shares}
    doors.leave(args.out, result)
    pictures.save_png(args.out / "figure.png", page(run, state), 2)
    for name, each in shares.items():
        worst = min(each, key=lambda word: each[word])
        print(
            f"{name}: {np.mean(list(each.values())):.1%} as asked, {each[worst]:.1%} of the worst, {worst}; "
            f"the classifier reads {accuracy[name]:.1%} of held-out avatars rightly"
        )


if __name__ == "__main__":
    guarded(main)(sys.argv)
