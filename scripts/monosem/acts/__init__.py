"""Activations of a model on text: which positions are drawn, how they are shuffled, and the Zarr store that keeps them.

Knows models; knows nothing of dictionaries.
"""
