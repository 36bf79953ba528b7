"""Figures of the questions in `monosem.theory`."""
