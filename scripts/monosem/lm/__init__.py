"""The transformer, its training, and the places in it where activations are read and changed.

Knows tokens; knows nothing of stores or dictionaries.
"""
