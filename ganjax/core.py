"""Moves: the algebra that every system here is played with.

A *player* is a slot of networks (``gen`` or ``disc``). A *loss* is a pure function of both players' parameters. A *step*
is a pure function from state to state. Everything that happens in training (an update of D, of G, an average, a lazy
penalty) is a step, and every alternation is an expression of the combinators below.

    Loss = (params, carry, batch, key) -> (scalar, (carry, metrics))          batch leaves are [b, …]
    Step = (state, batch, key) -> (state, metrics)                            batch leaves are [m, b, …]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

import jax
import jax.numpy as jnp
import optax

Tree: TypeAlias = Any
Key: TypeAlias = jax.Array
Batch: TypeAlias = dict[str, jax.Array]
Metrics: TypeAlias = dict[str, jax.Array]
Who: TypeAlias = Literal["gen", "disc"]
Schedule: TypeAlias = Callable[[Any], Any]


class Players(NamedTuple):
    """One thing for each player; a slot is any tree (CycleGAN's ``gen`` is {ab, ba}, a VAE's ``disc`` is empty)."""

    gen: Any
    disc: Any


class Carry(NamedTuple):
    """What losses read and replace: steps taken, statistics of the networks, memories by name."""

    step: jax.Array
    vars: Players
    memory: dict[str, Tree]


class State(NamedTuple):
    """All of a training run between two steps, as one tree. ``ema`` holds (params, vars) of the averaged players."""

    params: Players
    opt: Players
    carry: Carry
    ema: Players


@runtime_checkable
class Loss(Protocol):
    """(params, carry, batch, key) -> (scalar, (carry, metrics)); the same shape of function for both players."""

    def __call__(
        self, params: Players, carry: Carry, batch: Batch, key: Key, /
    ) -> tuple[jax.Array, tuple[Carry, Metrics]]: ...


@runtime_checkable
class Step(Protocol):
    """(state, batch, key) -> (state, metrics)."""

    def __call__(self, state: State, batch: Batch, key: Key, /) -> tuple[State, Metrics]: ...


@runtime_checkable
class Generate(Protocol):
    """(params, vars, inputs, key, train) -> ({name: images in [-1, 1]}, vars), of the generator's slot."""

    def __call__(
        self, params: Tree, vars: Tree, inputs: Batch, key: Key, train: bool = False
    ) -> tuple[dict[str, jax.Array], Tree]: ...


class Gan(NamedTuple):
    """A game, as pure functions.

    init       (key, batch [b, …]) -> (params, vars, memory)
    inputs     (key, n) -> {name: array}, the prior and the schema of what ``generate`` reads
    recognise  (params.disc, vars.disc, images) -> attributes [b, k], where D is a judge of what images show
    """

    init: Callable[[Key, Batch], tuple[Players, Players, dict[str, Tree]]]
    inputs: Callable[[Key, int], Batch]
    disc_loss: Loss
    gen_loss: Loss
    generate: Generate
    recognise: Callable[[Tree, Tree, jax.Array], jax.Array] | None = None


# ---------------------------------------------------------------------------------------------------------------- moves


def play(who: Who, loss: Loss, tx: optax.GradientTransformation) -> Step:
    """A move of one player: descend its own parameters' gradient of ``loss``, averaged over the micro-batches.

    The only place that takes a gradient and calls an optimiser. ``tx`` is told ``step`` (generator updates so far) and
    ``value`` (the loss). Logs ``disc/loss`` or ``gen/loss``, and the gradient's norm (under pmap a device's own) where
    the player has parameters.
    """
    update = optax.with_extra_args_support(tx).update

    def step(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
        own = getattr(state.params, who)

        def micro(carry: Carry, batch: Batch, key: Key) -> tuple[Carry, tuple[Tree, Metrics]]:
            def of_own(own: Tree) -> tuple[jax.Array, tuple[Carry, Metrics]]:
                return loss(_put(state.params, who, own), carry, batch, key)

            (value, (carry, metrics)), grads = jax.value_and_grad(of_own, has_aux=True)(own)
            return carry, (grads, _merge([{f"{who}/loss": value}, metrics]))

        carry, outputs = _scan(micro, state.carry, batch, key)
        grads, metrics = _mean(outputs)
        norm = {f"{who}/gradient_norm": optax.tree.norm(grads)} if jax.tree.leaves(grads) else {}
        metrics = _merge([metrics, norm])
        updates, opt = update(grads, getattr(state.opt, who), own, step=carry.step, value=metrics[f"{who}/loss"])
        params = _put(state.params, who, optax.apply_updates(own, updates))
        return State(params, _put(state.opt, who, opt), carry, state.ema), metrics

    return step


def project(who: Who, f: Callable[[Tree], Tree]) -> Step:
    """Sends one player's parameters through ``f`` (clipping before the update, ρ into [0, 1])."""

    def step(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
        del batch, key
        return state._replace(params=_put(state.params, who, f(getattr(state.params, who)))), {}

    return step


def average(decay: float | Schedule, who: Who = "gen") -> Step:
    """Exponential moving average of a player's (params, vars): ema ← decay · ema + (1 − decay) · now.

    ``decay`` may be a function of the step, for a warm-up or a late start. Integer leaves are copied.
    """

    def step(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
        del batch, key
        rate = decay(state.carry.step) if callable(decay) else decay

        def blend(old: jax.Array, new: jax.Array) -> jax.Array:
            if not jnp.issubdtype(old.dtype, jnp.inexact):
                return new
            weight = jnp.asarray(rate, old.dtype)
            return weight * old + (1 - weight) * new

        now = (getattr(state.params, who), getattr(state.carry.vars, who))
        return state._replace(ema=_put(state.ema, who, jax.tree.map(blend, getattr(state.ema, who), now))), {}

    return step


# ----------------------------------------------------------------------------------------------------------- combinators


def sequence(*steps: Step) -> Step:
    """One step after the other, each with its own key. Refuses two metrics of one name."""

    def step(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
        logs = []
        for i, each in enumerate(steps):
            state, metrics = each(state, batch, jax.random.fold_in(key, i))
            logs.append(metrics)
        return state, _merge(logs)

    return step


def repeat(n: int, step: Step) -> Step:
    """Cuts the leading micro axis into n groups and takes the step on each, in a scan.

    Metrics are means over the groups that took part (a skipped move's are NaN).
    """

    def repeated(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
        state, metrics = _scan(step, state, _groups(n, batch), key)
        return state, jax.tree.map(lambda x: jnp.nanmean(x, axis=0), metrics)

    return repeated


def last(n: int, step: Step) -> Step:
    """Takes the step on the last of n groups of the micro axis."""

    def on_last(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
        return step(state, jax.tree.map(lambda x: x[-1], _groups(n, batch)), key)

    return on_last


def every(n: int | Callable[[jax.Array], jax.Array], step: Step) -> Step:
    """Takes the step where carry.step is a multiple of n, or where n(carry.step) is true; skipped metrics are NaN."""

    def lazy(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
        due = n(state.carry.step) if callable(n) else state.carry.step % n == 0
        _, shapes = jax.eval_shape(step, state, batch, key)
        out: tuple[State, Metrics] = jax.lax.cond(due, step, lambda state, *_: (state, _nan(shapes)), state, batch, key)
        return out

    return lazy


def when(predicate: Callable[[jax.Array, Metrics], jax.Array], step: Step) -> Step:
    """Takes the step and keeps its result where predicate(carry.step, its own metrics) holds; else metrics are NaN.

    The loss decides here, so the step is always computed; where the step number alone decides, ``every`` is cheaper.
    """

    def gated(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
        moved, metrics = step(state, batch, key)
        kept = predicate(state.carry.step, metrics)
        out: tuple[State, Metrics] = jax.tree.map(
            lambda a, b: jnp.where(kept, a, b), (moved, metrics), (state, _nan(metrics))
        )
        return out

    return gated


def tick(step: Step) -> Step:
    """Outermost: folds carry.step into the key, which the caller passes unchanged every time, and counts the step."""

    def ticked(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
        state, metrics = step(state, batch, jax.random.fold_in(key, state.carry.step))
        return state._replace(carry=state.carry._replace(step=state.carry.step + 1)), metrics

    return ticked


def alternate(
    gan: Gan,
    tx: Players,
    n_critic: int | Schedule = 1,
    accumulate: int = 1,
) -> Step:
    """n_critic moves of D, then one of G on the last group; the micro axis is m = n_critic · accumulate long.

    Where n_critic is a function of the step, the loader asks it and the batch brings as many groups: one trace for
    each distinct m.

    Raises:
        ValueError: the batch's micro axis is not n_critic · accumulate.
    """
    return critics_first(play("disc", gan.disc_loss, tx.disc), play("gen", gan.gen_loss, tx.gen), n_critic, accumulate)


def critics_first(disc: Step, gen: Step, n_critic: int | Schedule = 1, accumulate: int = 1) -> Step:
    """``alternate`` of two given moves, for systems that put something beside an update (wgan's early clipping)."""
    return in_groups(lambda n: sequence(repeat(n, disc), last(n, gen)), n_critic, accumulate)


def in_groups(play: Callable[[int], Step], n_critic: int | Schedule = 1, accumulate: int = 1) -> Step:
    """The step play(n), counted, n the groups that a batch brings; for systems with an order of their own.

    Raises:
        ValueError: the batch's micro axis is not n_critic · accumulate.
    """

    def step(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
        m = len(jax.tree.leaves(batch)[0])
        n, rest = divmod(m, accumulate)
        if rest or n != (max(n, 1) if callable(n_critic) else n_critic):
            raise ValueError(
                f"the batch has {m} micro-batches; n_critic={n_critic} × accumulate={accumulate} are needed"
            )
        return play(n)(state, batch, key)

    return tick(step)


def simultaneous(gan: Gan, tx: Players) -> Step:
    """Both players move from the same point: G answers the D of before this step."""
    disc, gen = play("disc", gan.disc_loss, tx.disc), play("gen", gan.gen_loss, tx.gen)

    def step(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
        moved, disc_metrics = disc(state, batch, jax.random.fold_in(key, 0))
        before = moved._replace(params=state.params)
        both, gen_metrics = gen(before, batch, jax.random.fold_in(key, 1))
        params = Players(both.params.gen, moved.params.disc)
        return both._replace(params=params), _merge([disc_metrics, gen_metrics])

    return tick(step)


def init(
    gan: Gan,
    tx: Players,
    key: Key,
    batch: Batch,
    averaged: Sequence[Who] = ("gen", "disc"),
) -> State:
    """The state before the first step, from a loader's batch [m, b, …].

    ``averaged`` names the players whose average is kept; it starts as a copy of them, never an alias, since the state
    is donated to the compiled step.
    """
    params, vars, memory = gan.init(key, jax.tree.map(lambda x: x[0], batch))
    carry = Carry(jnp.zeros((), jnp.int32), vars, memory)
    ema = Players(
        *(
            jax.tree.map(jnp.copy, (getattr(params, who), getattr(vars, who))) if who in averaged else ()
            for who in Players._fields
        )
    )
    return State(params, Players(tx.gen.init(params.gen), tx.disc.init(params.disc)), carry, ema)


# --------------------------------------------------------------------------------------------------------------- helpers


def _put(players: Players, who: Who, value: Tree) -> Players:
    return players._replace(**{who: value})


def _merge(logs: Sequence[Metrics]) -> Metrics:
    names = [name for metrics in logs for name in metrics]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two moves of one step log the same metric: {', '.join(twice)}; rename one of them")
    return {name: value for metrics in logs for name, value in metrics.items()}


def _nan(metrics: Tree) -> Tree:
    return jax.tree.map(lambda x: jnp.full(x.shape, jnp.nan, x.dtype), metrics)


def _mean(trees: Tree) -> Tree:
    return jax.tree.map(lambda x: x.mean(axis=0), trees)


def _groups(n: int, batch: Batch) -> Batch:
    return {name: x.reshape(n, x.shape[0] // n, *x.shape[1:]) for name, x in batch.items()}


def _scan(f: Callable[[Tree, Batch, Key], tuple[Tree, Tree]], carry: Tree, batch: Batch, key: Key) -> tuple[Tree, Tree]:
    """f along the leading axis of batch, with key number i for slice i; no loop where there is one slice."""
    n = len(jax.tree.leaves(batch)[0])
    keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(n))
    if n == 1:
        carry, out = f(carry, jax.tree.map(lambda x: x[0], batch), keys[0])
        return carry, jax.tree.map(lambda x: jnp.asarray(x)[None], out)
    return jax.lax.scan(lambda carry, xs: f(carry, *xs), carry, (batch, keys))
