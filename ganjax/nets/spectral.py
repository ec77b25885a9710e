"""Spectral normalisation: weights divided by their largest singular value (Miyato et al. 2018, arXiv:1802.05957).

    W_SN = W / σ(W),  σ(W) ≈ uᵀ W v,   one step of v ← Wᵀ u / ‖Wᵀ u‖, u ← W v / ‖W v‖ in each forward pass     (eq. 8, appendix A)

W has a row for each output: a kernel [h, w, in, out] is the transpose of its [h · w · in, out]. u and v are constants in
the gradient. What is kept stands in the collection "spectral", which training replaces with each call: u and v in ``norm``,
as PyTorch has it, whose evaluation reads them; u alone, and σ for who would like to know, in ``iterating``, as the code of
SNGAN, SAGAN and BigGAN has it, whose evaluation takes a step as well and forgets it.
"""

from __future__ import annotations

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Outs = Float[Array, " out"]
Rest = Float[Array, " rest"]
EPS = 1e-12


def norm(train: bool, eps: float = EPS) -> Callable[[nn.Module, jax.Array], jax.Array]:
    """What ``Conv(weight=…)`` asks of its kernel: the kernel over its largest singular value, in float32."""

    def of(layer: nn.Module, kernel: jax.Array) -> jax.Array:
        matrix = kernel.reshape(-1, kernel.shape[-1]).astype(jnp.float32)  # Wᵀ
        u = layer.variable("spectral", "u", lambda: _drawn(layer, matrix.shape[1]))
        v = layer.variable("spectral", "v", lambda: _unit(matrix @ u.value, eps))
        if train and not layer.is_initializing():
            u.value, v.value = iterated(matrix, u.value, eps)
        out: jax.Array = (kernel / sigma(matrix, u.value, v.value)).astype(kernel.dtype)
        return out

    return of


def iterating(train: bool, eps: float = EPS) -> Callable[[nn.Module, jax.Array], jax.Array]:
    """``norm`` of a weight [..., out] with a step of the iteration in evaluation too, which is not kept."""

    def of(layer: nn.Module, kernel: jax.Array) -> jax.Array:
        matrix = kernel.reshape(-1, kernel.shape[-1]).astype(jnp.float32)  # Wᵀ
        u = layer.variable("spectral", "u", lambda: _drawn(layer, matrix.shape[1]))
        kept = layer.variable("spectral", "sigma", lambda: jnp.ones(()))
        new, v = iterated(matrix, u.value, eps)
        value = sigma(matrix, new, v)
        if train and not layer.is_initializing():
            u.value, kept.value = new, jax.lax.stop_gradient(value)
        out: jax.Array = (kernel / value).astype(kernel.dtype)
        return out

    return of


def iterated(matrix: Float[Array, "rest out"], u: Outs, eps: float = EPS) -> tuple[Outs, Rest]:
    """(u, v) after one step of the power iteration, appendix A; constants in the gradient."""
    matrix = jax.lax.stop_gradient(matrix)
    v = _unit(matrix @ u, eps)
    return _unit(v @ matrix, eps), v


def sigma(matrix: Float[Array, "rest out"], u: Outs, v: Rest) -> Float[Array, ""]:
    """uᵀ W v, matrix = Wᵀ: the largest singular value where u and v are its vectors."""
    value: jax.Array = v @ matrix @ u
    return value


def _drawn(layer: nn.Module, n: int) -> Outs:
    return _unit(jax.random.normal(layer.make_rng("params"), (n,)), EPS)


def _unit(x: Outs, eps: float) -> Outs:
    out: Array = x / jnp.maximum(jnp.linalg.norm(x), eps)
    return out
