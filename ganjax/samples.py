"""What a state makes: samples from fixed latents, as arrays and as a picture."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax.errors import FlaxError

from ganjax import translations
from ganjax.core import State
from ganjax.errors import UserError
from ganjax.latents import Truncation, is_normal, truncated
from ganjax.monitor import pictures
from ganjax.monitor.log import Log
from ganjax.run import Run, root

Tree = Any
STATISTICS = jax.tree_util.DictKey("batch_stats")
BATCH_NORM = ("running", "batch", "standing")
LOOKED_AT = 4096  # latents by which a prior is recognised
Sampler = Callable[[State, Tree], dict[str, np.ndarray]]  # (state, inputs [n, …]) -> {name: [n, …] in [-1, 1]}


def sampler(run: Run, train: bool = False, raw: bool = False) -> Sampler:
    """A compiled generator of one state: its average where there is one, unless ``raw``; running statistics of
    BatchNorm, or the batch's (``train``), which of images to be translated is each image alone, with dropout of its own."""

    def generate(params: Tree, vars: Tree, inputs: Tree, key: jax.Array) -> Tree:
        return run.game.gan.generate(params, vars, inputs, key, train)[0]

    def each_alone(params: Tree, vars: Tree, inputs: Tree, key: jax.Array) -> Tree:
        def alone(one: Tree, key: jax.Array) -> Tree:
            return jax.tree.map(lambda x: x[0], generate(params, vars, jax.tree.map(lambda x: x[None], one), key))

        return jax.vmap(alone)(inputs, jax.random.split(key, len(jax.tree.leaves(inputs)[0])))

    compiled = jax.jit(each_alone if train and translations.translates(run) else generate)

    def sample(state: State, inputs: Tree) -> dict[str, np.ndarray]:
        params, vars = generator_of(run, state, raw)
        made: dict[str, np.ndarray] = jax.device_get(compiled(params, vars, inputs, jax.random.key(0)))
        return made

    return sample


def generator_of(run: Run, state: State, raw: bool = False) -> tuple[Tree, Tree]:
    """(params, vars) of the generator that samples are drawn from."""
    now: tuple[Tree, Tree] = (state.params.gen, state.carry.vars.gen)
    average: tuple[Tree, Tree] = state.ema.gen
    return average if run.game.averaged and not raw else now


def check_batch_norm(way: str) -> None:
    """Raises a UserError where there is no such way of BatchNorm."""
    if way not in BATCH_NORM:
        raise UserError(f"--batch-norm={way}: choose {', '.join(BATCH_NORM)}")


def with_standing_statistics(
    run: Run,
    state: State,
    raw: bool = False,
    batches: int = 16,
    size: int = 256,
    truncation: Truncation | None = None,
) -> State:
    """The state with BatchNorm's statistics of the generator replaced by their mean over ``batches`` of samples.

    A layer's update is old · m + batch · (1 − m), of unknown m: what it makes of zeros and of ones gives both. Truncated
    latents have statistics of their own, so samples are drawn with the ``truncation`` that is to be used.
    Brock et al. 2019, appendix B, standing statistics.
    """
    params, vars = generator_of(run, state, raw)
    key = root(run.config.train.seed, "evaluation")

    @jax.jit
    def of_batch(own_and_inputs: tuple[jax.Array, Tree]) -> Tree:
        own, inputs = own_and_inputs

        def update(fill: float) -> Tree:
            filled = on_statistics(lambda x: jnp.full_like(x, fill), vars)
            return run.game.gan.generate(params, filled, inputs, own, True)[1]

        def standing(old: jax.Array, zeros: jax.Array, ones: jax.Array) -> jax.Array:
            kept = ones - zeros  # 1 in a network that was not called, such as an encoder
            return jnp.where(kept == 1, old, zeros / jnp.where(kept == 1, 1, 1 - kept))

        return on_statistics(standing, vars, update(0.0), update(1.0))

    if not any(STATISTICS in path for path, _ in jax.tree_util.tree_leaves_with_path(vars)):
        return state
    keys = [jax.random.fold_in(key, i) for i in range(batches)]
    each = jax.tree.map(lambda *x: jnp.stack(x), *((own, drawn(run, own, size, truncation)) for own in keys))
    changed = on_statistics(lambda old, new: new.mean(axis=0), vars, jax.lax.map(of_batch, each))
    if run.game.averaged and not raw:
        return state._replace(ema=state.ema._replace(gen=(params, changed)))
    return state._replace(carry=state.carry._replace(vars=state.carry.vars._replace(gen=changed)))


def on_statistics(function: Callable[..., jax.Array], vars: Tree, *others: Tree) -> Tree:
    """``vars`` with BatchNorm's statistics, of all networks of a slot, sent through ``function``."""
    return jax.tree_util.tree_map_with_path(
        lambda path, x, *y: function(x, *y) if STATISTICS in path else x, vars, *others
    )


def runs_of(run: Run, state: Tree) -> list[State]:
    """The states of the run's seeds, one by one."""
    n = run.config.train.num_seeds
    return [jax.tree.map(lambda x, i=i: x[i], state) for i in range(n)] if n > 1 else [state]


def fixed_inputs(run: Run, n: int) -> Tree:
    """The latents of a run's sample sheets: the same at every step and for every seed."""
    return drawn(run, root(run.config.train.seed, "sheets"), n)


def drawn(run: Run, key: jax.Array, n: int, truncation: Truncation | None = None) -> Tree:
    """Inputs of n samples: the game's own; text has no prior, so captions of the data stand in its place.

    Raises:
        UserError: captions are needed and the data are gone; there are no normal latents to truncate.
    """
    inputs = prior(run, key, n, truncation)
    if "text" not in inputs:
        return inputs
    places = jax.random.randint(jax.random.fold_in(key, 1), (n,), 0, run.source.size)
    return {**inputs, "text": jnp.asarray(run.source.fetch(np.asarray(places))["text"])}


def prior(run: Run, key: jax.Array, n: int, truncation: Truncation | None = None) -> Tree:
    """Inputs of n samples as the game draws them, the tails of z cut by ``truncation``.

    Raises:
        UserError: there is no z, or it is not normal, to be truncated.
    """
    inputs = run.game.gan.inputs(key, n)
    if truncation is None:
        return inputs
    normal = "z" in inputs and is_normal(np.asarray(run.game.gan.inputs(jax.random.key(0), LOOKED_AT)["z"]))
    if not normal:
        what = "a z that is not" if "z" in inputs else "no z"
        raise UserError(f"--truncation={truncation} cuts the tails of z ~ N(0, 1); {run.config.system} draws {what}")
    return {**inputs, "z": jnp.asarray(truncated(np.asarray(inputs["z"]), truncation))}


def class_names(run: Run) -> list[str]:
    """The classes that the system draws by, by the data's names for them, or by number."""
    count = int(run.config.gan.classes)
    names = [*map(str, run.source.info.get("classes", ()))][:count]
    return names + [str(i) for i in range(len(names), count)]


def mixes_classes(run: Run, inputs: Tree) -> bool:
    """Whether the generator makes the same of weights [n, classes] in the place of labels, such as one-hot rows."""
    weights = jax.ShapeDtypeStruct((len(inputs["label"]), len(class_names(run))), jnp.float32)
    made = translations.made_shapes(run, inputs)
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # one_hot of weights
            mixed = translations.made_shapes(run, {**inputs, "label": weights})
    except (TypeError, ValueError, FlaxError):  # a table that is read by whole numbers
        return False
    return bool(jax.tree.map(lambda x: x.shape, mixed) == jax.tree.map(lambda x: x.shape, made))


def picture(run: Run, images: np.ndarray, columns: int | None = None) -> np.ndarray:
    """One picture of many samples: a sheet of images, or points among the data's modes."""
    if images.ndim == 2:
        return pictures.scatter(images, run.source.info.get("modes", ()))
    return pictures.sheet(pictures.to_bytes(images), columns)


def show_samples(run: Run, sample: Sampler, state: Tree, step: int, workdir: Path, log: Log) -> list[np.ndarray]:
    """Writes samples/step_XXXXXXXX.png, or one for each direction of translation, seeds from left to right, shows it to
    TensorBoard, and returns each seed's samples."""
    states = runs_of(run, state)
    if translations.translates(run):
        shown = translations.examples(run)
        seen = [translations.sheets(run, sample, each, shown) for each in states]
        pages, made = (
            {f"_{way}" * bool(way): [page[way] for page, _ in seen] for way in seen[0][0]},
            [each for _, each in seen],
        )
    else:
        points = "image" in run.batch and run.batch["image"].ndim == 3
        inputs = fixed_inputs(run, 2000 if points else 64 if len(states) == 1 else 16)
        made = [sample(each, inputs)["image"] for each in states]
        pages = {"": [picture(run, each) for each in made]}
    for name, parts in pages.items():
        page = np.concatenate(parts, axis=1)
        pictures.save_png(workdir / "samples" / f"step_{step:08}{name}.png", page, max(1, 600 // page.shape[0]))
        log.picture(step, f"samples{name}", page)
    return made
