"""Translations between two domains of n points, as tables of probabilities, learnt by the exact losses: no network, no D."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

Table = Float[Array, "n n"]  # logits: a row a point, a column where it may go


def marginal_loss(logits: Table) -> Array:
    """How far the image of equally likely points is from equally likely: KL(uniform ‖ image), what a perfect D would tell."""
    image = jax.nn.softmax(logits).mean(axis=0)
    return -jnp.log(image * len(image)).mean()


def cycle_loss(logits: Table, back: Table) -> Array:
    """−log of the probability that a point comes back, averaged over the points and both ways."""
    f, g = jax.nn.softmax(logits), jax.nn.softmax(back)
    return -(jnp.log(jnp.diag(f @ g)).mean() + jnp.log(jnp.diag(g @ f)).mean()) / 2


def learnt(n: int, seeds: int, steps: int, cycle_weight: float) -> Float[np.ndarray, "seeds n n"]:
    """F of tables that start at random, after Adam's steps."""
    tx = optax.adam(0.05)

    def loss(tables: tuple[Table, Table]) -> Array:
        return marginal_loss(tables[0]) + marginal_loss(tables[1]) + cycle_weight * cycle_loss(*tables)

    def one(key: Array) -> Array:
        tables = tuple(jax.random.normal(each, (n, n)) for each in jax.random.split(key))

        def step(
            carry: tuple[optax.Params, optax.OptState], _: None
        ) -> tuple[tuple[optax.Params, optax.OptState], None]:
            updates, opt = tx.update(jax.grad(loss)(carry[0]), carry[1])
            return (optax.apply_updates(carry[0], updates), opt), None

        (tables, _), _ = jax.lax.scan(step, (tables, tx.init(tables)), None, steps)
        return jax.nn.softmax(tables[0])

    keys = jax.random.split(jax.random.key(0), seeds)
    return np.asarray(jax.jit(jax.vmap(one))(keys))


def judged(tables: Float[np.ndarray, "seeds n n"], sure: float = 0.9) -> dict[str, float]:
    """Shares of tables whose marginal is right (to 1 %), that are bijections of probability ``sure`` in each row, and that are
    the one bijection that is wanted, the identity."""
    n = tables.shape[-1]
    marginal = np.abs(tables.mean(axis=1) * n - 1).max(axis=1) < 0.01
    best = tables.argmax(axis=2)
    bijection = (tables.max(axis=2) > sure).all(axis=1) & (np.sort(best, axis=1) == np.arange(n)).all(axis=1)
    wanted = bijection & (best == np.arange(n)).all(axis=1)
    shares = {"marginal_right": marginal, "bijection": bijection, "the_one_wanted": wanted}
    return {name: float(each.mean()) for name, each in shares.items()}
