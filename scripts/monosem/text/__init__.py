"""From sources of text to packed tokens, each with its category and document.

Knows nothing of models.
"""
