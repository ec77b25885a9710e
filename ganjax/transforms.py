"""What a paper does to its optimiser, as optax transformations: terms of an ``optax.chain``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

Tree = Any


def clip(params: Tree, c: float) -> Tree:
    """Every entry of ``params`` sent into [−c, c].  Arjovsky et al. 2017, algorithm 1, line 7."""
    return jax.tree.map(lambda p: jnp.clip(p, *_bounds(p, c)), params)


def clip_weights(c: float) -> optax.GradientTransformation:
    """Weight clipping, last in a chain: after ``apply_updates`` every parameter lies in [−c, c], without exception.

    The update becomes clip(p + u, ±(c − ε (|p| + c))) − p, ε of p's dtype: taking p away and adding it back rounds
    twice, and the margin is what that can amount to (where it would pass c, 0 is exact).  Arjovsky et al. 2017,
    algorithm 1, line 7.

    Raises:
        ValueError: ``update`` was called without params.
    """

    def clipped(update: jax.Array, p: jax.Array) -> jax.Array:
        low, high = _bounds(p, c)
        eps = jnp.finfo(p.dtype).eps  # type: ignore[no-untyped-call]
        margin = jnp.minimum(eps * (jnp.abs(p) + high), high)
        return (jnp.clip(p + update.astype(p.dtype), low + margin, high - margin) - p).astype(p.dtype)

    def update(updates: Tree, state: optax.EmptyState, params: Tree | None = None) -> tuple[Tree, optax.EmptyState]:
        if params is None:
            raise ValueError("clip_weights needs the parameters: call update(updates, state, params)")
        return jax.tree.map(clipped, updates, params), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def _bounds(p: jax.Array, c: float) -> tuple[jax.Array, jax.Array]:
    """±c in p's dtype, rounded towards zero: the nearest bfloat16 of 0.01 lies beyond it."""
    high = np.asarray(c, p.dtype)
    inside = jnp.asarray(np.nextafter(high, np.zeros_like(high)) if float(high) > c else high)
    return -inside, inside


def scale_by_step(schedule: Callable[[jax.Array], jax.Array]) -> optax.GradientTransformationExtraArgs:
    """Multiplies updates by schedule(step), step = generator updates so far, as ``core.play`` passes it.

    Optax counts updates of its own optimiser: with five critic updates a step its decay would end five times too early.
    """

    def update(updates: Tree, state: optax.EmptyState, params: Tree | None = None, *, step: jax.Array, **_: Any) -> Any:
        factor = schedule(step)
        return jax.tree.map(lambda u: u * jnp.asarray(factor, u.dtype), updates), state

    return optax.GradientTransformationExtraArgs(lambda params: optax.EmptyState(), update)


def rest_until(part: str, until: int) -> optax.GradientTransformationExtraArgs:
    """Last in a chain: parameters below the name ``part`` stay as they are before step ``until``, counted as ``core.play``
    passes it; the optimiser before it keeps its moments meanwhile.
    """

    def update(updates: Tree, state: optax.EmptyState, params: Tree | None = None, *, step: jax.Array, **_: Any) -> Any:
        def rest(path: tuple[Any, ...], u: jax.Array) -> jax.Array:
            return jnp.where(step < until, jnp.zeros_like(u), u) if jax.tree_util.DictKey(part) in path else u

        return jax.tree_util.tree_map_with_path(rest, updates), state

    return optax.GradientTransformationExtraArgs(lambda params: optax.EmptyState(), update)


def keep_in_unit_interval(part: str) -> optax.GradientTransformation:
    """Last in a chain: parameters of the name ``part`` lie in [0, 1] after ``apply_updates``, where they lay there before.

    The update becomes clip(p + u, 0, 1) − p; of p in [0, 1] adding it to p passes neither end in any float type.  Kim et al.
    2020, section 2.1.2, ρ of AdaLIN.

    Raises:
        ValueError: ``update`` was called without params.
    """

    def update(updates: Tree, state: optax.EmptyState, params: Tree | None = None) -> tuple[Tree, optax.EmptyState]:
        if params is None:
            raise ValueError("keep_in_unit_interval needs the parameters: call update(updates, state, params)")

        def kept(path: tuple[Any, ...], u: jax.Array, p: jax.Array) -> jax.Array:
            if jax.tree_util.DictKey(part) not in path:
                return u
            return (jnp.clip(p + u.astype(p.dtype), 0, 1) - p).astype(p.dtype)

        return jax.tree_util.tree_map_with_path(kept, updates, params), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def clamp_singular_values(
    clamp: float | None = None, ratio: float | None = None, part: str = ""
) -> optax.GradientTransformation:
    """Last in a chain: W ← W − max(0, σ₀ − σ_clamp) v₀ u₀ᵀ after the update.  Brock et al. 2019, section 4.1.

    Of kernels whose path has ``part`` in it, as matrices [rest, outputs]; σ_clamp is ``clamp``, or ``ratio`` · σ₁. The vectors
    of the two largest singular values take one step of the power iteration an update, the second's free of the first.

    Raises:
        ValueError: neither or both are given; ``update`` was called without params.
    """
    if (clamp is None) == (ratio is None):
        raise ValueError("σ₀ is clamped at clamp=…, or at ratio=… times σ₁: give one of them")

    def limit(sigma1: jax.Array) -> jax.Array:
        return jnp.full_like(sigma1, clamp) if clamp is not None else (ratio or 0.0) * sigma1

    def init(params: Tree) -> dict[str, jax.Array]:
        leaves = jax.tree_util.tree_leaves_with_path(params)
        kernels = {_named(path): p for path, p in leaves if p.ndim >= 2 and p.shape[-1] >= 2}
        chosen = {name: p for name, p in kernels.items() if name.endswith("kernel") and part in name}
        return {name: _begun(p.reshape(-1, p.shape[-1])) for name, p in chosen.items()}

    def update(
        updates: Tree, state: dict[str, jax.Array], params: Tree | None = None
    ) -> tuple[Tree, dict[str, jax.Array]]:
        if params is None:
            raise ValueError("clamp_singular_values needs the parameters: call update(updates, state, params)")
        moved = dict(state)

        def clamped(path: tuple[Any, ...], u: jax.Array, p: jax.Array) -> jax.Array:
            if (name := _named(path)) not in state:
                return u
            w = (p + u.astype(p.dtype)).reshape(-1, p.shape[-1])
            (sigma0, v0, u0), (sigma1, _, u1) = _two_largest(w, state[name])
            moved[name] = jnp.stack([u0, u1])
            over = jnp.maximum(0, sigma0 - limit(sigma1))
            return ((w - over * jnp.outer(v0, u0)).reshape(p.shape) - p).astype(p.dtype)

        return jax.tree_util.tree_map_with_path(clamped, updates, params), moved

    return optax.GradientTransformation(init, update)


def _named(path: tuple[Any, ...]) -> str:
    return "/".join(str(getattr(key, "key", key)) for key in path)


def _begun(w: jax.Array, steps: int = 30) -> jax.Array:
    """Vectors to go on from: of the first ones that come to mind σ₁ would be far too small."""
    first = jnp.eye(2, w.shape[-1]) + 0.5 / w.shape[-1]
    out: jax.Array = jax.lax.fori_loop(0, steps, lambda _, us: jnp.stack([u for *_, u in _two_largest(w, us)]), first)
    return out


def _two_largest(w: jax.Array, us: jax.Array) -> list[tuple[jax.Array, jax.Array, jax.Array]]:
    """(σ, v, u) of the two largest singular values of w = Wᵀ, one step on from the vectors ``us``."""
    found: list[tuple[jax.Array, jax.Array, jax.Array]] = []
    for each in us:
        v = _unit(w @ each, [v for _, v, _ in found])
        u = _unit(v @ w, [u for _, _, u in found])
        found.append((v @ w @ u, v, u))
    return found


def _unit(x: jax.Array, others: Sequence[jax.Array]) -> jax.Array:
    """x without what it shares with the others, of length 1."""
    for other in others:
        x = x - (x @ other) * other
    return x / jnp.maximum(jnp.linalg.norm(x), 1e-12)


def average_from(start: int, decay: float) -> Callable[[jax.Array], jax.Array]:
    """0 before step ``start``, so that the average is what is now, then ``decay``.  Brock et al. 2019, official PyTorch code."""
    return lambda step: jnp.where(step < start, 0.0, decay).astype(jnp.float32)


def scheduled(
    optimiser: optax.GradientTransformation, schedule: Callable[[jax.Array], jax.Array]
) -> optax.GradientTransformationExtraArgs:
    """An optimiser whose learning rate is multiplied by schedule(step), step = generator updates."""
    return optax.chain(optimiser, scale_by_step(schedule))


def clipped(optimiser: optax.GradientTransformation, norm: float) -> optax.GradientTransformation:
    """An optimiser of gradients that are scaled down to the length ``norm`` where they are longer, all of a player's together."""
    return optax.chain(optax.clip_by_global_norm(norm), optimiser)


def halvings(every: int, factor: float = 0.5) -> Callable[[jax.Array], jax.Array]:
    """The factor 1, ½, ¼, …, the next after so many generator updates.  Huang et al. 2018, official code."""
    return lambda step: jnp.float32(factor) ** (step // every)


def linear_decay(steps: int, start: int = 0) -> Callable[[jax.Array], jax.Array]:
    """The factor 1 until ``start``, then linearly to 0 at ``steps`` generator updates."""
    return lambda step: jnp.clip((steps - step) / (steps - start), 0, 1).astype(jnp.float32)


def epoch_decay(epoch_steps: int, constant: int = 100, falling: int = 100) -> Callable[[jax.Array], jax.Array]:
    """The factor 1 for ``constant`` epochs, then linearly to 0 in ``falling`` more, in steps of an epoch.

    In epoch e = 0, 1, …: 1 − max(0, e + 1 − constant) / (falling + 1); an epoch is so many generator updates.  Zhu et al.
    2017, official PyTorch code.
    """

    def factor(step: jax.Array) -> jax.Array:
        epoch = step // epoch_steps
        return jnp.clip(1 - jnp.maximum(0, epoch + 1 - constant) / (falling + 1), 0, 1).astype(jnp.float32)

    return factor


def exponential_decay(factor: float, floor: float = 0.0) -> Callable[[jax.Array], jax.Array]:
    """The factor max(factor⁻ˢᵗᵉᵖ, floor).  Goodfellow et al. 2014, official code."""
    rate = math.log(factor)  # in float64: 1.000004 is no float32
    return lambda step: jnp.maximum(jnp.exp(-rate * step), floor).astype(jnp.float32)


def decayed_adam(
    learning_rate: float, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, weight_decay: float = 0.0
) -> optax.GradientTransformation:
    """Adam on gradients to which ``weight_decay`` · p is added first, PyTorch's ``Adam(weight_decay)``; not AdamW."""
    return optax.chain(optax.add_decayed_weights(weight_decay), optax.adam(learning_rate, b1, b2, eps))


def ema_warm_up(decay: float) -> Callable[[jax.Array], jax.Array]:
    """min(decay, (1 + step) / (10 + step)): an average that does not remember the first, random generators."""
    return lambda step: jnp.minimum(decay, (1 + step) / (10 + step)).astype(jnp.float32)


def pmean_gradients(axis: str) -> optax.GradientTransformation:
    """Gradients averaged over a mapped axis (pmap, vmap(axis_name)); first in a chain."""
    return optax.stateless(lambda updates, params: jax.lax.pmean(updates, axis))
