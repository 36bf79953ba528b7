"""A small local server: a text typed into its page is read by a dictionary, and written on with a feature pinned."""
