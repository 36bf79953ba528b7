"""The jobs that Snakemake plans for a config: what they will cost, what they took, and which an edit runs again."""
