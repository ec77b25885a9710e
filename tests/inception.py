"""Weights of Inception's shapes that anybody can make again: normals, statistics of BatchNorm far from 0 and 1.

The outputs of an independent network for them (torch-fidelity's) are kept beside the tests, and tests/parity computes
them anew.
"""

from pathlib import Path

import numpy as np

OUTPUTS = Path(__file__).parent / "metrics" / "inception2015_outputs.npz"
NAMES = {"64": "64", "192": "192", "768": "768", "2048": "features", "logits_unbiased": "logits", "logits": "biased"}


def images():
    """Two, coarse in their patterns, and of another shape than the network's."""
    coarse = np.random.default_rng(5).integers(0, 256, (2, 3, 4, 3), np.uint8)
    return coarse.repeat(16, axis=1).repeat(16, axis=2)


def state_dict(shapes):
    """{name: array} for {name: shape} as PyTorch lays them out; each name draws for itself."""
    return {name: _draw(name, tuple(shape)) for name, shape in shapes.items()}


def _draw(name, shape):
    random = np.random.default_rng(list(name.encode()))
    if name.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    if name.endswith(("running_var", "bn.weight")):
        return random.uniform(0.5, 2 if name.endswith("var") else 1.7, shape).astype(np.float32)
    if len(shape) == 1:
        return (0.1 * random.standard_normal(shape, np.float32)).astype(np.float32)
    scale = np.float32((1.1 / np.prod(shape[1:])) ** 0.5)  # keeps outputs near 1
    return random.standard_normal(shape, np.float32) * scale
