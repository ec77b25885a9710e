"""Names in a config into the functions they stand for.

A config file is a program: it runs when it is named. A run's ``config.json`` is data: the names in it can only reach
the functions of ``ALLOWED``.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from ganjax.errors import UserError, nearest

ALLOWED = (
    "ganjax.augment", "ganjax.losses", "ganjax.memory", "ganjax.nets", "ganjax.penalties", "ganjax.sharding",
    "ganjax.systems", "ganjax.transforms", "ganjax.turns", "ganjax.weights.perceptual", "jax.nn", "optax",
)  # fmt: skip


def resolve(value: Any, where: str = "config", **extra: Any) -> Any:
    """A value with a ``name`` becomes that function's result for the other keys; with a ``function``, the function.

    ``extra`` are keywords given to the outermost call, where it takes them.

    Raises:
        UserError: no such function; a keyword that it does not take, or that it misses.
    """
    if isinstance(value, (ConfigDict, dict)):
        fields = {key: resolve(each, f"{where}.{key}") for key, each in value.items()}
        if "name" in fields:
            return _call(lookup(fields.pop("name"), where), fields, where, extra)
        if "function" in fields:
            function = lookup(fields.pop("function"), where)
            check_keywords(function, fields, where)
            return functools.partial(function, **fields) if fields else function
        return fields
    return tuple(resolve(each, where) for each in value) if isinstance(value, (list, tuple)) else value


def lookup(name: str, where: str) -> Callable[..., Any]:
    """The function of a dotted name: ``nets.dcgan.generator`` is ours, ``optax.adam`` and ``jax.nn.relu`` are theirs.

    Raises:
        UserError: there is none, or it lies outside the packages that a config may name.
    """
    full = name if name.split(".")[0] in ("optax", "jax") else f"ganjax.{name}"
    if not any(full.startswith(f"{root}.") for root in ALLOWED):
        raise UserError(f"{where}: {name} is not a function that a config may name: {', '.join(ALLOWED)}")
    module_name, _, attribute = full.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError:
        raise UserError(f"{where}: no module {module_name}{nearest(module_name, _modules(module_name))}") from None
    public = [n for n, f in vars(module).items() if callable(f) and not n.startswith("_")]
    if attribute not in public:
        raise UserError(f"{where}: no function {name}{nearest(attribute, public)}")
    function: Callable[..., Any] = getattr(module, attribute)
    return function


def _call(function: Callable[..., Any], keywords: dict[str, Any], where: str, extra: dict[str, Any]) -> Any:
    taken = inspect.signature(function).parameters
    keywords = {**keywords, **{key: value for key, value in extra.items() if key in taken}}
    check_keywords(function, keywords, where, complete=True)
    try:
        return function(**keywords)
    except ValueError as error:
        raise UserError(f"{where}: {error}") from error


def check_keywords(function: Callable[..., Any], keywords: Iterable[str], where: str, complete: bool = False) -> None:
    """Raises a UserError, with the nearest name, where ``function`` does not take a keyword or (complete) misses one."""
    parameters = inspect.signature(function).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    for key in keywords:
        if key not in parameters:
            raise UserError(f"{where}: {function.__name__} has no argument {key!r}{nearest(key, parameters)}")
    missing = [p.name for p in parameters.values() if p.default is p.empty and p.name not in keywords]
    if complete and missing:
        raise UserError(f"{where}: {function.__name__} needs {', '.join(missing)}")


def _modules(name: str) -> list[str]:
    parent = name.rpartition(".")[0]
    spec = importlib.util.find_spec(parent) if parent in ("ganjax.nets", "ganjax.systems") else None
    roots = spec.submodule_search_locations or () if spec else ()
    return [f"{parent}.{file.stem}" for root in roots for file in Path(root).glob("[!_]*.py")]
