"""Pairs that were never seen: do the two halves of what CoGAN draws belong together?"""
