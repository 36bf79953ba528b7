"""The report: the scoreboard, the story in figures, what the run was, and a sample of features."""
