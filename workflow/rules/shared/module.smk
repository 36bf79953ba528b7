"""What is otherwise where another workflow imports this one: `module monosem: snakefile: "CLONE/workflow/Snakefile"`.

Snakemake reads no configfile for a module that is given a config; the defaults are put below it here, in a copy, so that
the importer's own stays as it is.
"""

from monosem.ground.configs import config_of, merged

IMPORTED = Path(workflow.main_snakefile).resolve() not in [
    (ROOT / f"{folder}Snakefile").resolve() for folder in ("", "workflow/")
]
IS_FIRST = workflow.default_target is None  # else what the importer makes by default stays so

if IMPORTED:
    config = merged(config_of(), config)
    if workflow.modifier.modify_path("results") != "results":
        raise ValueError(
            "module: it has a prefix, but captions, links and records name files in results/; leave `prefix` and "
            "`replace_prefix` out, or run the importing workflow with --directory"
        )
