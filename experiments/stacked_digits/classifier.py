"""A small digit classifier, trained in half a minute on a CPU: its labels count the modes."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, UInt8

from ganjax.nets.layers import Conv

HELD_OUT = 1000
BATCH, EPOCHS, LEARNING_RATE = 100, 30, 2e-3
SHIFT = 2  # pixels each way that a training image is moved


class Classifier(nn.Module):
    """Images [b, h, w, 1] in [-1, 1] -> logits [b, 10]: three strided convolutions and a dense layer."""

    @nn.compact
    def __call__(self, x: Float[Array, "b h w 1"]) -> Float[Array, "b 10"]:
        for width in (16, 32, 64):
            x = nn.relu(Conv(width, 4, 2, (1, 1), kernel_init=nn.initializers.he_normal())(x))
        return nn.Dense(10)(x.reshape(len(x), -1))


def split(labels: Int[np.ndarray, " n"], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Indices to train on, and ``HELD_OUT`` that are kept apart."""
    order = np.random.default_rng(seed).permutation(len(labels))
    return order[HELD_OUT:], order[:HELD_OUT]


def fit(images: UInt8[np.ndarray, "n h w 1"], labels: Int[np.ndarray, " n"], seed: int = 0) -> Any:
    """Parameters after ``EPOCHS`` passes of Adam, cosine decay, on images shifted at random; the same for a seed."""
    network, x, y = Classifier(), jnp.asarray(to_model_range(images)), jnp.asarray(labels)
    steps = EPOCHS * len(x) // BATCH
    tx = optax.adam(optax.cosine_decay_schedule(LEARNING_RATE, steps))
    init_key, key = jax.random.split(jax.random.key(seed))

    def loss(params: Any, x: Array, y: Array) -> Array:
        return optax.softmax_cross_entropy_with_integer_labels(network.apply(params, x), y).mean()

    def step(carry: Any, key: Array) -> tuple[Any, None]:
        params, opt = carry
        batch_key, shift_key = jax.random.split(key)
        chosen = jax.random.randint(batch_key, (BATCH,), 0, len(x))
        updates, opt = tx.update(jax.grad(loss)(params, shifted(x[chosen], shift_key), y[chosen]), opt)
        return (optax.apply_updates(params, updates), opt), None

    params = network.init(init_key, x[:1])
    return jax.jit(lambda carry, keys: jax.lax.scan(step, carry, keys)[0][0])(
        (params, tx.init(params)), jax.random.split(key, steps)
    )


def shifted(x: Float[Array, "b h w c"], key: Array) -> Float[Array, "b h w c"]:
    """Each image moved by up to ``SHIFT`` pixels in both directions; what was outside is black."""
    edges = ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0))
    corners = jax.random.randint(key, (len(x), 2), 0, 2 * SHIFT + 1)
    padded = jnp.pad(x, edges, constant_values=-1)
    return jax.vmap(lambda image, yx: jax.lax.dynamic_slice(image, (yx[0], yx[1], 0), x.shape[1:]))(padded, corners)


@jax.jit
def digits_of(params: Any, images: Float[Array, "b h w c"]) -> Int[Array, "b c"]:
    """The digit of every channel, the likeliest of ten."""
    b, h, w, c = images.shape
    singles = jnp.moveaxis(images, -1, 1).reshape(b * c, h, w, 1)
    return Classifier().apply(params, singles).argmax(axis=-1).reshape(b, c)


def to_model_range(images: UInt8[np.ndarray, " ..."]) -> Float[np.ndarray, " ..."]:
    """Bytes to [-1, 1], as generators make them."""
    return images.astype(np.float32) / 127.5 - 1
