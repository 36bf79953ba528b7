"""Automated interpretability: examples by activation interval, explanations, simulated activations, scores.

windows holds the examples of a dictionary, examples draws them, token_table explains and simulates without a language
model, levels quantises and correlates, scores puts them together.

With a language model: subjects is what it is shown of a feature, prompts the writing of it, demonstrations the worked
examples, tasks the questions, trials the requests and their table, judgement what answers are worth.
"""
