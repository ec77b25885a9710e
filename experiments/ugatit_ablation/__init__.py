"""The seven rows of U-GAT-IT's ablation: norms of the decoder, attention in G and in D."""
