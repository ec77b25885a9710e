"""Attributes that are asked for: what a classifier sees of them in the translations, and of those that were not."""
