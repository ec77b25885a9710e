"""Configs: what they start from, how they are found, overridden from the command line and compared."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from absl import flags
from ml_collections import ConfigDict, config_flags
from ml_collections.config_dict import placeholder

from ganjax.errors import UserError, nearest

MAY_CHANGE = (
    r"train\.(steps|epochs|keep|rollbacks|watch|\w+_every|sharding(\..*)?)|eval(\..*)?"  # of a run that is resumed
)


# -------------------------------------------------------------------------------------------------------------- loading


def base(system: str) -> ConfigDict:
    """What every config starts from: the sections of training, data and evaluation with all their keys."""
    config = ConfigDict()
    config.system = system
    config.train = ConfigDict({
        "steps": 1000,  # generator updates
        "epochs": placeholder(float),  # passes over the data, in the place of steps
        "batch_size": 64,
        "seed": 0,
        "num_seeds": 1,  # independent runs in one program, seeded seed, seed + 1, …
        "parallel": "jit",  # or pmap
        # leaves of at least so many numbers are cut over the devices; without a number each device has them all
        "sharding": {"name": "sharding.fsdp", "at_least": placeholder(int)},
        "steps_per_call": 1,  # steps in one dispatch
        "ema_decay": 0.0,  # of the generator that is sampled; 0 is none
        "log_every": 50,
        "sample_every": 200,  # 0 is never, as for eval_every
        "save_every": 500,
        "eval_every": 0,
        "start_from": placeholder(str),  # a workdir whose parameters a new run takes where names and shapes agree
        "keep": 3,  # checkpoints, and the best
        "rollbacks": 0,  # how often numbers gone bad send the run back to the last checkpoint, with other draws; then it stops
        "watch": placeholder(str),  # layers whose top singular values are logged, a regular expression such as disc/
    })  # fmt: skip
    config.data = ConfigDict({
        "name": "avatars",
        "seed": 0,
        "image_size": placeholder(int),
        "channels": placeholder(int),
        "path": placeholder(str),
        "dataset": placeholder(str),
        "data_dir": placeholder(str),
        "split": placeholder(str),
        "style": placeholder(str),
        "attribute": placeholder(str),
        "attributes": placeholder(str),  # with commas between
        "partly": placeholder(bool),
        "direction": placeholder(str),  # ba: what the data call b is translated into what they call a
        "unpaired": False,  # pairs: a and b of training are never of one example
        "classes": placeholder(int),
        "crop": placeholder(int),
        "crop_at": placeholder(str),
        "flip": False,
        "dequantise": False,
        "held_out": 0,  # examples that training does not see, for the watch
        "labelled": 0,  # examples whose labels training sees, as many of each class, where it should not see all
    })  # fmt: skip
    config.eval = ConfigDict({
        "metrics": placeholder(str),  # fd_efflite0,kd_efflite0,… the first says which checkpoint is best
        "samples": 10_000,
        "real": 50_000,  # images of the data, or all where there are fewer
        "resize": placeholder(str),
        "inception_weights": placeholder(str),
        "train_mode": False,  # translations with dropout on and BatchNorm by the batch, as pix2pix was tested
    })  # fmt: skip
    config.gan = ConfigDict()
    config.schedule = ConfigDict()
    return config


def call(name: str, **keywords: Any) -> ConfigDict:
    """The result of a function, in a config."""
    return ConfigDict({"name": name, **keywords})


def function(name: str, **keywords: Any) -> ConfigDict:
    """A function, with some keywords fixed, in a config."""
    return ConfigDict({"function": name, **keywords})


def put(section: ConfigDict, **values: Any) -> None:
    """Sets keys to values of other types than they had: a schedule in the place of a number."""
    with section.ignore_type():
        section.update(values)


def plane(config: ConfigDict, name: str, latent_dim: int, steps: int = 6000) -> None:
    """Turns a config to a mixture in the plane: small MLPs, Adam 10⁻³ with β₁ = ½, three seeds in one program."""
    config.generator = call("nets.mlp.point_generator", hidden=(128, 128, 128))
    config.critic = call("nets.mlp.point_critic", hidden=(128, 128, 128))
    config.gan.latent_dim = latent_dim
    for who in ("gen_opt", "disc_opt"):
        config[who] = call("optax.adam", learning_rate=1e-3, b1=0.5, b2=0.9)
    config.data.update(name=name, image_size=None, channels=None)
    config.train.update(steps=steps, batch_size=256, num_seeds=3, ema_decay=0.995)
    config.train.update(log_every=200, sample_every=1000, eval_every=1000, save_every=2000)


def load(spec: str, overrides: Sequence[str] = ()) -> ConfigDict:
    """The config of ``configs/NAME.py[:VARIANT]`` with overrides ``--config.section.key=value``.

    Raises:
        UserError: no such file, variant or key; a value of another type.
    """
    values = flags.FlagValues()
    path, _, variant = spec.partition(":")
    argv = ["ganjax", f"--config={find(path)}:{variant}", *overrides]
    config_flags.DEFINE_config_file("config", flag_values=values, lock_config=True, sys_argv=argv)
    try:
        values(argv)
        config: ConfigDict = values.config
        return config
    except UserError:
        raise
    except Exception as error:  # a config is a program: anything may come out of it
        raise UserError(f"{spec}: {_readable(error, overrides)}") from error


def find(path: str) -> Path:
    """A config file: as the path says, or by its name among the configs that come with the package.

    Raises:
        UserError: there is none.
    """
    here = Path(path)
    if here.is_file():
        return here
    shipped = packaged()
    if here.stem in shipped and here.suffix in ("", ".py") and str(here.parent) in (".", "configs"):
        return shipped[here.stem]
    raise UserError(f"no config file {path}{nearest(here.stem, shipped)}; `python -m ganjax inspect --all` lists them")


def packaged() -> dict[str, Path]:
    """Name -> file of every config that comes with the package."""
    spec = importlib.util.find_spec("ganjax.configs")
    roots = [Path(root) for root in (spec.submodule_search_locations if spec else None) or ()]
    roots = roots or [Path(__file__).parent.parent / "configs"]
    return {file.stem: file for root in roots for file in sorted(root.glob("[!_]*.py"))}


def variants(file: Path) -> Sequence[str]:
    """The names in a config file's ``VARIANTS``."""
    spec = importlib.util.spec_from_file_location(f"ganjax_config_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return tuple(module.VARIANTS)


def pick(variants: dict[str, Callable[[ConfigDict], None]], variant: str, config: ConfigDict) -> ConfigDict:
    """For config files: ``config`` as the named entry of its ``VARIANTS`` changes it ('' changes nothing).

    Raises:
        UserError: no such variant.
    """
    if variant not in ("", *variants):
        raise UserError(f"no variant {variant!r}{nearest(variant, variants)}; there are: {', '.join(variants)}")
    if variant:
        variants[variant](config)
    return config


def run_name(spec: str) -> str:
    """configs/wgan_gp.py:grid25 -> wgan_gp-grid25."""
    path, _, variant = spec.partition(":")
    return "-".join(filter(None, (Path(path).stem, variant)))


# ----------------------------------------------------------------------------------------------------------- comparing


def to_json(config: ConfigDict) -> dict[str, Any]:
    """The config as plain JSON types."""
    plain: dict[str, Any] = json.loads(config.to_json_best_effort())
    return plain


def complete(stored: dict[str, Any]) -> dict[str, Any]:
    """A config that was stored before some keys existed, with what they start from."""
    return _over(to_json(base(stored.get("system", ""))), stored)


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = {key for key in below.keys() & above.keys() if isinstance(below[key], dict) and isinstance(above[key], dict)}
    return {**below, **above, **{key: _over(below[key], above[key]) for key in both}}


def differences(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> list[str]:
    """One line for each key that differs and may not, when a run is resumed."""
    lines = []
    for key in sorted({*old, *new}):
        path, a, b = prefix + key, old.get(key), new.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            lines += differences(a, b, f"{path}.")
        elif a != b and not re.fullmatch(MAY_CHANGE, path):
            lines.append(f"{path}: {a!r} -> {b!r}")
    return lines


def _readable(error: Exception, overrides: Sequence[str]) -> str:
    """What went wrong in one line; libraries wrap it in tracebacks and quotation marks."""
    given = f" (in {' '.join(overrides)})" if overrides else ""
    text = str((error.args or [error])[0]).replace("\\n", "\n").replace("\\'", "'")
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [type(error).__name__]
    last = re.sub(r"^[\w.]*(Error|Exception): ", "", lines[-1]).strip('"')
    if isinstance(error, (KeyError, AttributeError)) and "Did you mean" not in last:
        last = last.strip("'")
        return f"there is no key {last!r} in that section; see the config file for those there are{given}"
    if "invalid literal for int()" in last:
        return f"a whole number is needed, such as 1000: {last}{given}"
    return last + given
