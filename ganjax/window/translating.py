"""What a run that translates can be asked: what becomes of an image, and of that on the way back; where the attention looked."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image, ImageOps

from ganjax.core import Batch, State
from ganjax.data.folder import FORMATS, decode_or_say, on_white
from ganjax.data.pairs import pieces
from ganjax.errors import UserError
from ganjax.fitting import read_as
from ganjax.monitor.pictures import png
from ganjax.run import Run, open_data
from ganjax.samples import sampler
from ganjax.translations import answers, as_colours, edits, examples, heat_of, of_one_set, ways
from ganjax.window import values

SEEN = -1  # an attribute as D sees it in the image
STYLES = 3.0  # of a slider on a style, drawn from N(0, 1)


class Translating:
    """A run that translates, compiled once for an image at a time, of the size of training."""

    def __init__(self, run: Run, state: State, raw: bool = False) -> None:
        self.run, self.state = run, state
        self.sampler = sampler(run, run.config.eval.train_mode, raw)
        self.lock, self.reading = threading.Lock(), threading.Lock()  # one call at a time, and one large image
        self.edits = edits(run)
        self.ways = {"ab": ("image", "image")} if self.edits else {way: (way[0], way[1]) for way in ways(run)}
        self.makes = answers(run)
        self.attends = bool(run.config.generator.get("cam_gen", True))
        self.styles = int(run.config.gan.get("style_dim", 0))
        self.attributes = dict(run.source.info["attributes"]) if self.edits else {}
        self.recognise = self._recogniser() if self.edits else None
        self.examples = self._examples()
        for way, (origin, _) in self.ways.items():
            shape = run.batch[origin].shape[2:]
            nothing = np.zeros(shape, run.batch[origin].dtype)
            seen = {"attribute": self._attribute("", nothing)} if self.recognise else {}
            self._translated(way, nothing, seen)

    def schema(self) -> dict[str, Any]:
        """What it reads, for the page."""
        sides = {**{side: side for side in ("a", "b", "image")}, **self.run.source.info.get("sides", {})}
        return {
            "directions": {way: [sides[side] for side in each] for way, each in self.ways.items()},
            "size": self.run.batch[next(iter(self.ways.values()))[0]].shape[2:4],
            "attributes": self.attributes,
            "seen": self.recognise is not None,
            "styles": {"size": self.styles, "range": (-STYLES, STYLES)} if self.styles else None,
            "examples": len(next(iter(self.examples.values()), ())),
        }

    def example(self, query: Mapping[str, str]) -> bytes:
        """The PNG of an image that training did not see, ?direction=ab&index=0.

        Raises:
            UserError: there is none.
        """
        return png(as_colours(self._example(self._way(query), query.get("index", ""))[None])[0])

    def translate(self, query: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """PNGs in base64: the ``image`` as it was read, its ``translation``, where there are ``back`` again and the ``heat``.

        ?direction=ab, and example=I where the body is empty; style=V,… or attribute=I,… (−1: as it is) where these are read.

        Raises:
            UserError: the image cannot be read, or something of the query.
        """
        way = self._way(query)
        origin = self.ways[way][0]
        pixels = self._read(origin, body) if body else self._example(way, query.get("example", ""))
        made = self._translated(way, pixels, self._wish(query, pixels))
        return {name: base64.b64encode(png(image)).decode() for name, image in made.items()}

    def _translated(self, way: str, pixels: np.ndarray, wish: Batch) -> dict[str, np.ndarray]:
        origin, target = self.ways[way]
        inputs = {origin: jnp.asarray(pixels[None]), **self._beside(pixels), **wish}
        with self.lock:
            made = self.sampler(self.state, inputs)
            turn = way[::-1] in self.ways and not self.styles
            back = self.sampler(self.state, {target: jnp.asarray(made[target])})[origin] if turn else None
        shown = {"image": as_colours(pixels[None])[0], "translation": as_colours(made[target], pixels[None])[0]}
        if back is not None:
            shown["back"] = as_colours(back, pixels[None])[0]
        if self.attends and f"heat_{target}" in made:
            shown["heat"] = heat_of(made[f"heat_{target}"][0], pixels, inputs[origin].shape)
        return shown

    def _beside(self, pixels: np.ndarray) -> Batch:
        """What the game reads with every image: plain values that a wish replaces."""
        beside: Batch = {}
        if "instance" in self.run.batch:
            beside["instance"] = jnp.asarray(pieces(pixels[None, ..., 0].astype(np.uint8))[..., None].astype(np.int32))
        if self.edits:
            beside["attribute"] = jnp.zeros((1, len(self.attributes)), jnp.int32)
        if self.styles:
            beside["style"] = jnp.zeros((1, self.styles))
        return beside

    def _wish(self, query: Mapping[str, str], pixels: np.ndarray) -> Batch:
        if self.edits:
            return {"attribute": self._attribute(query.get("attribute", ""), pixels)}
        if self.styles and query.get("style"):
            style = values.vector(_numbers(query["style"]), "style", self.styles)
            return {"style": jnp.asarray(style[None])}
        return {}

    def _attribute(self, said: str, pixels: np.ndarray) -> jax.Array:
        """[1, k]: values that are asked for; of the others those that D sees."""
        wanted = _numbers(said) if said else [SEEN] * len(self.attributes)
        if len(wanted) != len(self.attributes):
            raise UserError(f"attribute: {len(self.attributes)} whole numbers are needed, {len(wanted)} came")
        places = [
            values.whole(int(each) if each % 1 == 0 else each, name, len(known), SEEN)
            for each, (name, known) in zip(wanted, self.attributes.items(), strict=True)
        ]
        sets = self.run.config.gan.get("sets", ()) or (0,) * len(places)
        if len({of for of, place in zip(sets, places, strict=True) if place != SEEN}) > 1:
            raise UserError("attribute: two data sets know these; ask for one, then of its result for the other")
        found = jnp.zeros((1, len(places)), jnp.int32)
        if SEEN in places:
            if self.recognise is None:
                raise UserError(
                    f"attribute: {self.run.config.system} cannot see values in an image, choose one of each"
                )
            with self.lock:
                found = self.recognise(jnp.asarray(pixels[None]))
        for column, place in enumerate(places):
            if place != SEEN:
                found = of_one_set(self.run, found, column).at[:, column].set(place)
        return found

    def _recogniser(self) -> Any:
        recognise, params, vars = self.run.game.gan.recognise, self.state.params.disc, self.state.carry.vars.disc
        if recognise is None or self.run.source.info.get("unread"):  # of converted weights G alone was read
            return None
        return jax.jit(lambda x: recognise(params, vars, x))

    def _way(self, query: Mapping[str, str]) -> str:
        way = query.get("direction", next(iter(self.ways)))
        if way not in self.ways:
            raise UserError(
                f"direction={way[:20]}: {self.run.config.system} translates {' and '.join(self.ways)} alone"
            )
        return way

    def _read(self, side: str, body: bytes) -> np.ndarray:
        height, width = self.run.batch[side].shape[2:4]
        of_classes = self.run.batch[side].dtype == np.int32

        def fitted(image: Image.Image) -> np.ndarray:
            how = Image.Resampling.NEAREST if of_classes else Image.Resampling.LANCZOS
            whole = image if of_classes else on_white(image)
            return read_as(self.run, side, ImageOps.fit(whole, (width, height), how), None)

        with self.reading:
            found = decode_or_say(io.BytesIO(body), fitted)
        if isinstance(found, str):
            unknown = f"it is none of {', '.join(FORMATS)}, or broken"
            raise UserError(f"the image cannot be read: {unknown if 'identify' in found else found}")
        return found

    def _examples(self) -> dict[str, np.ndarray]:
        """Some that are held out, or of the data where none are; nothing where the data are gone."""
        try:
            source, held_out = open_data(self.run.config.data)
            return {
                name: np.asarray(x) for name, x in examples(self.run._replace(source=source, held_out=held_out)).items()
            }
        except (UserError, OSError):
            return {}

    def _example(self, way: str, index: str) -> np.ndarray:
        shown: np.ndarray = np.asarray(self.examples.get(self.ways[way][0], ()))
        if not (index.isascii() and index.isdecimal() and len(index) < 6 and int(index) < len(shown)):
            there = f"there are 0 to {len(shown) - 1}" if len(shown) else "the data of this run are not here"
            raise UserError(f"no such example; {there}: post an image")
        image: np.ndarray = shown[int(index)]
        return image


def _numbers(text: str) -> list[float]:
    try:
        return [float(each) for each in text.split(",")]
    except ValueError:
        raise UserError(f"{text[:40]!r} are no numbers with commas between") from None
