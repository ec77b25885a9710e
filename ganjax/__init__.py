"""Generative adversarial networks in JAX: one file per paper, one pure step per system."""

__version__ = "0.1.0"
