"""The rows of the table, and what is made of them: which of them help, and the best of each kind together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from experiments.turn_taking.play import SUBSET, Tricks

PLAIN, BEST = "defaults", "together"


class Row(NamedTuple):
    """Of one kind at most one row goes into what is played together."""

    kind: str
    tricks: Tricks
    replay: bool = False


def rows(batch: int) -> dict[str, Row]:
    """Defaults first; the numbers are those of the variants of configs/crafted.py."""
    epoch = -(-SUBSET // batch)
    return {
        PLAIN: Row("none", Tricks()),
        "one-sided labels": Row("labels", Tricks(real_label=0.9)),
        "two-sided labels": Row("labels", Tricks(real_label=0.9, fake_label=0.1)),
        "flipped labels": Row("labels", Tricks(flip=0.05)),
        "noise": Row("seen", Tricks(noise=0.2)),
        "replay": Row("history", Tricks(), replay=True),
        "D every 2nd step": Row("turns", Tricks(disc_every=2)),
        "D every 2nd epoch": Row("turns", Tricks(disc_every=2, block=epoch)),
        "D rests below 0.5": Row("turns", Tricks(below=0.5)),
        "k = 2": Row("turns", Tricks(gen_every=2)),
        "two time scales": Row("rates", Tricks(gen_rate=2.5e-4, disc_rate=1e-3, falls=1.0)),
        "average of G": Row("average", Tricks(average=0.99)),
    }


def helps(distance: Sequence[float], plain: Sequence[float]) -> bool:
    """Whether every seed is nearer to the data than every seed of the defaults."""
    return max(distance) < min(plain)


def together(table: Mapping[str, Row], distances: Mapping[str, Sequence[float]]) -> tuple[Row, list[str]]:
    """Of each kind the row that is nearest in the mean, if it is nearer than the defaults; all of these at once, and their
    names. Chance may choose too: fresh seeds tell."""
    chosen: dict[str, str] = {}
    for name, row in table.items():
        if sum(distances[name]) < sum(distances[chosen.get(row.kind, PLAIN)]):
            chosen[row.kind] = name
    plain, fields = Tricks(), dict[str, float]()
    for name in chosen.values():
        own = table[name].tricks
        fields |= {key: value for key, value in own._asdict().items() if value != getattr(plain, key)}
    return Row(BEST, Tricks(**{**plain._asdict(), **fields}), any(table[name].replay for name in chosen.values())), [
        *chosen.values()
    ]


def verdict(helping: Sequence[bool], best: bool) -> str:
    """``helping``: of the rows that take turns. yes: most of them and the combination; partly: any of these; else no."""
    if best and 2 * sum(helping) > len(helping):
        return "yes"
    return "partly" if best or any(helping) else "no"
