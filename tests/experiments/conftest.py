"""Figures need matplotlib, which the README's test command does not bring: .ci/run does."""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("matplotlib") else ["test_*.py"]
