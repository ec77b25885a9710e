"""The lectures' homework for U-GAT-IT: each of its four weights times 0, 0.1 and 10."""
