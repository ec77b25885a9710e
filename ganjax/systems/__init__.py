"""One file per paper: a system is found by its module name."""
