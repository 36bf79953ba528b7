"""Interpretability rated by people: a blinded page to rate on, and what raters' files say once joined with its key."""
