"""`snakemake` looks here; the workflow is workflow/Snakefile, and README.md says how to run it."""


include: "workflow/Snakefile"


if not IMPORTED:
    workflow.default_target = "all"  # which an included file may not set
