"""Automated interpretability: examples by activation interval, explanations, simulated activations, scores.

windows holds the examples of a dictionary, examples draws them, token_table explains and simulates without a language
model, levels quantises and correlates, scores puts them together.
"""
