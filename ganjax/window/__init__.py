"""A local page on a run: what it can be asked, and a server that tells this machine alone."""
