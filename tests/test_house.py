"""The rules of the house: who may import whom, what every system and config brings."""

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ganjax import config as configs

ROOT = Path(__file__).parent.parent
MAY = {  # room -> what of ours it may import; nets/bind.py is the one place where networks meet the game's types
    "core": (),
    "losses": (),
    "penalties": (),
    "transforms": (),
    "affine": (),
    "augment": ("affine",),
    "memory": (),
    "turns": ("core",),
    "errors": (),
    "untrusted": (),
    "latents": ("errors",),
    "nets": ("nets", "core"),
    "systems": ("nets", "losses", "penalties", "augment", "memory", "transforms", "turns", "core"),
    "data": ("data", "errors", "untrusted", "monitor.pictures"),
    "metrics": ("metrics", "weights", "nets.vgg", "errors"),
    "weights": ("weights", "core", "nets.vgg", "nets.sngan", "errors", "untrusted"),  # of sngan the tables of widths
    "cache": (),
    "protocol": ("errors", "untrusted", "monitor.pictures"),
    "monitor": ("monitor", "core", "untrusted"),
    "checkpoint": ("core", "distributed", "errors", "untrusted"),
    "distributed": ("errors",),
    "sharding": (),
    "parallel": ("core", "errors"),
    "config": ("errors",),
    "resolve": ("errors",),
    "window": tuple(
        "window samples translations fitting latents data run core errors untrusted monitor.pictures".split()
    ),
}


def imports(file):
    """Names below ganjax that a file imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "ganjax":
            base = node.module.removeprefix("ganjax").lstrip(".")
            yield from ([base] if base else [alias.name for alias in node.names])
        elif isinstance(node, ast.Import):
            yield from (a.name.removeprefix("ganjax.") for a in node.names if a.name.startswith("ganjax."))


FILES = [file for file in sorted((ROOT / "ganjax").rglob("*.py")) if not file.name.startswith("__")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_rooms_import_what_they_may(file):
    room = file.relative_to(ROOT / "ganjax").parts[0].removesuffix(".py")
    for name in imports(file):
        assert not name.startswith(("commands", "configs")) or room in ("__main__", "commands")
        assert name != "main"
        if room in MAY:
            assert name.startswith(MAY[room]), f"{file.name} imports {name}"
        if room == "systems":
            assert not name.startswith("systems")


def test_core_leans_on_jax_and_optax_alone():
    tree = ast.parse((ROOT / "ganjax/core.py").read_text())
    names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name.split(".")[0] for name in names} <= {"__future__", "collections", "typing", "jax", "optax"}


def test_training_starts_without_another_framework():
    """Also where one is installed: tensorboardX imported PyTorch, 180 MiB of every run."""
    code = "import sys, ganjax.train; print(*{'torch', 'tensorflow', 'tensorboardX', 'matplotlib'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


def test_the_windows_server_leans_on_the_standard_library_alone():
    tree = ast.parse((ROOT / "ganjax/window/server.py").read_text())
    names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name.split(".")[0] for name in names} <= {*sys.stdlib_module_names, "ganjax"}
    assert set(imports(ROOT / "ganjax/window/server.py")) == {"errors"}


SYSTEMS = sorted(file.stem for file in (ROOT / "ganjax/systems").glob("[!_]*.py"))


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_is_one_short_file_with_its_paper_and_config(name):
    module = importlib.import_module(f"ganjax.systems.{name}")
    source = inspect.getsource(module)
    assert source.count("\n") <= 120  # pix2pixHD: three networks, three terms
    assert re.search(r"arXiv:\d{4}\.\d{4,5}", module.__doc__)
    assert re.search(r"\bD(_\w)? minimises", module.__doc__)
    assert "Deviations: 1." in module.__doc__
    assert inspect.signature(module.build).parameters["generator"]
    assert (ROOT / f"configs/{name}.py").exists()


@pytest.mark.parametrize("name", configs.packaged())
def test_a_config_says_its_command(name):
    text = (ROOT / f"configs/{name}.py").read_text()
    assert f"python -m ganjax.main --config=configs/{name}.py" in text
    assert configs.variants(ROOT / f"configs/{name}.py")


def test_nobody_names_machines_or_leaves_things_undone():
    pattern = r"/(?:home|root|tmp)/\S+|NotImplementedError|\b(?:TODO|FIXME)\b"
    for file in FILES:
        assert not re.search(pattern, file.read_text()), file


@pytest.mark.xdist_group("together")
def test_a_group_of_tests_stays_in_one_process(request):
    """Where pytest-xdist does not read the mark, what tests share is made in every process, and no test fails of it."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        assert request.node.nodeid.endswith("@together"), "pytest-xdist lost its groups: see setup.py"
