"""A run read back from its workdir, as it stands, for a page: no data, no state, no compilation."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax

from ganjax import config as configs
from ganjax import protocol
from ganjax.best import read_best
from ganjax.core import Players
from ganjax.errors import UserError
from ganjax.monitor import gallery, health, history, networks
from ganjax.protocol import Result
from ganjax.run import Run
from ganjax.untrusted import in_a_line, json_of
from ganjax.workdir import described, read_config

Told = dict[str, Any]
ROWS = 30  # measurements of one protocol that are shown
SHOWN = ("n_fake", "n_real", "resize", "size", "generator", "batch_norm")  # of a protocol, in words


def of_run(workdir: Path, name: str, share: int = 1) -> Told:
    """Everything that a page says of a run; of ``share`` runs on one page each has that part of the pictures.

    Raises:
        UserError: there is no run in ``workdir``, or its config cannot be read.
    """
    config = configs.to_json(read_config(workdir))
    run, layers, counts, problem = _opened(workdir)
    lines, unreadable = history.read(workdir / "metrics.jsonl")
    at = health.status(workdir, lines, _steps(config, run, begun=bool(lines)), time.time())
    pictures = gallery.strips(workdir / "samples", gallery.MOST // share, gallery.BYTES // share)
    curves = history.curves(lines)
    environment, results = _environment(workdir), measured(workdir)
    warnings = health.warnings(lines, unreadable, at, int(config["train"]["save_every"]))
    return {
        "name": name,
        "workdir": str(workdir),
        "system": str(config["system"]),
        "status": at._asdict(),
        "warnings": [*warnings, *problem],
        "networks": layers,
        "facts": _facts(config, run, lines, at, environment, workdir, counts),
        "curves": {key: curve._asdict() for key, curve in curves.items()},
        "samples": [strip._asdict() for strip in pictures],
        "measures": tables([(name, result) for result in results]),
        "config": flat(config),
        "environment": flat(environment),
        "notes": _notes(lines, unreadable, pictures),
    }


def _opened(workdir: Path) -> tuple[Run | None, list[Told], dict[str, str], list[str]]:
    """(the run, its networks, their counts, what is wrong where it cannot be put together: the rest needs no networks)."""
    try:
        run = described(workdir, parallel="jit")  # the networks are the same, and need no axis
        return run, *_networks(run), []
    except Exception as error:  # config.json and data.json may say anything
        return None, [], {}, [f"the networks cannot be built from this folder: {in_a_line(error)}"]


def _steps(config: Told, run: Run | None, begun: bool) -> int:
    """How many there are to be; of weights that came in from elsewhere, which have seen no data of ours, none yet."""
    if run and not run.source.size and not begun:
        return 0
    return run.steps if run else int(config["train"]["steps"])


def _networks(run: Run) -> tuple[list[Told], dict[str, str]]:
    """(each network with its layers, as ``inspect`` shows them; how many parameters each player has)."""
    found, params = networks.traced(run.game.gan, jax.tree.map(networks.one_micro, run.batch))
    counts = [sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(slot)) for slot in params]
    facts = {f"parameters of {who}": f"{n:,}" for who, n in zip("GD", counts, strict=True) if n}
    return [_layers(network, _role(network, params)) for network in found], facts


def _layers(network: networks.Network, name: str) -> Told:
    rows = [
        (
            each.path,
            "×".join(map(str, each.output[1:])),
            networks.shapes_of(each.params),
            networks.count_of(each.params),
        )
        for each in network.layers
    ]
    return {"name": name, "kind": network.kind, "count": sum(row[3] for row in rows), "layers": rows}


def _role(network: networks.Network, params: Players) -> str:
    """gen or disc, with the network's name where the slot holds several that can be told apart."""
    alike = [
        (player, name)
        for player, slot in zip(params._fields, params, strict=True)
        for name, tree in ({"": slot} | (slot if isinstance(slot, dict) else {})).items()
        if isinstance(tree, dict) and frozenset(tree) == network.keys
    ]
    players = dict.fromkeys(player for player, _ in alike)
    return " ".join(alike[0]).strip() if len(alike) == 1 else " or ".join(players)


def _facts(
    config: Told,
    run: Run | None,
    lines: Sequence[history.Line],
    at: health.Status,
    environment: Told,
    workdir: Path,
    counts: Mapping[str, str],
) -> list[tuple[str, str]]:
    last: Told = {key: value for line in lines for key, value in line.items()}
    speeds = sorted(line["speed/images_per_s"] for line in lines if "speed/images_per_s" in line)
    trained, data = history.minutes(lines)[-1] * 60 if lines else 0.0, run.source if run else None
    best, seeds = _best(workdir), int(config["train"]["num_seeds"])
    given = {
        "step": f"{at.step:,} of {at.steps:,}",
        "epochs": f"{last['epoch']:.3g}" if "epoch" in last else "",
        "trained for": health.duration(trained) if trained else "",
        "images/s": f"{speeds[len(speeds) // 2]:,.0f} (median)" if speeds else "",
        **counts,
        "seed": str(config["train"]["seed"]) if seeds == 1 else "",
        "seeds": f"{seeds}: mean, and a band of one std" if seeds > 1 else "",
        "data": f"{data.name}, {data.size:,} examples" if data else str(config["data"]["name"]),
        "newest checkpoint": f"{at.saved:,}" if at.saved is not None else "none",
        "best step": best,
        "devices": ", ".join(map(str, environment.get("devices", []))),
    }
    return [(key, value) for key, value in given.items() if value]


def _best(workdir: Path) -> str:
    try:
        best = read_best(workdir)
    except UserError:
        return ""
    return f"{best.step:,} ({best.measure} {best.value:.4g})" if best else ""


def _environment(workdir: Path) -> Told:
    try:
        content = json_of((workdir / "environment.json").read_bytes())
        return content if isinstance(content, dict) else {}
    except (OSError, ValueError):
        return {}


def measured(workdir: Path) -> list[Result]:
    """The measurements in ``eval``, oldest step first; what is none is left out."""
    found = []
    for path in sorted((workdir / "eval").glob("*.json")):
        try:
            found.append(protocol.read(path))
        except UserError:
            continue
    return sorted(found, key=lambda result: (int(result.of.get("step", 0)), int(result.of.get("run", 0))))


def side_by_side(named: Sequence[tuple[str, Path]]) -> list[Told]:
    """A table for each protocol of the newest measurements of several named workdirs."""
    found = [(name, measured(workdir)) for name, workdir in named]
    newest = [(name, each) for name, all in found for each in all if each.of.get("step") == all[-1].of.get("step")]
    return tables(newest)


def tables(results: Sequence[tuple[str, Result]]) -> list[Told]:
    """A table for each protocol, since no others can be compared: a row for each measurement of a named run, the truncations
    of a sweep below each other."""
    groups: dict[str, list[tuple[str, Result]]] = {}
    for name, result in results:
        agreed = {key: value for key, value in result.protocol.items() if key != "truncation"}
        groups.setdefault(json.dumps(agreed, sort_keys=True), []).append((name, result))
    return [_table(sorted(rows, key=lambda row: _threshold(row[1]))) for rows in groups.values()]


def _threshold(result: Result) -> float:
    """Where a sweep cut the latents; not at all is the last."""
    cut = result.protocol.get("truncation")
    return float(cut.get("threshold", math.inf)) if isinstance(cut, dict) else math.inf


def _table(rows: Sequence[tuple[str, Result]]) -> Told:
    columns = list(dict.fromkeys(measure for _, result in rows for measure in result.measures))
    kept = [rows[i] for i in gallery.evenly(len(rows), ROWS)]
    return {
        "title": in_words(rows[0][1].protocol),
        "columns": columns,
        "rows": [_row(name, result, columns) for name, result in kept],
        "found": len(rows),
        "marks": list(dict.fromkeys(str(mark) for _, result in rows for mark in result.marks)),
    }


def _row(name: str, result: Result, columns: Sequence[str]) -> Told:
    values = [result.measures.get(measure) for measure in columns]
    numbers = [history.finite(float(value)) if isinstance(value, (int, float)) else None for value in values]
    cut, of = result.protocol.get("truncation"), result.of
    words = " ".join(map(str, cut.values())) if isinstance(cut, dict) else ""
    return {"name": name, "step": of.get("step"), "run": of.get("run", 0), "truncation": words, "values": numbers}


def in_words(agreed: Told) -> str:
    """A protocol for people."""
    said = [f"{key} {agreed[key]}" for key in SHOWN if agreed.get(key) is not None]
    return f"{agreed.get('kind', 'measured')}: {', '.join(said)}" if said else str(agreed.get("kind", "measured"))


def flat(tree: Told, prefix: str = "") -> dict[str, str]:
    """{section.key: value in words} of nested settings; what is not set is left out."""
    found: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        elif value is not None:
            found[prefix + key] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return found


def _notes(lines: Sequence[history.Line], unreadable: int, pictures: Sequence[gallery.Strip]) -> list[str]:
    """What of the run is not on the page."""
    said = []
    if len(lines) > history.POINTS:
        each = f"the least and the greatest of each {2 * len(lines) // history.POINTS} or so"
        said.append(f"curves: of {len(lines):,} log lines {each} are drawn")
    if unreadable == 1:
        said.append("curves: one line of the log is half written and left out")
    for strip in pictures:
        which = f"samples {strip.name}".strip()
        if strip.found > len(strip.steps):
            said.append(f"{which}: {len(strip.steps)} of {strip.found:,} pictures, evenly, first and last kept")
        if strip.shrunk:
            said.append(f"{which}: made smaller, to {gallery.LARGEST} pixels a side")
    return said


def names(workdirs: Sequence[Path]) -> list[str]:
    """A name for each workdir, as short as they can be told apart: its folder's, with those above where it must be."""
    parts = [workdir.absolute().parts for workdir in workdirs]
    for n in range(1, max(map(len, parts)) + 1):
        found = ["/".join(each[-n:]) for each in parts]
        if len({*found}) == len(found):
            break
    return found


def differences(runs: Sequence[Told]) -> list[tuple[str, list[str]]]:
    """[(key, its value in each run)] of settings and versions in which the runs differ; "" where one has it not."""
    tables = [
        run["config"] | {f"environment.{key}": value for key, value in run["environment"].items()} for run in runs
    ]
    keys = dict.fromkeys(key for table in tables for key in table)
    sections = list(dict.fromkeys(key.partition(".")[0] for key in keys))
    ordered = sorted(keys, key=lambda key: sections.index(key.partition(".")[0]))
    rows = [(key, [table.get(key, "") for table in tables]) for key in ordered]
    return [(key, values) for key, values in rows if len({*values}) > 1]
