"""Pictures of any size for the network of a run: read as it reads them, brought to a size that it takes, and back."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import jax
import numpy as np
from flax.errors import FlaxError
from PIL import Image

from ganjax.data.colours import lab_of
from ganjax.data.folder import on_white
from ganjax.data.translation import ids_of
from ganjax.errors import UserError
from ganjax.run import Run
from ganjax.translations import made_shapes


class Fitting:
    """Brings images to sizes that the network of one direction takes, and what it makes of them back.

    Sizes are the least that are multiples of ``unit``, the least step from the size of training that the network follows.
    """

    def __init__(self, run: Run, way: Sequence[str]) -> None:
        self.run, self.way = run, way
        height, width, self.channels = run.batch[way[0]].shape[2:]
        units = (2**i for i in range(12))
        self.unit = next(unit for unit in units if self._fits(height + unit, width + unit) or unit > max(height, width))

    def size(self, height: int, width: int) -> tuple[int, int]:
        """The size that such an image is padded to.

        Raises:
            UserError: none up to twice as large as that, or as training's.
        """
        if self._fits(height, width):
            return height, width
        rows, columns = (-(-n // self.unit) * self.unit for n in (height, width))
        for _ in range(64):
            if self._fits(rows, columns):
                return rows, columns
            rows, columns = rows + self.unit, columns + self.unit
        raise UserError(f"the network takes no images of {height}×{width} pixels; --size brings them to another")

    def padded(self, images: list[np.ndarray], count: int) -> np.ndarray:
        """[count, h, w, c]: the images mirrored beyond their right and lower border, the last one repeated."""
        rows, columns = self.size(*images[0].shape[:2])
        pads = [((0, rows - x.shape[0]), (0, columns - x.shape[1]), (0, 0)) for x in images]
        whole = [np.pad(x, pad, "symmetric") for x, pad in zip(images, pads, strict=True)]
        return np.stack(whole + whole[-1:] * (count - len(whole)))

    def cut(self, made: np.ndarray, like: np.ndarray) -> np.ndarray:
        """What was made of an image, as large as it was."""
        return made[: like.shape[0], : like.shape[1]]

    @functools.cache  # noqa: B019 - a verb has one of them
    def _fits(self, rows: int, columns: int) -> bool:
        x = jax.ShapeDtypeStruct((1, rows, columns, self.channels), self.run.batch[self.way[0]].dtype)
        try:
            shown = self.run.batch
            beside = {"instance": jax.ShapeDtypeStruct((*x.shape[:3], 1), np.int32)} if "instance" in shown else {}
            if "attribute" in shown:
                beside["attribute"] = jax.ShapeDtypeStruct((1, *shown["attribute"].shape[2:]), np.int32)
            made = made_shapes(self.run, {self.way[0]: x, **beside})
            return bool(made[self.way[1]].shape[1:3] == (rows, columns))
        except (FlaxError, TypeError, ValueError, ZeroDivisionError):  # FlaxError: layers of one size alone
            return False


def read_as(run: Run, side: str, image: Image.Image, size: int | None) -> np.ndarray:
    """A picture as the game reads that side: [h, w, c] float32 in [-1, 1], or a map int32 [h, w, 1] of what it holds; its
    shorter side ``size`` where one is given."""
    of_classes = run.batch[side].dtype == np.int32
    if size:
        scale, how = size / min(image.size), Image.Resampling.NEAREST if of_classes else Image.Resampling.LANCZOS
        image = (image if of_classes else on_white(image)).resize([max(1, round(n * scale)) for n in image.size], how)
    if of_classes:
        return ids_of(image).astype(np.int32)[..., None]
    image, channels = on_white(image), run.batch[side].shape[-1]
    if run.source.info.get("colour") == "lab":
        pixels = lab_of(np.asarray(image.convert("RGB")))[channels - 1]  # lightness is one, chroma two
    else:
        pixels = np.asarray(image.convert({1: "L", 3: "RGB"}[channels])).reshape(image.height, image.width, channels)
    return (pixels.astype(np.float32) / 127.5 - 1).astype(np.float32)
