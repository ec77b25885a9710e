"""``python -m experiments.unlike_shapes [NAME …] [--seeds=3]``: faces into critters by U-GAT-IT and by CycleGAN."""

from __future__ import annotations

import sys

from experiments.unlike_shapes.measuring import compare
from ganjax.main import guarded

CRITTERS = ("data.name=avatar_styles", "data.style=critters", "data.unpaired=False", "data.held_out=200")
RUNS = {
    "ugatit": ("configs/ugatit.py", ()),
    "cyclegan": ("configs/cyclegan.py", (*CRITTERS, "train.batch_size=1")),
}

if __name__ == "__main__":
    guarded(lambda argv: compare(argv, __doc__, __file__, RUNS))(sys.argv)
