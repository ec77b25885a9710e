"""Other people's weights, in and out; no file is ever run."""
