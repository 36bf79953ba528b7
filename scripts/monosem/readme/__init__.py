"""The generated tables of README.md: what they say comes from the workflow and its results, never from memory."""
