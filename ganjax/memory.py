"""What a game remembers of its past, in ``carry.memory``: images G once made, averages of what D once said.

Each is a NamedTuple of pure functions on arrays whose shapes and dtypes never change: scan, vmap and donation take them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.nn import relu
from jaxtyping import Float, Int

Tree = Any
Key = Array
Images = Float[Array, "b ..."]
Logits = Float[Array, "..."]
Scalar = Float[Array, ""]


class Pool(NamedTuple):
    """A history of generated images, some of which D is shown in the place of fresh ones. ``()`` where none is kept.

    init       shape of one image -> memory
    apply      (memory, key, fresh images [b, …]) -> (memory, images for D [b, …])
    """

    init: Callable[[tuple[int, ...]], Tree]
    apply: Callable[[Tree, Key, Images], tuple[Tree, Images]]


class Averages(NamedTuple):
    """Averages of D's answers, and how far it is from them. The weight stands at the call.

    init       () -> memory
    apply      (memory, step int32, D(x), D(G(z))) -> (memory, value)
    """

    init: Callable[[], Tree]
    apply: Callable[[Tree, Array, Logits, Logits], tuple[Tree, Scalar]]


def pool(size: int = 50) -> Pool:
    """The last images of G, handled one after the other: while there is room an image is kept and shown; after that it
    is shown, or, with probability ½, takes the place of a random one of the history, which is shown.

    Size 0 shows the fresh images.  Shrivastava et al. 2017, section 2.3, as CycleGAN's official code has it (Zhu et al.
    2017, size 50).

    Raises:
        ValueError: the size is negative.
    """
    if _holds_nothing("pool", size):
        return FRESH

    def init(shape: tuple[int, ...]) -> Tree:
        return {"images": jnp.zeros((size, *shape), jnp.float32), "count": jnp.zeros((), jnp.int32)}

    def one(memory: Tree, drawn: tuple[Array, Array, Array]) -> tuple[Tree, Array]:
        x, exchanged, slot = drawn
        held, count = memory["images"], memory["count"]
        filling = count < size
        slot = jnp.where(filling, count, slot)
        old = held[slot]
        held = held.at[slot].set(jnp.where(filling | exchanged, x, old))
        return {"images": held, "count": jnp.minimum(count + 1, size)}, jnp.where(exchanged & ~filling, old, x)

    def apply(memory: Tree, key: Key, images: Images) -> tuple[Tree, Images]:
        coin_key, slot_key = jax.random.split(key)
        exchanged = jax.random.bernoulli(coin_key, 0.5, (len(images),))
        slots = jax.random.randint(slot_key, (len(images),), 0, size, jnp.int32)
        memory, shown = jax.lax.scan(one, memory, (images.astype(jnp.float32), exchanged, slots))
        return memory, shown.astype(images.dtype)

    return Pool(init, apply)


def replay(size: int = 512, share: float = 0.5) -> Pool:
    """Experience replay: the first ``share`` of a batch gives its place to random images of the history, and enters it.

    While there is room images are appended; after that each new one replaces a random old one, no two the same. The
    very first batch is shown whole. It is for games whose D sees nothing beside the image (an old one would meet a new
    label). Size 0 or share 0 shows the fresh images.  Shrivastava et al. 2017, section 2.3: half of each batch.

    Raises:
        ValueError: the size is negative, or the share is not in [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(f"replay: share={share}; the share of a batch lies between 0 and 1")
    if _holds_nothing("replay", size) or share == 0:
        return FRESH

    def init(shape: tuple[int, ...]) -> Tree:
        return {"images": jnp.zeros((size, *shape), jnp.float32), "count": jnp.zeros((), jnp.int32)}

    def apply(memory: Tree, key: Key, images: Images) -> tuple[Tree, Images]:
        shown_key, slot_key = jax.random.split(key)
        held, count = memory["images"], memory["count"]
        n = min(round(share * len(images)), size)
        fresh = images[:n].astype(jnp.float32)
        old = held[jax.random.randint(shown_key, (n,), 0, jnp.maximum(count, 1), jnp.int32)]
        shown = jnp.where(count > 0, old, fresh).astype(images.dtype)
        appended = (count + jnp.arange(n, dtype=jnp.int32)) % size
        slots = jnp.where(count < size, appended, jax.random.permutation(slot_key, size)[:n].astype(jnp.int32))
        memory = {"images": held.at[slots].set(fresh), "count": jnp.minimum(count + n, size)}
        return memory, jnp.concatenate([shown, images[n:]])

    return Pool(init, apply)


def lecam(decay: float = 0.99, start: int = 1000) -> Averages:
    """``lecam_distance`` from moving averages a ← decay · a + (1 − decay) · mean; 0 before step ``start``.

    As in the official BigGAN code a batch enters its averages before it is measured by them (they are constants of the
    gradient), and until the start they are the last batch's means, so no first value is ever felt. The start itself is
    such a step here and measured already; there decay begins with it and the measure one step after.  Tseng et al.
    2021, arXiv:2104.03310 (weight 0.3 in its CIFAR runs).
    """

    def init() -> Tree:
        return {"real": jnp.zeros((), jnp.float32), "fake": jnp.zeros((), jnp.float32)}

    def apply(memory: Tree, step: Int[Array, ""], real: Logits, fake: Logits) -> tuple[Tree, Scalar]:
        rate = jnp.where(step > start, jnp.float32(decay), jnp.float32(0))

        def moved(average: Array, logits: Array) -> Array:
            mean = jax.lax.stop_gradient(logits.astype(jnp.float32).mean())
            return rate * average + (1 - rate) * mean

        memory = {"real": moved(memory["real"], real), "fake": moved(memory["fake"], fake)}
        distance = lecam_distance(real, fake, memory["real"], memory["fake"])
        return memory, jnp.where(step >= start, distance, jnp.zeros_like(distance))

    return Averages(init, apply)


def lecam_distance(real: Logits, fake: Logits, real_average: Scalar, fake_average: Scalar) -> Scalar:
    """E max(0, D(x) − a_fake)² + E max(0, a_real − D(G(z)))², a the averages of D(x) and of D(G(z)).

    Tseng et al. 2021, R_LC, with the max of the official code (the paper's squares are of the differences whole).
    """
    real, fake = real.astype(jnp.float32), fake.astype(jnp.float32)
    return jnp.square(relu(real - fake_average)).mean() + jnp.square(relu(real_average - fake)).mean()


FRESH = Pool(lambda shape: (), lambda memory, key, images: (memory, images))


def _holds_nothing(name: str, size: int) -> bool:
    if size < 0:
        raise ValueError(f"{name}: size={size}; a history has at least 0 images (0: none is kept)")
    return size == 0
