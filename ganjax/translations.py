"""Images from images: what a run without a prior is shown, and sheets of what it makes of it."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, UInt8
from PIL import Image

from ganjax.core import Batch, Key, State, Tree
from ganjax.data import pipeline
from ganjax.data.colours import rgb_of
from ganjax.monitor import pictures
from ganjax.run import Run, initial_shapes

Made = dict[str, np.ndarray]
Sampler = Callable[[State, Batch], Made]
SHOWN = 8  # examples of a sheet


def translates(run: Run) -> bool:
    """Whether the game makes images from images, and draws nothing."""
    return not jax.eval_shape(lambda key: run.game.gan.inputs(key, 1), jax.random.key(0))


def examples(run: Run, n: int = SHOWN) -> Batch:
    """{"a", "b", …} of the data, [n, …] in [-1, 1]: of those held out where there are any, the same at every step."""
    data, source = run.config.data, run.held_out or run.source
    host = next(pipeline.batches(source, batch_size=n, micro=lambda _: 1, seed=data.seed, crop=data.crop))
    return pipeline.to_model_range({name: jnp.asarray(x[0]) for name, x in host.items()}, jax.random.key(0))


def edits(run: Run) -> bool:
    """Whether what is translated is one image into another of other attributes."""
    return translates(run) and "attribute" in run.batch


def ways(run: Run) -> list[str]:
    """The directions in which the game translates: "ab", "ba"."""
    return [way for way in ("ab", "ba") if way[1] in answers(run)]


def answers(run: Run) -> dict[str, Any]:
    """All that the game makes of a batch, as shapes."""
    return made_shapes(run, jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), run.batch))


def made_shapes(run: Run, inputs: dict[str, Any]) -> dict[str, Any]:
    """What generate makes of such inputs."""
    state = initial_shapes(run)
    params, vars = state.params.gen, state.carry.vars.gen
    if run.config.train.num_seeds > 1:
        params, vars = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), (params, vars))
    made: dict[str, Any] = jax.eval_shape(
        lambda *given: run.game.gan.generate(*given)[0], params, vars, inputs, jax.random.key(0)
    )
    return made


def drawing_b(run: Run) -> tuple[Run, int]:
    """(the run as one that draws images, which are what becomes of the data's a, and are compared with its b; how many a
    there are): translations are measured as samples are."""
    gan, streams = run.game.gan, [run.source, *([run.source.beside] if run.source.beside else [])]
    if edits(run):
        return _exchanging(run), run.source.size
    a, b = (next(each for each in streams if side in each.fetch(np.arange(1))) for side in "ab")

    def inputs(key: Key, n: int) -> Batch:
        del key
        shown = pipeline.cut(a.fetch(np.arange(n) % a.size), run.config.data.crop)
        read = {name: jnp.asarray(x) for name, x in shown.items() if name != "b"}
        return pipeline.to_model_range(read, jax.random.key(0))

    def generate(params: Tree, vars: Tree, inputs: Batch, key: Key, train: bool = False) -> tuple[Batch, Tree]:
        made, vars = gan.generate(params, vars, inputs, key, train)
        return {"image": made["b"]}, vars

    game = run.game._replace(gan=gan._replace(inputs=inputs, generate=generate))
    name = f"{run.source.name}, a into b"  # in the protocol: no sample of noise is compared with these
    images = b._replace(name=name, fetch=lambda i: {"image": b.fetch(i)["b"]}, beside=None)
    return run._replace(game=game, source=images, batch={"image": run.batch["b"]}), a.size


def drawing_pairs(run: Run) -> Run:
    """A run that draws a and b together as one that draws b, which is compared with the data's b."""
    gan, streams = run.game.gan, [run.source, *([run.source.beside] if run.source.beside else [])]
    b = next(each for each in streams if "b" in each.fetch(np.arange(1)))

    def generate(params: Tree, vars: Tree, inputs: Batch, key: Key, train: bool = False) -> tuple[Batch, Tree]:
        made, vars = gan.generate(params, vars, inputs, key, train)
        return {"image": made["b"]}, vars

    images = b._replace(name=f"{run.source.name}, b", fetch=lambda i: {"image": b.fetch(i)["b"]}, beside=None)
    game = run.game._replace(gan=gan._replace(generate=generate))
    return run._replace(game=game, source=images, batch={"image": run.batch["b"]})


def _exchanging(run: Run) -> Run:
    """Drawing images is giving each the attributes of the next."""
    source = run.source

    def inputs(key: Key, n: int) -> Batch:
        del key
        shown = pipeline.cut(source.fetch(np.arange(n) % source.size), run.config.data.crop)
        attribute = source.fetch(np.arange(1, n + 1) % source.size)["attribute"]
        read = {"image": jnp.asarray(shown["image"]), "attribute": jnp.asarray(attribute)}
        return pipeline.to_model_range(read, jax.random.key(0))

    gan = run.game.gan._replace(inputs=inputs)
    return run._replace(
        game=run.game._replace(gan=gan), source=source._replace(name=f"{source.name}, attributes of the next")
    )


def of_one_set(run: Run, attribute: Int[Array, "n k"], column: int) -> Int[Array, "n k"]:
    """Attributes as training shows them where several data sets know some each (stargan): those of ``column``'s set, −1 the
    others."""
    sets = run.config.gan.get("sets", ())
    return jnp.where(jnp.asarray(sets) == sets[column], attribute, -1) if sets else attribute


def edit_sheet(run: Run, sample: Sampler, state: State, shown: Batch) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """({"": images, below them each attribute at each of its values}, what the last row shows)."""
    rows = [np.asarray(shown["image"])]
    for i, values in enumerate(run.source.info["attributes"].values()):
        for place in range(len(values)):
            attribute = of_one_set(run, shown["attribute"], i).at[:, i].set(place)
            rows.append(sample(state, {"image": shown["image"], "attribute": attribute})["image"])
    return {"": strip([as_colours(row) for row in rows])}, rows[-1]


def sheets(run: Run, sample: Sampler, state: State, shown: Batch) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """({direction: a picture of ``strip``}, what became of a); ``edit_sheet`` where attributes are."""
    if edits(run):
        return edit_sheet(run, sample, state, shown)
    paired = run.held_out.beside is None if run.held_out else run.source.beside is None
    made = sample(state, shown)
    pages = {}
    for target in sorted({"a", "b"} & made.keys(), reverse=True):
        origin = "ab"["ab".index(target) - 1]
        rows = [shown[origin], made[target]]
        back = {"a", "b"} <= made.keys()
        rows += [sample(state, {target: jnp.asarray(made[target])})[origin]] if back else []
        rows += [shown[target]] if paired else []
        pages[origin + target] = strip([as_colours(np.asarray(row), np.asarray(shown[origin])) for row in rows])
    return pages, made["b"]


def strip(rows: list[UInt8[np.ndarray, "n h w 3"]]) -> UInt8[np.ndarray, "rows columns 3"]:
    """A row below the other: images, their translations, those translated back where that is possible, the truth where it
    is known."""
    return pictures.sheet(np.concatenate(rows), columns=len(rows[0]))


def as_colours(images: np.ndarray, beside: np.ndarray | None = None) -> UInt8[np.ndarray, "n h w 3"]:
    """Images in [-1, 1] for the eye: grey as it is, classes in colours of their own, chroma on the lightness ``beside`` it."""
    if images.dtype.kind == "i":
        painted: np.ndarray = palette(int(images.max()) + 1)[images[..., 0]]
        return painted
    pixels: np.ndarray = pictures.to_bytes(images)
    if pixels.shape[-1] == 2:
        grey = beside if beside is not None and beside.shape[-1] == 1 else np.zeros_like(images[..., :1])
        return rgb_of(pictures.to_bytes(grey), pixels)
    return pixels.repeat(3, axis=-1) if pixels.shape[-1] == 1 else pixels


def heat_of(heat: np.ndarray, image: np.ndarray, padded: Sequence[int]) -> UInt8[np.ndarray, "h w 3"]:
    """A heat map [h, w] over the image in [-1, 1] that it is of: black is cold, then red, yellow, white; half of what is seen.

    ``padded`` is the shape [n, h, w, c] of the images that the network saw.
    """
    low, high = float(heat.min()), float(heat.max())
    warm = (heat - low) / (high - low) if high > low else np.zeros_like(heat)
    large = Image.fromarray(warm.astype(np.float32)).resize((padded[2], padded[1]), Image.Resampling.BILINEAR)
    rows, columns = image.shape[:2]
    ramp = np.clip(3 * np.asarray(large)[:rows, :columns, None] - np.arange(3), 0, 1) * 255
    seen = as_colours(image[None])[0]
    mixed: np.ndarray = ((ramp + seen) / 2).astype(np.uint8)
    return mixed


def palette(n: int) -> UInt8[np.ndarray, "n 3"]:
    """n colours, neighbours far apart on the circle of hues."""
    colours: Any = [colorsys.hsv_to_rgb(i * 0.618 % 1, 0.55, 0.95) for i in range(n)]
    return (np.asarray(colours) * 255).astype(np.uint8)
