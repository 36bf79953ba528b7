"""Sparse autoencoders: architectures, the sparse kernels under them, training with resampling, and the saved form.

Knows stored activations; knows neither tokens nor what features mean.
"""
