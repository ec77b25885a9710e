"""``python -m experiments.benchmark.plot RESULTS.json PICTURE.png``: the ratios of a run as bars, and a Markdown table."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

Results = dict[str, dict[str, Any]]


def table(results: Results) -> str:
    """One line for each case."""
    head = (
        "| case | ganjax s | PyTorch s | ratio (range) | GFLOP | share of peak | MiB | PyTorch MiB | cold s | warm s |"
    )
    lines = [head, "|---|" + "---|" * 9]
    for case, r in results.items():
        low, high = r["ratio_range"]
        lines.append(
            f"| `{case}` | {r['ganjax_s']:.3f} | {r['torch_s']:.3f} | {r['ratio']:.2f} ({low:.2f} to {high:.2f}) "
            f"| {r['gflop']:.0f} | {r['peak_share']:.2f} | {r['ganjax_mib']:.0f} | {r['torch_mib']:.0f} "
            f"| {r['cold_s']:.0f} | {r['warm_s']:.0f} |"
        )
    return "\n".join(lines)


def draw(results: Results, path: Path) -> None:
    """Bars of PyTorch's time over ours, with the spread of the rounds; the line is PyTorch's own speed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    ratios = [r["ratio"] for r in results.values()]
    spread = [
        [max(0.0, r["ratio"] - r["ratio_range"][0]) for r in results.values()],
        [max(0.0, r["ratio_range"][1] - r["ratio"]) for r in results.values()],
    ]
    figure, axes = pyplot.subplots(figsize=(7, 0.6 * len(results) + 1), layout="constrained")
    axes.barh(list(results), ratios, xerr=spread, color="#3b6ea5", ecolor="#888888")
    axes.axvline(1.0, color="black", linewidth=1)
    axes.invert_yaxis()
    axes.set_xlabel("PyTorch seconds / ganjax seconds, one iteration on 2 CPU cores")
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    results = json.loads(Path(sys.argv[1]).read_text())
    print(table(results))
    draw(results, Path(sys.argv[2]))
