"""Trains a system; the same command again goes on where it stopped.

python -m ganjax.main --config=configs/NAME.py[:VARIANT] [--workdir=DIR] [--config.section.key=value ...]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from absl import app, flags, logging

from ganjax.errors import UserError

FLAGS = flags.FLAGS
flags.DEFINE_string("config", None, "configs/NAME.py or configs/NAME.py:VARIANT; a config is a program that is run.")
flags.DEFINE_string("workdir", None, "Where the run lives; runs/NAME[-VARIANT] if not given.")


def main(overrides: Sequence[str]) -> None:
    """Trains as the flags say."""
    from ganjax import allocator, compilation  # not above: --help and a mistyped flag answer at once
    from ganjax import config as configs
    from ganjax.train import train

    allocator.hold()
    compilation.keep()
    config = configs.load(FLAGS.config, overrides)
    train(config, Path(FLAGS.workdir or f"runs/{configs.run_name(FLAGS.config)}"))


def parse(argv: Sequence[str]) -> list[str]:
    """Parses our flags and returns the overrides, each as --config.section.key=value.

    Raises:
        UserError: a stray argument, a flag that does not exist, no --config.
    """
    try:
        rest = FLAGS(argv, known_only=True)[1:]
    except flags.Error as error:
        raise UserError(str(error)) from None
    if not any(argument.startswith(("-v", "--v")) for argument in argv):
        logging.set_verbosity(logging.WARNING)  # the checkpoints' own news would fill the screen
    overrides: list[str] = []
    for argument in rest:
        if argument.startswith("--config."):
            overrides.append(argument)
        elif overrides and "=" not in overrides[-1] and not argument.startswith("--"):
            overrides[-1] += f"={argument}"
        else:
            raise UserError(f"{argument!r} is no option: --config=FILE, --workdir=DIR, --config.section.key=value")
    if not FLAGS.config:
        raise UserError("which config? For example: python -m ganjax.main --config=configs/wgan_gp.py")
    return overrides


def guarded(function: Callable[[Sequence[str]], object]) -> Callable[[Sequence[str]], object]:
    """The function with errors as exit codes: 2 the user's mistake, 1 a run that went bad, each in one line."""

    def run(argv: Sequence[str]) -> object:
        try:
            return function(argv)
        except OSError as error:
            code, text = 2, f"{error.filename}: {error.strerror}" if error.filename else str(error)
        except KeyboardInterrupt:
            code, text = 130, "interrupted"
        except (UserError, FloatingPointError) as error:
            code, text = 2 if isinstance(error, UserError) else 1, str(error)
        print(f"ganjax: {text}", file=sys.stderr)
        sys.exit(code)

    return run


if __name__ == "__main__":
    app.run(guarded(main), flags_parser=guarded(parse))  # type: ignore[misc]
