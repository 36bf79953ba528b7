"""What every room stands on: whole files, records, locks, checkpoints, progress, devices, and which code a script runs.

Knows nothing of text, models or dictionaries.
"""
