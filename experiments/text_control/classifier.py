"""A small network that reads the colours of hair and skin and the glasses of an avatar, trained on real ones."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from ganjax.nets.layers import Conv

BATCH, EPOCHS, LEARNING_RATE = 100, 20, 2e-3
NOISE = 0.05  # of the training images, which are flat: samples are not quite
Codes = dict[str, Int[np.ndarray, " n"]]


class Reader(nn.Module):
    """Images [b, 32, 32, 3] in [-1, 1] -> {attribute: logits}: three strided convolutions, a dense layer for each."""

    sizes: tuple[tuple[str, int], ...]

    @nn.compact
    def __call__(self, x: Float[Array, "b h w 3"]) -> dict[str, Float[Array, "b _"]]:
        for width in (32, 64, 128):
            x = nn.relu(Conv(width, 4, 2, (1, 1), kernel_init=nn.initializers.he_normal())(x))
        x = x.reshape(len(x), -1)
        return {name: nn.Dense(size, name=name)(nn.relu(nn.Dense(64)(x))) for name, size in self.sizes}


def fit(network: Reader, images: Float[np.ndarray, "n h w 3"], codes: dict[str, np.ndarray], seed: int = 0) -> Any:
    """Parameters after ``EPOCHS`` passes of Adam, cosine decay, on images with noise; the same for a seed."""
    x, y = jnp.asarray(images), {name: jnp.asarray(each) for name, each in codes.items()}
    steps = EPOCHS * len(x) // BATCH
    tx = optax.adam(optax.cosine_decay_schedule(LEARNING_RATE, steps))
    init_key, key = jax.random.split(jax.random.key(seed))

    def loss(params: Any, x: Array, y: dict[str, Array]) -> Array:
        logits = network.apply(params, x)
        each = [optax.softmax_cross_entropy_with_integer_labels(logits[name], y[name]).mean() for name in y]
        return jnp.stack(each).sum()

    def step(carry: Any, key: Array) -> tuple[Any, None]:
        params, opt = carry
        batch_key, noise_key = jax.random.split(key)
        chosen = jax.random.randint(batch_key, (BATCH,), 0, len(x))
        noisy = x[chosen] + NOISE * jax.random.normal(noise_key, x[:BATCH].shape)
        updates, opt = tx.update(jax.grad(loss)(params, noisy, {name: each[chosen] for name, each in y.items()}), opt)
        return (optax.apply_updates(params, updates), opt), None

    params = network.init(init_key, x[:1])
    train = jax.jit(lambda carry, keys: jax.lax.scan(step, carry, keys)[0][0])
    return train((params, tx.init(params)), jax.random.split(key, steps))


def read(network: Reader, params: Any, images: Float[np.ndarray, "n h w 3"]) -> dict[str, np.ndarray]:
    """{attribute: the likeliest value of each image}."""
    apply = jax.jit(network.apply)
    parts = [apply(params, images[i : i + 500]) for i in range(0, len(images), 500)]
    return {
        name: np.concatenate([np.asarray(part[name]).argmax(axis=1) for part in parts]) for name, _ in network.sizes
    }
