"""Dictionaries and language models in the formats of other packages, out and in."""
