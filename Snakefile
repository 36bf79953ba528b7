"""Towards Monosemanticity (Bricken et al. 2023) as one workflow; README.md says how to run it."""

import sys
from pathlib import Path
from shlex import quote

from snakemake.utils import min_version, validate

min_version("9.27")

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "scripts"))


configfile: str(ROOT / "config/config.yaml")


validate(config, str(ROOT / "workflow/schemas/config.schema.yaml"), set_default=False)

# Jobs find the scripts wherever the clone lies, and run them by the interpreter that runs Snakemake. A prefix replaces
# Snakemake's own, so strict mode is said again: without pipefail a script that fails into `tee` would pass. On SIGTERM
# (a time limit, `scancel`) and on Ctrl-C, shell and `tee` wait for the script, which may have a checkpoint to write.
shell.prefix(
    "set -euo pipefail; trap : TERM; tee() {{ trap '' TERM INT; command tee \"$@\"; }}; "
    f"export SCRIPTS={quote(f'{ROOT}/scripts')} PATH={quote(str(Path(sys.executable).parent))}:\"$PATH\"; "
)


# One GPU on this machine unless --resources gpu=N says otherwise. On a cluster the scheduler counts them: a limit here
# would be the most that one job could ask for.
resource_scopes:
    gpu="local",


if workflow.is_main_process and workflow.resource_settings.nodes is None and "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", 1)


report: "workflow/report/workflow.rst"


include: "workflow/rules/start.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/runs.smk"
include: "workflow/rules/checks.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/lm.smk"
include: "workflow/rules/activations.smk"
include: "workflow/rules/sae.smk"
include: "workflow/rules/autointerp.smk"
include: "workflow/rules/llm.smk"
include: "workflow/rules/universality.smk"
include: "workflow/rules/explained.smk"
include: "workflow/rules/correspondence.smk"
include: "workflow/rules/contexts.smk"
include: "workflow/rules/effects.smk"
include: "workflow/rules/automata.smk"
include: "workflow/rules/monosemanticity.smk"
include: "workflow/rules/splitting.smk"
include: "workflow/rules/rating.smk"
include: "workflow/rules/interchange.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/theory.smk"
include: "workflow/rules/theory_neurons.smk"
include: "workflow/rules/theory_ideal.smk"
include: "workflow/rules/theory_why.smk"
include: "workflow/rules/theory_toy.smk"
include: "workflow/rules/browser.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        "results/report/index.html",
        paths(llm_runs(), "autointerp/llm/scores.json"),


rule theory:
    input:
        of_experiments(EXPERIMENTS, ".json"),
