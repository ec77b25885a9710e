"""Networks that others trained, for what they see in an image; their weights come from files (ganjax.weights)."""
