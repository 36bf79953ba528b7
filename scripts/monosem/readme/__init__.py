"""The generated tables of the project's pages. What they say comes from the workflow and its results."""
