"""Measures of samples; a number carries its protocol."""
