"""One file per verb: ``arguments(parser)`` and ``run(options)``. Under --json a verb prints JSON and nothing else."""
