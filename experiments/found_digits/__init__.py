"""Digits found without labels: how pure the clusters of an InfoGAN are."""
