"""Networks, layer shapes and parameter counts of a config, FLOPs of its step, memory of the compiled step."""

from __future__ import annotations

import argparse
import json
from typing import Any

import jax
import numpy as np

from ganjax import checks, game
from ganjax import config as configs
from ganjax.data import mixtures
from ganjax.data.source import Source
from ganjax.errors import UserError
from ganjax.monitor import flops, networks
from ganjax.nets.conv import library
from ganjax.run import Run, assemble, initial_shapes, whole_step

Shapes = Any


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("--config", help="configs/NAME.py[:VARIANT], with --config.section.key=value after it")
    parser.add_argument(
        "--all", action="store_true", help="the counts of every config and variant; nothing is allocated"
    )
    parser.add_argument("--json", action="store_true", help="JSON on stdout and nothing else")


def run(options: argparse.Namespace) -> None:
    """Prints what the options ask for."""
    if options.all:
        found = {name: {"params": counts(*of)} for name, of in everything().items()}
        print(json.dumps(found, indent=2) if options.json else _lines(found))
        return
    if not options.config:
        raise UserError("which config? --config=configs/wgan_gp.py, or --all")
    config = configs.load(options.config, options.overrides)
    checks.check_settings(config)
    config.train.parallel = "jit"  # everything on one device
    run_ = assemble(config, Source(config.data.name, 1, lambda _: {}, {}), declared(config))
    checks.check_game(run_.game, run_.batch, config)
    one = jax.tree.map(networks.one_micro, run_.batch)
    seen = networks.overview(run_.game.gan, one)
    report = {"params": counts(run_.game, one), "micro_batches": run_.game.micro(0), **cost(run_)}
    if options.json:
        print(json.dumps(report | {"networks": [_plain(network) for network in seen]}, indent=2))
        return
    print(networks.table(seen))
    print(
        f"\none step of {report['micro_batches']} × {config.train.batch_size} examples: {report['flops'] / 1e9:,.2f} GFLOP"
    )
    print(f"memory: {_memory(report['memory'])}")


def everything() -> dict[str, tuple[game.Game, Shapes]]:
    """(game, batch of shapes) of every config and variant, without opening its data."""
    found = {}
    for name, file in configs.packaged().items():
        for variant in ("", *configs.variants(file)):
            config = configs.load(f"{file}:{variant}")
            batch = {key: jax.ShapeDtypeStruct((2, *x.shape), x.dtype) for key, x in declared(config).items()}
            found[f"{name}:{variant}" if variant else name] = (game.build(config), batch)
    return found


def declared(config: Any) -> dict[str, Shapes]:
    """The shapes of one example as the config says them: the data need not be there.

    Raises:
        UserError: images whose size the config leaves to the data.
    """
    size = config.data.crop or config.data.image_size
    if not size and not hasattr(mixtures, config.data.name):
        raise UserError(f"how large are the images of {config.data.name}? Set config.data.image_size and channels")
    shape = (size, size, config.data.channels or 3) if size else (2,)
    image, label = jax.ShapeDtypeStruct(shape, np.float32), jax.ShapeDtypeStruct((), np.int32)
    labelled = {"labelled_image": image, "labelled_label": label} if config.data.labelled else {}
    text = jax.ShapeDtypeStruct((config.gan.get("text_dim", 0),), np.float32)
    captions = {"text": text, "text_wrong": text} if "text_dim" in config.gan else {}
    values = config.gan.get("values", ())
    shown = {"attribute": jax.ShapeDtypeStruct((len(values),), np.int32)} if values else {}
    return {
        "image": image,
        "label": label,
        **labelled,
        **captions,
        **shown,
        **(_sides(config.data, size) if size else {}),
    }


def _sides(data: Any, size: int) -> dict[str, Shapes]:
    """What a translation game reads: images, or maps of whole numbers, of a and b."""
    colours, parts = data.name == "colours", data.name in ("avatar_parts", "label_folders")
    channels = (1, 2) if colours else (1, 3) if parts else (data.channels or 3,) * 2
    kinds = {"a": np.int32 if parts else np.float32, "b": np.float32}
    maps = {"instance": jax.ShapeDtypeStruct((size, size, 1), np.int32)} if parts else {}
    sides = zip(kinds, channels, strict=True)
    return {name: jax.ShapeDtypeStruct((size, size, c), kinds[name]) for name, c in sides} | maps


def counts(played: game.Game, batch: Shapes) -> dict[str, Any]:
    """{"gen": parameters, "disc": parameters}, one number per network where a slot holds several."""
    seen, params = networks.traced(played.gan, batch)
    return {who: networks.parameters(slot, seen) for who, slot in zip(params._fields, params, strict=True)}


def cost(run_: Run) -> dict[str, Any]:
    """FLOPs of one step's matmuls and convolutions, and the compiled step's bytes by use."""
    state, batch = initial_shapes(run_), jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), run_.batch)
    with library():
        jaxpr = jax.make_jaxpr(run_.game.step)(
            jax.eval_shape(run_.game.init, jax.random.key(0), batch), batch, jax.random.key(0)
        )
    sizes = jax.jit(whole_step(run_), donate_argnums=0).lower(state, batch, run_.step_key).compile().memory_analysis()
    uses = ("argument", "output", "alias", "temp")
    memory = {use: int(getattr(sizes, f"{use}_size_in_bytes")) for use in uses} if sizes else {}
    return {"flops": flops.count(jaxpr) * run_.config.train.num_seeds, "memory": memory}


def _memory(sizes: dict[str, int]) -> str:
    return ", ".join(f"{use} {size / 2**20:,.1f} MiB" for use, size in sizes.items())


def _plain(network: networks.Network) -> dict[str, Any]:
    return {"kind": network.kind, "layers": [layer._asdict() for layer in network.layers]}


def _lines(found: dict[str, Any]) -> str:
    wide = max(map(len, found))
    return "\n".join(f"{name:<{wide}}  {json.dumps(entry['params'])}" for name, entry in found.items())
