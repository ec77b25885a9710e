"""What D is shown in the place of images, in its own losses and in G's: differentiable transformations.

Images are [b, h, w, c] in [−1, 1] and keep their dtype; what is drawn is drawn for each image. An ``Augment`` is a
NamedTuple of pure functions: under jit, vmap and scan alike, and to any order of derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float

from ganjax.affine import Draws, blit, coloring, draws, geometry, product, recolor, warp

Tree = Any
Key = Array
Images = Float[Array, "b h w c"]
Points = Float[Array, "b ..."]
Logits = Float[Array, " b"]


class Augment(NamedTuple):
    """What D is shown in the place of images; its memory, if any, lies in ``carry.memory`` under its name.

    init       () -> memory, ``()`` where there is none
    apply      (memory, step int32, key, images) -> images
    update     (memory, D's logits of real images) -> memory, once for each move of D
    """

    name: str
    init: Callable[[], Tree]
    apply: Callable[[Tree, Array, Key, Any], Any]
    update: Callable[[Tree, Array], Tree]


def nothing() -> Augment:
    """The images themselves."""
    return _without_memory("nothing", lambda step, key, images: images)


def in_turn(*augments: Augment) -> Augment:
    """One after the other, own key each; the memory is a dictionary of theirs by name.

    Raises:
        ValueError: two of them have the same name.
    """
    names = [each.name for each in augments]
    if len(set(names)) < len(names):
        raise ValueError(f"in_turn: names must differ, for their memories; these are {', '.join(names)}")

    def init() -> Tree:
        memories = {each.name: each.init() for each in augments}
        return {name: memory for name, memory in memories.items() if jax.tree.leaves(memory)} or ()

    def apply(memory: Tree, step: Array, key: Key, images: Points) -> Points:
        memory = memory or {}
        for i, each in enumerate(augments):
            images = each.apply(memory.get(each.name, ()), step, jax.random.fold_in(key, i), images)
        return images

    def update(memory: Tree, real: Logits) -> Tree:
        return {each.name: each.update(memory[each.name], real) for each in augments if each.name in memory} or ()

    return Augment("_".join(names), init, apply, update)


def instance_noise(std: float = 0.1, steps: int | None = None) -> Augment:
    """x + σ ε, ε ~ N(0, I); σ falls linearly from ``std`` to 0 at step ``steps``, or stays where that is None.

    Also for points [b, 2].  Sønderby et al. 2017, arXiv:1610.04490; Arjovsky & Bottou 2017, arXiv:1701.04862.

    Raises:
        ValueError: ``steps`` is not positive.
    """
    if steps is not None and steps < 1:
        raise ValueError(f"instance_noise: steps={steps}; give the step at which the noise has gone, or None for never")

    def apply(step: Array, key: Key, images: Points) -> Points:
        left = jnp.maximum(1 - step.astype(jnp.float32) / steps, 0) if steps else jnp.ones((), jnp.float32)
        return images + (std * left).astype(images.dtype) * jax.random.normal(key, images.shape, images.dtype)

    return _without_memory("instance_noise", apply)


# ------------------------------------------------------------------------------------------------------- DiffAugment


def diffaugment(policy: str = "color,translation,cutout") -> Augment:
    """DiffAugment: ``color``, ``translation`` and ``cutout`` (and ``flip``), those that the policy names, in its order.

    Zhao et al. 2020, arXiv:2006.10738: the same policy for real and generated images, in both players' losses.

    Raises:
        ValueError: the policy names something else.
    """
    parts = [DIFFAUGMENT[name] for name in _named("diffaugment", policy, DIFFAUGMENT)]

    def apply(step: Array, key: Key, images: Images) -> Images:
        del step
        for i, part in enumerate(parts):
            images = part(jax.random.fold_in(key, i), images)
        return images

    return _without_memory("diffaugment", apply)


def color(key: Key, x: Images) -> Images:
    """Brightness x + u₁, then saturation m + (x − m) u₂, then contrast n + (x − n) u₃.

    u₁ ~ U(−½, ½), u₂ ~ U(0, 2), u₃ ~ U(½, 3/2) for each image; m is a pixel's mean over channels, n the image's.
    """
    low, high = jnp.array([-0.5, 0, 0.5], x.dtype), jnp.array([0.5, 2, 1.5], x.dtype)
    u = jax.random.uniform(key, (len(x), 1, 1, 1, 3), x.dtype) * (high - low) + low
    x = x + u[..., 0]
    mean = x.mean(axis=3, keepdims=True)
    x = mean + (x - mean) * u[..., 1]
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    return mean + (x - mean) * u[..., 2]


def translation(key: Key, x: Images, ratio: float = 1 / 8) -> Images:
    """Each image moved by whole pixels, up to ``ratio`` of its sides either way, independently; zeros come in."""
    _, h, w, c = x.shape
    most = (int(h * ratio), int(w * ratio))
    padded = jnp.pad(x, ((0, 0), (most[0], most[0]), (most[1], most[1]), (0, 0)))
    corners = jax.random.randint(key, (len(x), 2), 0, 2 * jnp.array(most) + 1)
    return jax.vmap(lambda x, at: jax.lax.dynamic_slice(x, (at[0], at[1], 0), (h, w, c)))(padded, corners)


def cutout(key: Key, x: Images, ratio: float = 1 / 2) -> Images:
    """A rectangle of ``ratio`` of the sides is 0 in each image; its centre is anywhere, what lies outside is cut off."""
    _, h, w, _ = x.shape

    def inside(key: Key, n: int) -> Bool[Array, "b n"]:
        side = int(n * ratio)
        centre = jax.random.randint(key, (len(x), 1), 0, n + 1 - side % 2)
        behind = jnp.arange(n) - (centre - side // 2)
        return (behind >= 0) & (behind < side)

    down, right = (inside(k, n) for k, n in zip(jax.random.split(key), (h, w), strict=True))
    return jnp.where((down[:, :, None] & right[:, None, :])[..., None], jnp.zeros_like(x), x)


def flip(key: Key, x: Images) -> Images:
    """Each image mirrored left to right with probability ½ (not of DiffAugment, but of CR's other view)."""
    mirrored = jax.random.bernoulli(key, 0.5, (len(x), 1, 1, 1))
    return jnp.where(mirrored, x[:, :, ::-1], x)


DIFFAUGMENT = {"color": color, "translation": translation, "cutout": cutout, "flip": flip}


# --------------------------------------------------------------------------------------------------------------- ADA


ADA = {"blit": blit, "geometry": geometry, "color": coloring}


def ada(target: float = 0.6, every: int = 4, images: int = 500_000, policy: str = "blit,geometry,color") -> Augment:
    """Adaptive discriminator augmentation: each transformation of each image happens with probability p.

    After every ``every`` moves of D, p ← p + sign(E sign(D(x)) − target) · n / images, within [0, 1], where the mean is
    over the n real images of those moves, as D was shown them. So p needs ``images`` of them from 0 to 1; at p = 0 the
    images are exactly themselves, and below p of about 0.8 the paper saw nothing of it in G's. The policy names
    ``blit``, ``geometry`` and ``color``, which always come in this order.  Karras et al. 2020, arXiv:2006.06676,
    sections 2 and 3, and its official code's ``bgc``.

    Deviations: 1. One bilinear warp with endless reflection; the official code pads by reflection (at most once each
    way), then warps between two wavelet filters at twice the resolution. 2. p stops at 1; there it may go on.

    Raises:
        ValueError: the policy names something else, ``every`` or ``images`` is not positive; images whose channels are
            not 1 or 3 with ``color``.
    """
    if min(every, images) < 1:
        raise ValueError(f"ada: every={every}, images={images}; both are counts of at least 1")
    parts = _named("ada", policy, ADA)

    def init() -> Tree:
        kinds = {"p": jnp.float32, "signs": jnp.float32, "images": jnp.int32, "moves": jnp.int32}
        return {name: jnp.zeros((), dtype) for name, dtype in kinds.items()}

    def one(x: Float[Array, "h w c"], even: Draws, normal: Draws) -> Float[Array, "h w c"]:
        """A single image; where chance spares it altogether, no arithmetic touches it."""
        made = {name: ADA[name](even, normal, x.shape) for name in parts}
        moves = [made[name] for name in ("blit", "geometry") if name in parts]
        shown = warp(x, product(*moves)) if moves else x
        shown = recolor(shown, made["color"]) if "color" in parts else shown
        spared = jnp.stack([(matrix == np.eye(3, matrix.shape[1])).all() for matrix in made.values()]).all()
        return jnp.where(spared, x, shown)

    def apply(memory: Tree, step: Array, key: Key, x: Images) -> Images:
        return jax.vmap(one)(x, *draws(key, len(x), memory["p"]))

    def update(memory: Tree, real: Logits) -> Tree:
        signs = memory["signs"] + jnp.sign(real.astype(jnp.float32)).sum()
        seen, moves = memory["images"] + len(real), memory["moves"] + 1
        n = seen.astype(jnp.float32)
        p = jnp.clip(memory["p"] + jnp.sign(signs / n - target) * n / images, 0, 1)
        due = moves == every
        now = {"p": p, "signs": jnp.zeros_like(signs), "images": jnp.zeros_like(seen), "moves": jnp.zeros_like(moves)}
        still = {"p": memory["p"], "signs": signs, "images": seen, "moves": moves}
        return jax.tree.map(lambda a, b: jnp.where(due, a, b), now, still)

    return Augment("ada", init, apply, update)


# ----------------------------------------------------------------------------------------------------------- helpers


def _without_memory(name: str, apply: Callable[[Array, Key, Any], Any]) -> Augment:
    return Augment(name, lambda: (), lambda memory, *args: apply(*args), lambda memory, real: memory)


def _named(whose: str, policy: str, known: Collection[str]) -> list[str]:
    names = [name.strip() for name in policy.split(",")]
    for name in names:
        if name not in known:
            raise ValueError(f"{whose}: there is no {name!r} in a policy; there are {', '.join(known)}")
    return names
