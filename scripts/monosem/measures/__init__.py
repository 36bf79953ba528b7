"""What is measured of trained dictionaries: codes of held-out text, losses, densities, and matches between models.

One definition of each metric. Knows models and dictionaries; knows nothing of explanations or findings.
"""
