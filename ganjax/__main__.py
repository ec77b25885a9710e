"""python -m ganjax VERB …: what can be done with a run; ``python -m ganjax --help`` lists the verbs."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from ganjax.main import guarded

VERBS = {
    "sample": "samples of a trained run, as a sheet, single pictures, a GIF or an .npz",
    "translate": "images through a trained run of a translation system, any size, with sheets and the way back",
    "explore": "a local page on a run: latents, classes, texts, walks; images to be translated",
    "evaluate": "measures of a trained run's samples with their protocol; two measurements compared",
    "report": "a run as one HTML page: samples over time, curves, warnings, networks; several runs compared",
    "convert": "weights of the official PyTorch code into a run; a run's weights back under their names",
    "export": "a run's generator as one file that jax alone can run",
    "inspect": "networks, shapes and parameter counts of a config, and what its step costs",
    "data": "the data sets that are there, and the commands that prepare more",
}


def main(argv: Sequence[str]) -> None:
    """Runs one verb; argparse exits with 2 on what it cannot read."""
    parser = argparse.ArgumentParser("python -m ganjax", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    parser.epilog = "Training: python -m ganjax.main --config=configs/wgan_gp.py"
    for name, text in VERBS.items():
        verb = verbs.add_parser(name, help=text, description=text, allow_abbrev=False)
        if name in argv[:1]:  # the others need not be imported
            module = importlib.import_module(f"ganjax.commands.{name}")
            module.arguments(verb)
            verb.set_defaults(run=module.run)
    options, rest = parser.parse_known_args(list(argv))
    takes = options.verb in ("inspect", "convert")
    unknown = [each for each in rest if not takes or not each.startswith("--config.")]
    if unknown:
        parser.error(f"unrecognised: {' '.join(unknown)}; see python -m ganjax {options.verb} --help")
    options.overrides = rest
    from ganjax import allocator, compilation  # not above: --help answers at once

    allocator.hold()
    compilation.keep()
    options.run(options)


if __name__ == "__main__":
    guarded(main)(sys.argv[1:])
