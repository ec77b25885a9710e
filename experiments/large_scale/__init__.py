"""The systems of large scale, as small as a CPU trains them: at equal time, truncated, in half precision."""
