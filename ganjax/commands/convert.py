"""Official weights into a run that translates, samples and trains on; a run's weights back under the official names."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from ganjax import config as configs
from ganjax.checkpoint import Checkpoints
from ganjax.commands.inspect import declared
from ganjax.data.source import Source
from ganjax.errors import UserError, nearest
from ganjax.monitor.pictures import write_whole
from ganjax.run import Run, assemble, initial_state
from ganjax.samples import generator_of
from ganjax.untrusted import DAMAGED, in_a_line
from ganjax.weights import files
from ganjax.weights.formats import FORMATS, Format, Role
from ganjax.weights.layouts import Arrays, from_official, to_official
from ganjax.workdir import claim, reopen

ENDINGS = (".pth", ".pt", ".ckpt", ".safetensors", ".npz")


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
    contents = {path: files.read(path) for path in set(chosen.values())}
    arrays = {role: role.arrays(contents[path]) for role, path in chosen.items()}
    chosen = {role: path for role, path in chosen.items() if arrays[role]}
    for path, content in contents.items():
        inside = [f"{role.inside}." * bool(role.inside) for role in chosen if chosen[role] == path]
        left = [key for key in content if not key.startswith(tuple(inside))]
        if left:
            wanted = ", ".join(f"{role.inside}.…" for role in format.roles if role.inside)
            raise UserError(
                f"{path}: {len(left)} arrays are left over, such as {left[0]}; needed are {wanted or 'others'}"
            )
    spec = options.config or format.config
    configs.load(spec, options.overrides)  # what is wrong with it alone is not the arrays' fault
    try:
        said = format.shapes({f"{role.slot}.{role.name}": arrays[role] for role in chosen})
        given = [f"--config.{key}={str(value).replace(' ', '')}" for key, value in said.items()]
        config = configs.load(spec, [*given, *options.overrides])
        made = unknown_data(config)
        state = initial_state(made)
    except jax.errors.JaxRuntimeError:
        raise  # of the machine
    except DAMAGED as error:
        which = ", ".join(f"{path} as {_called(role)}" for role, path in chosen.items())
        raise UserError(f"{which}: the arrays are not those of {options.source} ({in_a_line(error)})") from error
    fresh = [_called(role) for role in format.roles if role not in chosen]
    params, vars = state.params, state.carry.vars
    for role, path in chosen.items():
        own = from_official(arrays[role], role.names(config), role.of(params), role.of(vars), str(path))
        own = jax.tree.map(jnp.asarray, own)
        params, vars = role.put(params, own[0]), role.put(vars, {**role.of(vars), **own[1]})
    ema = state.ema._replace(gen=jax.tree.map(jnp.copy, (params.gen, vars.gen))) if made.game.averaged else state.ema
    info = {**made.source.info, **({"unread": fresh} if fresh else {})}
    claim(options.workdir, made._replace(source=made.source._replace(info=info)))
    with Checkpoints(options.workdir) as checkpoints:
        checkpoints.save(0, state._replace(params=params, carry=state.carry._replace(vars=vars), ema=ema))
    overrides = shlex.join([*given, *options.overrides])
    read = {_called(role): f"{path} (SHA-256 {files.sha256(path)})" for role, path in chosen.items()}
    goes_on = f"python -m ganjax.main --config={spec} --workdir={options.workdir} {overrides}".strip()
    return {"workdir": str(options.workdir), "read": read, "drawn anew": fresh, "training goes on": goes_on}


def _called(role: Role) -> str:
    return f"{role.file}, {role.inside}" if role.inside else role.file


def unknown_data(config: Any) -> Run:
    """The run of a config whose data need not be there: their size is 0 until they are."""
    shapes = declared(config)
    values = config.gan.get("values", ())
    prior = _prior(config, shapes)
    drawn = ("image", *({"label"} & prior))
    wanted = ("image", "attribute") if values else drawn if prior else ("a", "b")
    given = (config.data.attributes or "").split(",") if config.data.attributes else []
    names = given if len(given) == len(values) else [f"attribute{i}" for i in range(len(values))]
    info = {"attributes": {name: [str(i) for i in range(n)] for name, n in zip(names, values, strict=True)}}
    source = Source(config.data.name, 0, lambda _: {}, info if values else {})
    return assemble(config, source, {name: shapes[name] for name in wanted})


def _prior(config: Any, shapes: dict[str, Any]) -> set[str]:
    """What the game draws its images from; nothing where it translates."""
    made = assemble(config, Source(config.data.name, 1, lambda _: {}, {}), shapes)
    return set(jax.eval_shape(lambda key: made.game.gan.inputs(key, 1), jax.random.key(0)))


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
        taken = {path for other, path in chosen.items() if other.file != role.file}
        fitting = [p for p in everything if p.suffix in ENDINGS and role.file in p.stem and p not in taken]
        newest = [p for p in fitting if p.stem.startswith("latest")] or fitting
        if len(newest) > 1:
            raise UserError(f"{', '.join(p.name for p in newest)} may all be {role.file}; name one with --weights=FILE")
        chosen |= {role: newest[0]} if newest else {}
    weights = [p for p in everything if p.suffix in ENDINGS]
    if not chosen and len(weights) == 1:
        print(f"{weights[0]} is taken for {format.roles[0].file}", file=sys.stderr)
        chosen = {role: weights[0] for role in format.roles if role.file == format.roles[0].file}
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
    contents: dict[str, Arrays] = {}
    for role in format.roles:
        try:
            arrays = role.complete(to_official(role.names(opened.config), role.of(params), role.of(vars)))
        except (KeyError, AttributeError, TypeError) as error:
            raise UserError(
                f"{options.workdir} holds {opened.config.system}, which has no {_called(role)} ({error}); "
                f"--to={options.to} are the names of {format.config}"
            ) from error
        start = f"{role.inside}." if role.inside else ""
        contents.setdefault(role.file, {}).update({start + key: x for key, x in arrays.items()})
    written = {name: options.out / f"{step}{'_' * (name[0] != '-')}{name}.safetensors" for name in contents}
    for name, arrays in contents.items():
        write_whole(written[name], files.safetensors_of(arrays))
    return {"step": step, "written": {name: str(path) for name, path in written.items()}}
