"""The further questions of the paper, each answered from codes, dictionaries and models that are there already."""
