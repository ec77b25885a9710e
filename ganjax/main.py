"""Trains a system; the same command again goes on where it stopped.

python -m ganjax.main --config=configs/NAME.py[:VARIANT] [--workdir=DIR] [--config.section.key=value ...]

On several hosts the same command on each, with --coordinator=HOST:PORT --num_processes=N --process_id=I, or --distributed.
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
flags.DEFINE_string("coordinator", None, "Of several processes: HOST:PORT, which process 0 opens.")
flags.DEFINE_integer("num_processes", None, "How many processes train this run together.")
flags.DEFINE_integer("process_id", None, "Which of them this is, from 0.")
flags.DEFINE_bool("distributed", False, "JAX finds the processes by itself: Slurm, Open MPI, Kubernetes, TPU pods.")
flags.DEFINE_integer("wait", 300, "Seconds in which the processes must have met.")


def main(overrides: Sequence[str]) -> None:
    """Trains as the flags say."""
    from ganjax import allocator, compilation, distributed  # not above: --help and a mistyped flag answer at once
    from ganjax import config as configs

    allocator.hold()
    distributed.start(FLAGS.coordinator, FLAGS.num_processes, FLAGS.process_id, FLAGS.distributed, FLAGS.wait)
    compilation.keep()
    from ganjax.train import train

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
