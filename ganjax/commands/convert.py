"""Official weights into a run that translates, samples and trains on; a run's weights back under the official names."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ganjax import config as configs
from ganjax.checkpoint import Checkpoints
from ganjax.commands.inspect import declared
from ganjax.core import Players
from ganjax.data.source import Source
from ganjax.errors import UserError, nearest
from ganjax.monitor.pictures import write_whole
from ganjax.run import Run, assemble, initial_state
from ganjax.samples import generator_of
from ganjax.weights import files, official
from ganjax.weights.layouts import Arrays, Names, from_official, to_official
from ganjax.workdir import claim, reopen

Tree = Any


class Role(NamedTuple):
    """A network of a game: its slot, its name in it (None: it is the slot), what its file is called, and its names."""

    slot: str
    name: str | None
    file: str
    names: Callable[[Any], Names]

    def of(self, players: Players) -> Tree:
        """This network's part of something that both players have."""
        own = getattr(players, self.slot)
        return own if self.name is None else own[self.name]

    def put(self, players: Players, value: Tree) -> Players:
        """The players with this network's part replaced."""
        own = value if self.name is None else {**getattr(players, self.slot), self.name: value}
        return players._replace(**{self.slot: own})


class Format(NamedTuple):
    """Somebody's code: the config that its weights stand for, what their shapes say of it, its networks."""

    config: str
    shapes: Callable[[dict[str, Arrays]], dict[str, Any]]
    roles: tuple[Role, ...]


def residual_shapes(root: str, block: str) -> Callable[[dict[str, Arrays]], dict[str, Any]]:
    """channels and blocks of CycleGAN's generators, channels and layers of its critics."""

    def shapes(found: dict[str, Arrays]) -> dict[str, Any]:
        gen, disc = _first(found, "gen"), _first(found, "disc")
        said: dict[str, Any] = {}
        if gen and f"{root}.1.weight" in gen:
            blocks = {key.split(".")[1] for key in gen if f".{block}." in key}
            said |= {"generator.channels": len(gen[f"{root}.1.weight"]), "generator.blocks": len(blocks)}
        return said | _critic_shapes(disc, root)

    return shapes


def unet_shapes(found: dict[str, Arrays]) -> dict[str, Any]:
    """size, channels and norm of pix2pix's networks."""
    gen, disc = _first(found, "gen"), _first(found, "disc")
    said: dict[str, Any] = {}
    if gen and "model.model.0.weight" in gen:
        depth = sum(x.ndim == 4 for x in gen.values()) // 2
        normed = any(key.endswith("running_mean") and len(gen.get(key, ())) for key in gen) and (
            "model.model.1.model.2.weight" in gen
        )
        said = {"generator.size": 2**depth, "generator.channels": len(gen["model.model.0.weight"])}
        said |= {"generator.batch_norm": normed, "generator.image_channels": gen["model.model.3.weight"].shape[1]}
    if disc:
        said |= _critic_shapes(disc, "model") | {
            "critic.batch_norm": "model.3.weight" in disc or "net.3.weight" in disc
        }
    return said


def dcgan_shapes(found: dict[str, Arrays]) -> dict[str, Any]:
    """size, channels and latents of DCGAN's networks."""
    gen, disc = _first(found, "gen"), _first(found, "disc")
    said: dict[str, Any] = {}
    if gen and "main.0.weight" in gen:
        kernels = [x for x in gen.values() if x.ndim == 4]
        size = 4 * 2 ** (len(kernels) - 1)
        said = {"generator.size": size, "generator.channels": len(kernels[-1]), "gan.latent_dim": len(kernels[0])}
        said |= {"generator.image_channels": kernels[-1].shape[1], "data.channels": kernels[-1].shape[1]}
        said |= {"data.image_size": size, "critic.size": size}
        said |= {"generator.last_bias": f"main.{3 * len(kernels) - 3}.bias" in gen}
    if disc and "main.0.weight" in disc:
        said |= {"critic.channels": len(disc["main.0.weight"])}
    return said


def _critic_shapes(disc: Arrays | None, root: str) -> dict[str, Any]:
    if disc and "net.0.weight" in disc:
        return {"critic.channels": len(disc["net.0.weight"]), "critic.layers": 0}
    if disc and f"{root}.0.weight" in disc:
        kernels = sum(x.ndim == 4 for x in disc.values())
        return {"critic.channels": len(disc[f"{root}.0.weight"]), "critic.layers": kernels - 2}
    return {}


def _first(found: dict[str, Arrays], slot: str) -> Arrays | None:
    return next((arrays for role, arrays in found.items() if role.startswith(slot)), None)


def _residual(**where: Any) -> Callable[[Any], Names]:
    return lambda config: official.residual_generator(config.generator.blocks, **where)


def _patches(root: str) -> Callable[[Any], Names]:
    return lambda config: official.patch_critic(config.critic.layers, bool(config.critic.get("batch_norm")), root)


FORMATS = {
    "cyclegan": Format(
        "configs/cyclegan.py:horse2zebra",
        residual_shapes("model", "conv_block"),
        (  # its D_A judges the fakes of its G_A, which are of domain b
            Role("gen", "ab", "net_G_A", _residual()),
            Role("gen", "ba", "net_G_B", _residual()),
            Role("disc", "b", "net_D_A", _patches("model")),
            Role("disc", "a", "net_D_B", _patches("model")),
        ),
    ),
    "cyclegan_notebook": Format(
        "configs/cyclegan.py:deck",
        residual_shapes("main", "res"),
        (
            Role("gen", "ab", "netG_A2B", _residual(root="main", block="res")),
            Role("gen", "ba", "netG_B2A", _residual(root="main", block="res")),
            Role("disc", "a", "netD_A", _patches("main")),
            Role("disc", "b", "netD_B", _patches("main")),
        ),
    ),
    "pix2pix": Format(
        "configs/pix2pix.py:facades",
        unet_shapes,
        (
            Role(
                "gen",
                "ab",
                "net_G",
                lambda config: official.unet(config.generator.size.bit_length() - 1, config.generator.batch_norm),
            ),
            Role("disc", None, "net_D", _patches("model")),
        ),
    ),
    "dcgan": Format(
        "configs/dcgan.py:celeba64",
        dcgan_shapes,
        (
            Role("gen", None, "netG", lambda config: official.dcgan_generator(config.generator.size.bit_length() - 3)),
            Role("disc", None, "netD", lambda config: official.dcgan_critic(config.critic.size.bit_length() - 3)),
        ),
    ),
}
ENDINGS = (".pth", ".pt", ".safetensors", ".npz")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--from", dest="source", metavar="NAME", help=f"whose weights come in: {', '.join(FORMATS)}")
    way.add_argument("--to", metavar="NAME", help="under whose names a run's weights go out, as .safetensors")
    parser.add_argument(
        "--weights", type=Path, action="append", default=[], help="--from: a file or a folder; may be repeated"
    )
    parser.add_argument("--workdir", type=Path, required=True, help="--from: the run to be made; --to: the run")
    parser.add_argument("--out", type=Path, help="--to: the folder for the files")
    parser.add_argument(
        "--config", help="--from: another config than the format's, with --config.section.key=value after it"
    )
    parser.add_argument("--step", help="--to: which checkpoint (the newest)")
    parser.add_argument("--run", type=int, default=0, dest="index", help="--to: which of several seeds (0)")
    parser.add_argument("--raw", action="store_true", help="--to: the generator itself where the run keeps an average")
    parser.add_argument("--json", action="store_true", help="JSON on stdout and nothing else")


def run(options: argparse.Namespace) -> None:
    """Converts, and says what became of each file."""
    name = options.source or options.to
    if name not in FORMATS:
        raise UserError(f"no weights of {name!r} are known{nearest(name, FORMATS)}; there are: {', '.join(FORMATS)}")
    answer = _come_in(options, FORMATS[name]) if options.source else _go_out(options, FORMATS[name])
    print(json.dumps(answer) if options.json else "\n".join(f"{key}: {value}" for key, value in answer.items()))


# ---------------------------------------------------------------------------------------------------------------- in


def _come_in(options: argparse.Namespace, format: Format) -> dict[str, Any]:
    if options.workdir.exists() and any(options.workdir.iterdir()):
        raise UserError(f"--workdir={options.workdir} is not empty; take another, nothing is written over")
    chosen = found_files(options.weights, format)
    arrays = {role: files.read(path) for role, path in chosen.items()}
    spec = options.config or format.config
    said = format.shapes({f"{role.slot}.{role.name}": x for role, x in arrays.items()})
    config = configs.load(spec, [*(f"--config.{key}={value}" for key, value in said.items()), *options.overrides])
    made = unknown_data(config)
    state, fresh = initial_state(made), [role.file for role in format.roles if role not in chosen]
    params, vars = state.params, state.carry.vars
    for role, path in chosen.items():
        own = from_official(arrays[role], role.names(config), role.of(params), role.of(vars), str(path))
        own = jax.tree.map(jnp.asarray, own)
        params, vars = role.put(params, own[0]), role.put(vars, {**role.of(vars), **own[1]})
    ema = state.ema._replace(gen=jax.tree.map(jnp.copy, (params.gen, vars.gen))) if made.game.averaged else state.ema
    claim(options.workdir, made)
    with Checkpoints(options.workdir) as checkpoints:
        checkpoints.save(0, state._replace(params=params, carry=state.carry._replace(vars=vars), ema=ema))
    overrides = " ".join([*(f"--config.{key}={value}" for key, value in said.items()), *options.overrides])
    read = {role.file: f"{path} (SHA-256 {files.sha256(path)})" for role, path in chosen.items()}
    goes_on = f"python -m ganjax.main --config={spec} --workdir={options.workdir} {overrides}".strip()
    return {"workdir": str(options.workdir), "read": read, "drawn anew": fresh, "training goes on": goes_on}


def unknown_data(config: Any) -> Run:
    """The run of a config whose data need not be there: their size is 0 until they are."""
    shapes = declared(config)
    wanted = ("a", "b") if not _draws(config, shapes) else ("image",)
    return assemble(config, Source(config.data.name, 0, lambda _: {}, {}), {name: shapes[name] for name in wanted})


def _draws(config: Any, shapes: dict[str, Any]) -> bool:
    made = assemble(config, Source(config.data.name, 1, lambda _: {}, {}), shapes)
    return bool(jax.eval_shape(lambda key: made.game.gan.inputs(key, 1), jax.random.key(0)))


def found_files(given: list[Path], format: Format) -> dict[Role, Path]:
    """{network: its file} among files and folders, by name; one file that bears no such name is the first generator.

    Raises:
        UserError: there are none, or several for one network.
    """
    if not given:
        raise UserError("which weights? --weights=FILE, or a folder of them")
    everything = [each for path in given for each in (sorted(path.iterdir()) if path.is_dir() else [path])]
    chosen: dict[Role, Path] = {}
    for role in sorted(format.roles, key=lambda role: -len(role.file)):  # net_G_A before net_G
        fitting = [p for p in everything if p.suffix in ENDINGS and role.file in p.stem and p not in chosen.values()]
        newest = [p for p in fitting if p.stem.startswith("latest")] or fitting
        if len(newest) > 1:
            raise UserError(f"{', '.join(p.name for p in newest)} may all be {role.file}; name one with --weights=FILE")
        chosen |= {role: newest[0]} if newest else {}
    weights = [p for p in everything if p.suffix in ENDINGS]
    if not chosen and len(weights) == 1:
        print(f"{weights[0]} is taken for {format.roles[0].file}", file=sys.stderr)
        chosen = {format.roles[0]: weights[0]}
    if not chosen:
        names = ", ".join(f"…{role.file}….pth" for role in format.roles)
        raise UserError(f"{', '.join(map(str, given))} holds none of {names}")
    return chosen


# --------------------------------------------------------------------------------------------------------------- out


def _go_out(options: argparse.Namespace, format: Format) -> dict[str, Any]:
    if options.out is None:
        raise UserError("--to needs --out=DIR, the folder for the files")
    opened, step, state = reopen(options.workdir, options.step, options.index)
    gen, gen_vars = generator_of(opened, state, options.raw)
    params, vars = state.params._replace(gen=gen), state.carry.vars._replace(gen=gen_vars)
    written = {}
    for role in format.roles:
        try:
            arrays = to_official(role.names(opened.config), role.of(params), role.of(vars))
        except (KeyError, AttributeError, TypeError) as error:
            raise UserError(
                f"{options.workdir} holds {opened.config.system}, which has no {role.file} ({error})"
            ) from error
        path = options.out / f"{step}_{role.file}.safetensors"
        write_whole(path, files.safetensors_of(arrays))
        written[role.file] = str(path)
    return {"step": step, "written": written}
