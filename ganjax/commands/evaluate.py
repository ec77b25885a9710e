"""Measures of a trained run's samples, with their protocol, into eval/; two measurements side by side (--compare)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ganjax import classes, evaluation, protocol, sweep
from ganjax.core import State
from ganjax.errors import UserError
from ganjax.latents import truncation
from ganjax.protocol import Result
from ganjax.run import Run, open_data
from ganjax.sets import Settings
from ganjax.workdir import reopen


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("--workdir", type=Path, help="the directory that training wrote")
    parser.add_argument(
        "--metrics", help="fd_efflite0, kd_efflite0, prdc_efflite0, fid_inception2015, lpips_vgg16, … (the config's)"
    )
    parser.add_argument("--n", type=int, help="samples to draw (the config's, 10,000)")
    parser.add_argument("--real", type=int, help="images of the data to compare with, at most (the config's, 50,000)")
    parser.add_argument("--step", help="which checkpoint: a number, best, or 0 for before training (the newest)")
    parser.add_argument("--run", type=int, default=0, dest="index", help="which of several seeds (0)")
    parser.add_argument("--seed", type=int, help="of the samples' latents (the run's)")
    parser.add_argument("--resize", help="clean, legacy-tf or pytorch-fid (the extractor's own)")
    parser.add_argument("--inception-weights", "--inception_weights", help="the file of Inception's weights")
    parser.add_argument("--batch-norm", default="running", help="statistics: running, batch (of 256) or standing")
    parser.add_argument("--truncation", help="of z ~ N(0, 1): 0.5 draws |z| > 0.5 again; tfhub:0.5")
    parser.add_argument("--raw", action="store_true", help="the generator itself, not its average")
    parser.add_argument("--flips", action="store_true", help="the data mirrored as well")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--truncation-sweep",
        nargs="?",
        const=sweep.THRESHOLDS,
        metavar="T,…",
        help=f"measured at each threshold, with a sheet and a curve ({sweep.THRESHOLDS})",
    )
    instead.add_argument(
        "--classes", action="store_true", help="each class by itself, ranked, with a sheet of the ends"
    )
    instead.add_argument(
        "--compare", nargs=2, type=Path, metavar=("A", "B"), help="two files of eval/, or workdirs (their newest)"
    )
    parser.add_argument("--json", action="store_true", help="JSON on stdout and nothing else")


def run(options: argparse.Namespace) -> None:
    """Measures or compares, and prints."""
    if options.compare:
        pairs = protocol.compare_all(*map(protocol.newest, options.compare))
        print(protocol.to_json(_joined(pairs)) if options.json else "\n".join(map(_table, pairs)))
        return
    if not options.workdir:
        raise UserError("what is to be measured? --workdir=DIR, or --compare A B")
    if options.truncation_sweep is not None:
        print(swept(options))
        return
    if options.classes:
        print(ranked(options))
        return
    results = measured(options)
    paths = [str(protocol.write(options.workdir, result)) for result in results]
    if options.json:
        answer = [{"file": path, **result._asdict()} for path, result in zip(paths, results, strict=True)]
        print(protocol.to_json(answer))
        return
    for path, result in zip(paths, results, strict=True):
        print("\n".join((*_lines(result), f"  {path}")))


def measured(options: argparse.Namespace) -> list[Result]:
    """The measurements that the options ask for."""
    run, settings, step, state = _opened(options)
    return evaluation.evaluator(run, settings)(state, step, options.index)


def swept(options: argparse.Namespace) -> str:
    """The run at each truncation, written; what there is to print of it.

    Raises:
        UserError: no such thresholds; one of its own beside them.
    """
    cuts = sweep.truncations(options.truncation_sweep)
    if options.truncation is not None:
        raise UserError(f"--truncation={options.truncation} and --truncation-sweep: one at a time")
    run, settings, step, state = _opened(options)
    settings = sweep.asked(settings, own=options.metrics is not None)
    found = sweep.sweeper(run, settings, cuts)(state, step, options.index)
    folder = sweep.write(options.workdir, found)
    if options.json:
        return protocol.to_json({"folder": str(folder), **sweep.report(found)})
    return "\n".join((sweep.table(found), f"  {folder}"))


def ranked(options: argparse.Namespace) -> str:
    """The run's classes, each by itself, written; what there is to print of them."""
    run, settings, step, state = _opened(options)
    found = classes.ranker(run, settings)(state, step, options.index)
    folder = classes.write(options.workdir, found)
    if options.json:
        return protocol.to_json({"folder": str(folder), **classes.report(found)})
    return "\n".join((classes.table(found), f"  {folder}"))


def _opened(options: argparse.Namespace) -> tuple[Run, Settings, int, State]:
    """(the run with its data, how it is to be measured, step, state)."""
    run, step, state = reopen(options.workdir, options.step, options.index)
    source, held_out = open_data(run.config.data)
    run = run._replace(source=source, held_out=held_out)
    return run, settings(options, evaluation.settings_of(run)), step, state


def settings(options: argparse.Namespace, own: Settings) -> Settings:
    """The run's own settings with what the options change.

    Raises:
        UserError: a number out of its range; no such truncation.
    """
    for name, low, high in (("n", 2, 10**7), ("real", 2, 10**8), ("seed", 0, 2**32 - 1)):
        value = getattr(options, name)
        if value is not None and not low <= value <= high:
            raise UserError(f"--{name}={value} must be from {low} to {high}")
    given: dict[str, Any] = {
        "n_fake": options.n,
        "n_real": options.real,
        "seed": options.seed,
        "resize": options.resize,
        "inception_weights": options.inception_weights,
        "metrics": None if options.metrics is None else evaluation.names_of(options.metrics),
    }
    chosen = own._replace(**{key: value for key, value in given.items() if value is not None})
    cut = truncation(options.truncation)
    return chosen._replace(batch_norm=options.batch_norm, raw=options.raw, flips=options.flips, truncation=cut)


def _lines(result: Result) -> list[str]:
    agreed = result.protocol
    looked = ", ".join(
        f"{key} {agreed[key]}" for key in ("n_fake", "n_real", "resize", "size", "generator") if key in agreed
    )
    values = [f"{name:<32} {_number(value)}" for name, value in result.measures.items()]
    looked += f", truncation {sweep.name_of(result)}" if agreed.get("truncation") else ""
    return [f"step {result.of['step']}, {looked}", *values, *(f"note: {mark}" for mark in result.marks)]


def _joined(pairs: list[tuple[Result, Result]]) -> dict[str, tuple[Any, Any]]:
    """{measure: both values}; a measure of several protocols has their names behind its own from the second on."""
    found: dict[str, tuple[Any, Any]] = {}
    for a, b in pairs:
        for name, values in protocol.compare(a, b).items():
            found[name if name not in found else f"{name} {protocol.short(a.protocol)}"] = values
    return found


def _table(pair: tuple[Result, Result]) -> str:
    a, b = pair
    steps = f"{a.of.get('system')} step {a.of.get('step')}", f"{b.of.get('system')} step {b.of.get('step')}"
    kind = a.protocol.get("kind", "") + (f", truncation {sweep.name_of(a)}" if a.protocol.get("truncation") else "")
    head = f"{kind:<32} {steps[0]:>20} {steps[1]:>20}"
    rows = [f"{name:<32} {_number(x):>20} {_number(y):>20}" for name, (x, y) in protocol.compare(a, b).items()]
    return "\n".join((head, *rows, *(f"note: {mark}" for mark in dict.fromkeys([*a.marks, *b.marks]))))


def _number(value: Any) -> str:
    return "none" if value is None else f"{value:.6g}"
