"""Glasses off and on: translations judged where the truth is known."""
