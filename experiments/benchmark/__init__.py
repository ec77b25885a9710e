"""PyTorch and ganjax side by side: the same networks, batches and arithmetic, alternately in one run."""
