"""``python -m experiments.ugatit_ablation [NAME …] [--steps=N]``: other norms in the decoder, no attention in G, in D, in both.

The paper's table 2 has KID × 100 of selfie2anime and of anime2selfie for these rows, at 256 px after a million steps.
"""

from __future__ import annotations

import sys

from experiments.unlike_shapes.measuring import compare
from ganjax.main import guarded

VARIANTS = ("", "instance", "layer", "adain", "group", "no_cam", "no_cam_gen", "no_cam_disc")
RUNS = {variant or "ugatit": (f"configs/ugatit.py:{variant}", ()) for variant in VARIANTS}

if __name__ == "__main__":
    guarded(lambda argv: compare(argv, __doc__, __file__, RUNS))(sys.argv)
