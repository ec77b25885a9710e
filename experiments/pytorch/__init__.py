"""The systems in PyTorch, an oracle and a rival; nothing but `weights` knows ganjax."""
