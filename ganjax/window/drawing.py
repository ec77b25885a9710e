"""What a run that draws can be asked: a sample of given latents, class, code and text, as a PNG; latents by name."""

from __future__ import annotations

import math
import threading
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core import State
from ganjax.data import text
from ganjax.errors import UserError
from ganjax.latents import is_normal, latents, truncated, truncation
from ganjax.monitor.pictures import png, to_bytes
from ganjax.run import Run
from ganjax.samples import LOOKED_AT, class_names, mixes_classes, picture, prior, sampler
from ganjax.window import values

READS = ("seed", "z", "truncation", "label", "category", "code", "text")
NAMES = ("name", "seed", "z", "to", "n")
SEEDS = 2**32
STEPS = 201  # of a walk, at most
REACH = 3.0  # of a slider on N(0, 1)
CODES = 2.0  # and on a continuous code, trained on (−1, 1)
CROWD = 500  # points of the plane around the one that is asked for
LETTERS = 500  # of a text
Inputs = dict[str, Any]  # arrays of numpy or jax, [1, …]
EXAMPLE = "a person with red hair and round glasses"


class Drawing:
    """A run that draws, compiled once for a sample at a time.

    Truncation moves each coordinate of z to where a normal one whose tails are cut would have it: ``latents.truncated``, so
    that one z is seen at every threshold.

    Raises:
        UserError: its texts are embeddings that others made.
    """

    def __init__(self, run: Run, state: State, raw: bool = False) -> None:
        self.run, self.state, self.sampler = run, state, sampler(run, raw=raw)
        self.lock = threading.Lock()  # one call at a time: each takes all cores
        first = self._prior(0)
        many = np.asarray(run.game.gan.inputs(jax.random.key(0), LOOKED_AT)["z"])
        self.size, self.normal = many.shape[1], is_normal(many)
        self.range = (
            (-REACH, REACH) if self.normal else (math.floor(many.min() * 10) / 10, math.ceil(many.max() * 10) / 10)
        )
        self.classes = class_names(run) if "label" in first else []
        self.mixes = bool(self.classes) and mixes_classes(run, first)
        self.words = list(run.source.info.get("words", ())) if "text" in first else []
        if "text" in first and not self.words:
            raise UserError(
                f"{run.config.system} was told embeddings that others made, there are no sentences to be told here"
            )
        self.points = run.batch.get("image") is not None and run.batch["image"].ndim == 3
        self.crowd = self._crowd() if self.points else np.zeros((0, 2), np.float32)
        self._make(first)
        if self.mixes:
            self._make({**first, "label": np.full((1, len(self.classes)), 1 / len(self.classes), np.float32)})

    def schema(self) -> dict[str, Any]:
        """What it reads, for the page."""
        gan = self.run.config.gan
        drawn = self._prior(0)
        return {
            "z": {"size": self.size, "range": self.range, "normal": self.normal},
            "truncation": self.normal,
            "label": {"names": self.classes, "mixes": self.mixes} if self.classes else None,
            "category": int(gan.categories) if "category" in drawn else None,
            "code": {"size": drawn["code"].shape[1], "range": (-CODES, CODES)} if "code" in drawn else None,
            "text": {"words": self.words, "example": self._example()} if self.words else None,
            "points": self.points,
        }

    def latents(self, body: bytes) -> dict[str, Any]:
        """{"name", "seed" or "z", "to", "n"} -> {"z": [n, d], …}: what ``ganjax.latents`` has of the name; of ``random`` all that
        the game draws by the seed. A walk goes from z to ``to``.

        Raises:
            UserError: no such name or coordinate; anything wrong in the body.
        """
        said = values.read_json(body, NAMES)
        n = values.whole(said.get("n", 1), "n", STEPS + 1, 1)
        seed = values.whole(said.get("seed", 0), "seed", SEEDS)
        drawn = {name: np.asarray(x) for name, x in self._prior(seed).items() if name != "text"}
        z = np.tile(values.vector(said["z"], "z", self.size) if "z" in said else drawn["z"][0], (n, 1))
        if n > 1 and "to" in said:
            z[1] = values.vector(said["to"], "to", self.size)
        name = said.get("name", "random")
        if not isinstance(name, str) or len(name) > LETTERS:
            raise UserError("name: such as random, 0.5, onehot:3, sweep:3, set:0=10,1=10,base=1, lerp or slerp")
        others = {key: x[0].tolist() for key, x in drawn.items() if key != "z"} if name == "random" else {}
        return {"z": np.round(latents(name, z).astype(np.float64), 6).tolist(), **others}

    def sample(self, body: bytes) -> bytes:
        """The PNG of {"seed" or "z", "truncation", "label", "category", "code", "text"}; what is not said is drawn by the seed.

        ``label`` is a class, or weights of all classes where the generator mixes them; ``text`` a sentence, or weights by
        sentence.

        Raises:
            UserError: anything wrong in the body.
        """
        return png(self._make(self._read(values.read_json(body, READS))))

    def _read(self, said: dict[str, Any]) -> Inputs:
        inputs = {**self._prior(values.whole(said.get("seed", 0), "seed", SEEDS))}
        if "z" in said:
            inputs["z"] = values.vector(said["z"], "z", self.size)[None]
        if (name := said.get("truncation")) is not None:
            inputs["z"] = self._cut(np.asarray(inputs["z"]), name)
        for key, read in (
            ("label", self._label),
            ("category", self._category),
            ("code", self._code),
            ("text", self._text),
        ):
            if said.get(key) is not None:
                if key not in inputs:
                    raise UserError(f"{key}: {self.run.config.system} draws without")
                inputs[key] = read(said[key])
            elif key == "text" and key in inputs:
                inputs[key] = self._text(self._example())
        return inputs

    def _cut(self, z: np.ndarray, name: Any) -> np.ndarray:
        if not self.normal:
            raise UserError(f"truncation cuts the tails of z ~ N(0, 1); {self.run.config.system} draws another")
        how = truncation(str(name)[:LETTERS])
        return z if how is None else truncated(z, how)

    def _label(self, value: Any) -> np.ndarray:
        if self.mixes and isinstance(value, list):
            return values.weights(value, "label", len(self.classes))[None]
        return np.array([values.whole(value, "label", len(self.classes))], np.int32)

    def _category(self, value: Any) -> np.ndarray:
        return np.array([values.whole(value, "category", int(self.run.config.gan.categories))], np.int32)

    def _code(self, value: Any) -> np.ndarray:
        return values.vector(value, "code", self._prior(0)["code"].shape[1])[None]

    def _text(self, value: Any) -> np.ndarray:
        shares = {value: 1.0} if isinstance(value, str) else value
        if not isinstance(shares, dict) or not 0 < len(shares) <= 8 or any(len(each) > LETTERS for each in shares):
            raise UserError(f"text: a sentence of at most {LETTERS} letters is needed, or eight with their weights")
        size = self._prior(0)["text"].shape[1]
        share = values.weights(list(shares.values()), "text", len(shares))
        mixed: np.ndarray = (share @ text.encode(list(shares), size))[None].astype(np.float32)
        return mixed

    def _example(self) -> str:
        """A sentence of words that the captions have."""
        return EXAMPLE if set(text.words(EXAMPLE)) <= set(self.words) else " ".join(self.words[:3])

    def _prior(self, seed: int) -> Inputs:
        inputs: Inputs = prior(self.run, jax.random.key(seed), 1)
        return inputs

    def _crowd(self) -> np.ndarray:
        return self.sampler(self.state, prior(self.run, jax.random.key(0), CROWD))["image"]

    def _make(self, inputs: Inputs) -> np.ndarray:
        with self.lock:
            made = self.sampler(self.state, {name: jnp.asarray(x) for name, x in inputs.items()})["image"]
        if not self.points:
            image: np.ndarray = to_bytes(made[0])
            return image
        return picture(self.run, np.concatenate([self.crowd, self._spot(made[0])]))

    def _spot(self, point: np.ndarray) -> np.ndarray:
        """[n, 2], so close that they are seen as one large point; at the border where the point lies outside of the picture."""
        modes = self.run.source.info.get("modes", ())
        reach = np.abs(np.asarray(modes if len(modes) else self.crowd)).max()
        grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 7)] * 2), axis=-1).reshape(-1, 2)
        disc = np.tile(grid[np.square(grid).sum(axis=1) <= 1], (3, 1))
        spot: np.ndarray = (np.clip(point, -1.17 * reach, 1.17 * reach) + 0.02 * reach * disc).astype(np.float32)
        return spot
