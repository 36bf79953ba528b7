"""The jobs that Snakemake plans for a config: what they will cost together, and which of them an edit runs again."""
