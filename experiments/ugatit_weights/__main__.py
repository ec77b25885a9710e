"""``python -m experiments.ugatit_weights [NAME …] [--steps=N]``: each of U-GAT-IT's four weights times 0, 0.1 and 10."""

from __future__ import annotations

import sys

from experiments.unlike_shapes.measuring import compare
from ganjax.main import guarded

WEIGHTS = {"adversarial": 1.0, "cycle": 10.0, "identity": 10.0, "attention": 1000.0}
FACTORS = (0.0, 0.1, 10.0)
RUNS = {"as it is": ("configs/ugatit.py", ())} | {
    f"{name} x {factor:g}": ("configs/ugatit.py", (f"gan.{name}_weight={factor * weight}",))
    for name, weight in WEIGHTS.items()
    for factor in FACTORS
}

if __name__ == "__main__":
    guarded(lambda argv: compare(argv, __doc__, __file__, RUNS))(sys.argv)
