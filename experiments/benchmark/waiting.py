"""``python -m experiments.benchmark.waiting``: how long a step waits for its batch, with data from four places.

``configs/wgan_gp.py`` is trained on each as ``python -m ganjax.main`` does it, but every step is waited for before the next
batch is asked for: what passes until that batch is there is time in which the device had nothing to do.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import jax
import numpy as np
from PIL import Image
from tqdm import tqdm

from ganjax import allocator, compilation
from ganjax import config as configs
from ganjax.data import folder
from ganjax.data.avatars import avatars
from ganjax.run import compile_step, initial_state, prepare
from ganjax.train import feed

IMAGES = 2000


def share(overrides: list[str], steps: int) -> tuple[float, float, float]:
    """(share of the time that is waited, median seconds of a step, seconds to open the data)."""
    began = time.perf_counter()
    run = prepare(configs.load("configs/wgan_gp.py", [f"--config.train.steps={steps}", *overrides]))
    opening = time.perf_counter() - began
    devices, state = compile_step(run), initial_state(run)
    waited, took = [], []
    with contextlib.closing(feed(run, devices, 0)) as batches:
        for _ in tqdm(range(steps), disable=None, leave=False):
            began = time.perf_counter()
            _, batch = next(batches)
            jax.block_until_ready(batch)
            there = time.perf_counter()
            state, metrics = devices.step(state, batch, run.step_key)
            jax.block_until_ready(metrics)
            waited.append(there - began)
            took.append(time.perf_counter() - began)
    return sum(waited[2:]) / sum(took[2:]), statistics.median(took[2:]), opening  # the first two find a full queue


def jpegs(where: Path, size: int = 256) -> list[str]:
    """A folder of avatars as JPEGs."""
    images = avatars().fetch(np.arange(IMAGES))["image"]
    for i, image in enumerate(images):
        Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC).save(where / f"{i:05}.jpg", quality=90)
    return ["--config.data.name=folder", f"--config.data.path={where}", "--config.data.image_size=32"]


def _png(image: np.ndarray) -> io.BytesIO:
    """Encoded already: TFDS would do it with TensorFlow."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    file.seek(0)
    return file


def prepared(where: Path) -> list[str]:
    """The same avatars as a prepared data set of TensorFlow Datasets."""
    import tensorflow_datasets as tfds

    class Faces(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")

        def _info(self) -> tfds.core.DatasetInfo:
            features = tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(32, 32, 3))})
            return tfds.core.DatasetInfo(builder=self, features=features)

        def _split_generators(self, dl_manager: object) -> dict[str, Iterator[tuple[int, dict[str, io.BytesIO]]]]:
            return {"train": self._generate_examples()}

        def _generate_examples(self) -> Iterator[tuple[int, dict[str, io.BytesIO]]]:
            for i, image in enumerate(avatars().fetch(np.arange(IMAGES))["image"]):
                yield i, {"image": _png(image)}

    Faces(data_dir=str(where), file_format="array_record").download_and_prepare()
    return ["--config.data.name=tfds", "--config.data.dataset=faces", f"--config.data.data_dir={where}"]


def main(steps: int = 100) -> None:
    """A line for each place."""
    allocator.hold()  # as both doors do
    compilation.keep()
    places: list[tuple[str, Callable[[Path], list[str]], int]] = [
        ("avatars", lambda _: [], folder.IN_MEMORY),
        ("JPEGs of 256 px, in memory", jpegs, folder.IN_MEMORY),
        ("JPEGs of 256 px, decoded as they come", jpegs, 0),
        ("TFDS, 32 px", prepared, folder.IN_MEMORY),
    ]
    for name, make, in_memory in places:
        with tempfile.TemporaryDirectory() as where, mock.patch.object(folder, "IN_MEMORY", in_memory):
            waited, step, opening = share(make(Path(where)), steps)
        print(f"{name}: waits {waited:.2%} of the time, a step {step:.3f} s, opened in {opening:.1f} s", flush=True)


if __name__ == "__main__":
    main()
