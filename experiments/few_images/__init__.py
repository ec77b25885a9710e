"""Five hundred images: what DiffAugment does for DCGAN, and other tricks of the craft beside it."""
