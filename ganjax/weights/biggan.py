"""BigGAN's networks under the names of ajbrock/BigGAN-PyTorch, and what their shapes say.

A list of blocks, each a list of one and, where attention follows, of two: ``blocks.3.0`` and ``blocks.3.1``.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from ganjax.nets.sngan import critic_widths_of, widths_of
from ganjax.weights.layouts import Arrays, Names

PLAIN = ("conv1", "conv2", "conv_sc")
DEEP = ("conv1", "conv2", "conv3", "conv4", "conv_sc")


def generator(config: Any) -> Names:
    """Of BigGAN's ``config.generator``, with a shared embedding or tables in each BatchNorm."""
    own, root = config.generator, ("blocks",) if config.generator.shared else ()
    count = len(widths_of(own.size, own.channels, own.get("widths"))) - 1
    names: Names = {("shared",): "shared"} if own.shared else {}
    for i in range(count):
        names |= _up((*root, f"Block_{i}"), f"blocks.{i}.0", PLAIN, 2, own)
    sizes = [8 * 2**i for i in range(count)]
    return names | _ends(root, own) | _attention(root, own.attention, {n: f"blocks.{i}.1" for i, n in enumerate(sizes)})


def critic(config: Any) -> Names:
    """Of BigGAN's ``config.critic``."""
    own = config.critic
    widths, halvings = critic_widths_of(own.size, own.channels, own.get("widths"), own.get("halvings"))
    names: Names = {}
    for i, (before, width) in enumerate(pairwise((own.get("image_channels", 3), *widths))):
        convs = PLAIN if i < halvings or before != width else PLAIN[:2]
        names |= {(f"Block_{i}", f"Conv_{j}"): f"blocks.{i}.0.{name}" for j, name in enumerate(convs)}
    sizes = {own.size // 2 ** (i + 1): f"blocks.{i}.1" for i in range(halvings)}
    return names | _attention((), own.attention, sizes) | _projection()


def deep_generator(config: Any) -> Names:
    """Of BigGAN-deep's ``config.generator``; its blocks are one list, whatever their size."""
    own = config.generator
    count, depth = len(widths_of(own.size, own.channels, own.get("widths"))) - 1, own.get("depth", 2)
    names: Names = {("shared",): "shared"}
    for i in range(count * depth):
        names |= _up((f"UpBlock_{i}",), f"blocks.{i}.0", DEEP[:4], 4, own)
    places = {8 * 2**i: f"blocks.{depth * (i + 1) - 1}.1" for i in range(count)}
    return names | _ends((), own) | _attention((), own.attention, places)


def deep_critic(config: Any) -> Names:
    """Of BigGAN-deep's ``config.critic``; a list for each size."""
    own, depth = config.critic, config.critic.get("depth", 2)
    given = own.get("widths")
    widths, _ = critic_widths_of(own.size, own.channels, given, len(given) - 1 if given else None)
    names: Names = {("Conv_0",): "input_conv"}
    for i, (before, width) in enumerate(pairwise(widths)):
        for j in range(depth):
            convs = DEEP if not j and before != width else DEEP[:4]
            path = f"DownBlock_{i * depth + j}"
            names |= {(path, f"Conv_{k}"): f"blocks.{i}.{j}.{name}" for k, name in enumerate(convs)}
    sizes = {own.size // 2 ** (i + 1): f"blocks.{i}.{depth}" for i in range(len(widths) - 1)}
    return names | _attention((), own.attention, sizes) | _projection()


def _up(path: tuple[str, ...], theirs: str, convs: tuple[str, ...], norms: int, own: Any) -> Names:
    names: Names = {(*path, f"Conv_{j}"): f"{theirs}.{name}" for j, name in enumerate(convs)}
    for j in range(norms):
        norm, named = (*path, f"ConditionalBatchNorm_{j}"), f"{theirs}.bn{j + 1}"
        names |= {(*norm, "gain"): (f"{named}.gain", "Dense"), (*norm, "shift"): (f"{named}.bias", "Dense")}
        names[(*norm, _norm(own))] = (named, "Stored")
    return names


def _norm(own: Any) -> str:
    return "GroupedBatchNorm_0" if own.get("bn_group") else "BatchNorm_0"


def _ends(root: tuple[str, ...], own: Any) -> Names:
    first: Names = {(*root, "Dense_0"): ("linear", "Maps"), (*root, "Conv_0"): "output_layer.2"}
    return first | {(*root, _norm(own)): ("output_layer.0", "Stored")}


def _attention(root: tuple[str, ...], sizes: Any, places: dict[int, str]) -> Names:
    names: Names = {}
    for i, place in enumerate(place for size, place in places.items() if size in tuple(sizes)):
        here = (*root, f"SelfAttention_{i}")
        names[here] = place
        names |= {(*here, name): (f"{place}.{name}", "Conv") for name in ("theta", "phi", "g", "o")}
    return names


def _projection() -> Names:
    return {("Projection_0", "Dense_0"): "linear", ("Projection_0", "told"): "embed"}


def shapes(found: dict[str, Arrays]) -> dict[str, Any]:
    """Size, channels, classes, embedding and attention of BigGAN's networks, whose widths are the paper's."""
    said: dict[str, Any] = {}
    for slot in ("gen", "disc"):
        if arrays := next((arrays for role, arrays in found.items() if role.startswith(slot)), None):
            said |= _of_generator(arrays) if slot == "gen" else _of_critic(arrays)
    return said


def _of_generator(arrays: Arrays) -> dict[str, Any]:
    count, shared = _count(arrays), arrays.get("shared.weight")
    size, gain = 4 * 2**count, arrays["blocks.0.0.bn1.gain.weight"]
    classes = len(gain) if shared is None else len(shared)
    skip = shared is not None and gain.shape[1] > shared.shape[1]
    said: dict[str, Any] = {"size": size, "classes": classes, "skip": skip}
    said["channels"] = arrays["output_layer.2.weight"].shape[1] // widths_of(size, 1, None)[-1]
    said |= {} if shared is None else {"shared": shared.shape[1]}
    said["attention"] = tuple(8 * 2**i for i in range(count) if f"blocks.{i}.1.gamma" in arrays)
    z = arrays["linear.weight"].shape[1] * (count + 1 if skip else 1)
    return {f"generator.{key}": value for key, value in said.items()} | _of_game(size, classes, z)


def _of_critic(arrays: Arrays) -> dict[str, Any]:
    count, classes = _count(arrays), len(arrays["embed.weight"])
    small = f"blocks.{count - 2}.0.conv_sc.weight" not in arrays  # 32 px: two blocks that keep the size
    size = 32 if small else 4 * 2 ** (count - 1)
    widths, halvings = critic_widths_of(size, 1, None, None)
    said: dict[str, Any] = {
        "size": size,
        "classes": classes,
        "channels": len(arrays["blocks.0.0.conv1.weight"]) // widths[0],
    }
    said |= {"attention": tuple(size // 2 ** (i + 1) for i in range(halvings) if f"blocks.{i}.1.gamma" in arrays)}
    return {f"critic.{key}": value for key, value in said.items()} | {"data.image_size": size, "gan.classes": classes}


def deep_shapes(found: dict[str, Arrays]) -> dict[str, Any]:
    """Size, channels, classes, embedding and attention of BigGAN-deep's networks, two blocks a size."""
    said: dict[str, Any] = {}
    if gen := found.get("gen.None"):
        size, shared = 4 * 2 ** (_count(gen) // 2), gen["shared.weight"]
        places = [i for i in range(_count(gen) // 2) if f"blocks.{2 * i + 1}.1.gamma" in gen]
        last = gen["output_layer.2.weight"]
        said |= {"generator.size": size, "generator.classes": len(shared), "generator.shared": shared.shape[1]}
        said |= {"generator.channels": last.shape[1] // widths_of(size, 1, None)[-1], "generator.maps": len(last)}
        said |= {"generator.attention": tuple(8 * 2**i for i in places)}
        said |= _of_game(size, len(shared), gen["linear.weight"].shape[1] - shared.shape[1])
    if disc := found.get("disc.None"):
        stages, stem = _count(disc), len(disc["input_conv.weight"])
        size, classes = 4 * 2**stages, len(disc["embed.weight"])
        places = [i for i in range(stages) if f"blocks.{i}.2.gamma" in disc]
        said |= {"critic.size": size, "critic.classes": classes, "critic.channels": stem}
        said |= {"critic.attention": tuple(size // 2 ** (i + 1) for i in places)}
        said |= {"data.image_size": size, "gan.classes": classes}
    return said


def _of_game(size: int, classes: int, z: int) -> dict[str, Any]:
    return {"data.image_size": size, "gan.classes": classes, "gan.latent_dim": z}


def _count(arrays: Arrays) -> int:
    return 1 + max(int(key.split(".")[1]) for key in arrays if key.startswith("blocks."))
