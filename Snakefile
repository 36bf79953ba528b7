"""Towards Monosemanticity (Bricken et al. 2023) as one workflow; README.md says how to run it."""

import sys
from pathlib import Path

from snakemake.utils import min_version, validate

min_version("9.27")

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "scripts"))


configfile: str(ROOT / "config/config.yaml")


validate(config, str(ROOT / "workflow/schemas/config.schema.yaml"), set_default=False)

# Jobs find the scripts wherever the clone lies, and run them by the interpreter that runs Snakemake. A prefix replaces
# Snakemake's own, so strict mode is said again: without pipefail a script that fails into `tee` would pass.
shell.prefix(f"set -euo pipefail; export SCRIPTS='{ROOT}/scripts' PATH=\"{Path(sys.executable).parent}:$PATH\"; ")


# One GPU on this machine unless --resources gpu=N says otherwise; on a cluster the scheduler counts them.
resource_scopes:
    gpu="local",


if "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", 1)


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/lm.smk"
include: "workflow/rules/activations.smk"
include: "workflow/rules/sae.smk"
include: "workflow/rules/autointerp.smk"
include: "workflow/rules/universality.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        "results/report/index.html",
