"""``python -m experiments.run --all [--quick]``, or some by NAME: the decks' claims, tried in turn, and a page of them."""

from __future__ import annotations

import argparse
import base64
import functools
import html
import importlib
import json
import multiprocessing
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from ganjax.errors import UserError, nearest
from ganjax.main import guarded
from ganjax.monitor.pictures import write_whole

HERE = Path(__file__).parent
CLAIMS = {  # in the order of the lectures: {experiment: what it is about}
    "disjoint_supports": "Distances between distributions that do not overlap",
    "moving_plans": "The earth mover's plan",
    "vanishing_gradients": "A discriminator that is too good",
    "weight_clipping": "Clipped weights beside a penalty",
    "loss_and_quality": "What a loss says of the samples",
    "mode_collapse": "Modes that are missed",
    "turn_taking": "The homework: who moves how often, and the craft of DCGAN",
    "homework_latents": "The homework: digits by class, and latents by hand",
    "hidden_information": "CycleGAN hides information in its output",
    "cycle_consistency": "What cycle consistency rules out",
    "cyclegan_terms": "Least squares, history, identity: the terms of CycleGAN",
    "large_scale_tricks": "BigGAN's tricks, small",
    "alike_and_sensitive": "GANs perform alike, each is sensitive",
    "pix2pix_terms": "Close, GAN, close + GAN",
    "failure_cases": "Shapes that have to change",
    "equilibrium": "The equilibrium, in one dimension",
}
HEAD = "| about | verdict | because |"


def main(argv: Sequence[str]) -> None:
    """Tries the claims that are named and writes the page of all that have been tried."""
    parser = argparse.ArgumentParser(prog="python -m experiments.run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CLAIMS))
    parser.add_argument("--all", action="store_true", help="every claim")
    parser.add_argument("--quick", action="store_true", help="short forms, with runs and results of their own")
    parser.add_argument(
        "--workdir", type=Path, default=Path("runs"), help="where the runs live, and the page claims.html"
    )
    parser.add_argument("--jobs", type=int, default=1, help="claims tried at once, each in a process (1)")
    options = parser.parse_args(argv[1:])
    for name in options.names:
        if name not in CLAIMS:
            raise UserError(f"no claim {name!r}{nearest(name, CLAIMS)}; there are: {', '.join(CLAIMS)}")
    names = [*CLAIMS] if options.all else options.names
    trying = functools.partial(tried, workdir=options.workdir, quick=options.quick)
    if options.jobs == 1:
        for name in names:
            trying(name)
    else:
        with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn")) as pool:
            [*pool.map(trying, reversed(names))]  # the later ones take longer: they begin
    folder = options.workdir / "quick" if options.quick else HERE
    path = (options.workdir / "quick" if options.quick else options.workdir) / "claims.html"
    write_whole(path, page(found(folder)).encode())
    print(path)
    if not options.quick:
        text = (HERE / "README.md").read_text()
        write_whole(HERE / "README.md", (text[: text.index(HEAD)] + table(found(HERE))).encode())


def tried(name: str, workdir: Path, quick: bool) -> None:
    """Tries one claim and says how long it took."""
    begun = time.monotonic()
    module = importlib.import_module(f"experiments.{name}.__main__")
    module.main([name, f"--workdir={workdir}", *["--quick"] * quick])
    print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


def found(folder: Path) -> dict[str, tuple[dict[str, Any], bytes]]:
    """{claim: (its result, its figure)} of those that have been tried."""
    tried = [name for name in CLAIMS if (folder / name / "result.json").is_file()]
    return {
        n: (json.loads((folder / n / "result.json").read_text()), (folder / n / "figure.png").read_bytes())
        for n in tried
    }


def table(tried: Mapping[str, tuple[dict[str, Any], bytes]]) -> str:
    """The table of README.md: each claim with its verdict."""
    lines = [f"| [{CLAIMS[n]}]({n}/README.md) | {r['verdict']} | {r['because']} |" for n, (r, _) in tried.items()]
    return "\n".join([HEAD, "|---|---|---|", *lines]) + "\n"


def page(tried: Mapping[str, tuple[dict[str, Any], bytes]]) -> str:
    """One HTML page that needs nothing else: verdicts first, then each claim with its figure and numbers."""
    rows = "".join(
        f'<tr><td><a href="#{name}">{CLAIMS[name]}</a></td><td class="{r["verdict"]}">{r["verdict"]}</td>'
        f"<td>{html.escape(r['because'])}</td></tr>"
        for name, (r, _) in tried.items()
    )
    parts = "".join(_section(name, *each) for name, each in tried.items())
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Claims about GANs, tried</title><style>{CSS}</style>'
        f"<h1>Claims about GANs, tried</h1><table>{rows}</table>{parts}</html>\n"
    )


def _section(name: str, result: Mapping[str, Any], figure: bytes) -> str:
    seeds = f"{result['seeds']} seed{'s'[: result['seeds'] > 1]}"
    cost = f"{seeds}, {result['core_minutes']:.3g} minutes of one core, {result['machine']}"
    picture = base64.b64encode(figure).decode()
    numbers = html.escape(json.dumps(result["numbers"], indent=1, ensure_ascii=False))
    return (
        f'<section id="{name}"><h2>{CLAIMS[name]}</h2><p class="claim">{html.escape(result["claim"])}</p>'
        f"<p><small>{html.escape(result['source'])} · <code>python -m experiments.{name}</code> · {cost}</small></p>"
        f'<img src="data:image/png;base64,{picture}" alt="{html.escape(CLAIMS[name])}">'
        f'<p><b class="{result["verdict"]}">{result["verdict"]}</b> {html.escape(result["because"])}</p>'
        f"<details><summary>numbers</summary><pre>{numbers}</pre></details></section>"
    )


CSS = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;width:100%;font-size:.85rem}td{border-bottom:1px solid #ddd;padding:.3rem .5rem;vertical-align:top}
img{max-width:100%}.claim{font-style:italic}.yes{color:#0b6e4f}.no{color:#b22}.partly{color:#a60}
section{margin-top:3rem}pre{font-size:.75rem;overflow:auto}h2{margin-bottom:0}
"""

if __name__ == "__main__":
    guarded(main)(sys.argv)
