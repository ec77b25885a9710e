"""``python -m experiments.benchmark.memory_ugatit``: what U-GAT-IT needs at 256 px, batch 1, light and full, on paper.

Parameters, Adam's moments and what G's loss keeps from its forward passes for its gradient, by shapes, nothing allocated.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax

from ganjax import config as configs
from ganjax.commands.inspect import declared
from ganjax.core import Batch, State
from ganjax.game import Game, build

MIB, KEY = 2**20, jax.random.key(0)
CASES = [(variant, remat) for variant in ("selfie2anime", "full") for remat in (False, True)]


class Planned(NamedTuple):
    """MiB: of parameters, of what Adam keeps, of what G's loss keeps for its gradient."""

    parameters: float
    moments: float
    kept: float


def game_of(variant: str, remat: bool) -> tuple[Game, State, Batch]:
    """(the game, its state, a batch [1, 1, …]), the last two as shapes."""
    config = configs.load(f"configs/ugatit.py:{variant}", [f"--config.generator.remat={remat}"])
    game = build(config)
    batch = {name: jax.ShapeDtypeStruct((1, 1, *x.shape), x.dtype) for name, x in declared(config).items()}
    return game, jax.eval_shape(game.init, KEY, batch), batch


def planned(game: Game, state: State, batch: Batch) -> Planned:
    """By shapes alone."""
    one = {name: jax.ShapeDtypeStruct(x.shape[1:], x.dtype) for name, x in batch.items()}

    def pullback(state: State, batch: Batch) -> Any:
        return jax.vjp(
            lambda gen: game.gan.gen_loss(state.params._replace(gen=gen), state.carry, batch, KEY)[0], state.params.gen
        )[1]

    return Planned(size(state.params), size(state.opt), size(jax.eval_shape(pullback, state, one)))


def size(tree: Any) -> float:
    """MiB of arrays or shapes."""
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree)) / MIB


def main() -> None:
    """A line for each."""
    for variant, remat in CASES:
        game, state, batch = game_of(variant, remat)
        found = planned(game, state, batch)
        numbers = (f"{name} {mib:,.0f}" for name, mib in found._asdict().items())
        print(f"{variant}, remat={remat}, MiB: {', '.join(numbers)}", flush=True)


if __name__ == "__main__":
    main()
