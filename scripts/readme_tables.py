#!/usr/bin/env python3
"""Set the generated tables of the project's pages anew, each between `<!-- table:NAME -->` and `<!-- /table:NAME -->`.

  headline   counts of verdicts, five numbers and the paper's     from --findings
  findings   what the paper found and what was measured here      from --findings
  rules      each rule, its script and its artefacts              with --rules
  dag        a picture of the workflow's stages                   with --plan, from a dry run
  reruns     what an edit in each room runs again                 with --plan, from a dry run
  config     every key of the config                              with --config, from its schema and the defaults
  costs      wall clock, CPU, memory and disk of each rule        from --benchmarks, in results/ or another run's folder
  dictionaries  how good each dictionary is                       from --dictionaries
  trainers   speed of SAE trainers side by side                   from --trainers
  whole      whole trainings of SAEs side by side                 from --whole
  llm        what tests of a language model's explanations gave   from --llm
  faults     what was done to the workflow and what happened      from --faults

A table is set in the pages that hold its markers. Only those whose sources are given are set; the others stay as they
are. With --check nothing is written, and the exit status is 1 when a page would change, which is named: a test for a
pull request.

Example:
  python scripts/readme_tables.py --rules --plan --config --check
  python scripts/readme_tables.py --benchmarks results/benchmarks --findings results/findings.tsv
"""

import argparse
import sys
from pathlib import Path

from monosem.ground.configs import ROOT, SCHEMA, config_of, load
from monosem.ground.flags import parser_of
from monosem.planning.measured import costs_table
from monosem.planning.planned import planned_jobs, workflow_rules
from monosem.planning.reruns import reruns_table
from monosem.planning.stages import stages_picture
from monosem.readme.config import config_tables
from monosem.readme.dictionaries import dictionaries_table, trainers_table, whole_table
from monosem.readme.findings import findings_table
from monosem.readme.headline import headline_table
from monosem.readme.judgements import llm_table
from monosem.readme.pages import changed_pages, set_tables
from monosem.readme.workflow import faults_table, rules_table

FROM_FILES = {  # the flag that each table's source is given by
    "headline": ("findings", headline_table),
    "findings": ("findings", findings_table),
    "dictionaries": ("dictionaries", dictionaries_table),
    "trainers": ("trainers", trainers_table),
    "whole": ("whole", whole_table),
    "llm": ("llm", llm_table),
    "faults": ("faults", faults_table),
}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of the pages; this clone by default")
    parser.add_argument("--rules", action="store_true", help="read the rules that the Snakefile includes")
    parser.add_argument("--plan", action="store_true", help="plan the default config and the discussion")
    parser.add_argument("--config", action="store_true", help="read the schema of the config and the defaults")
    parser.add_argument("--benchmarks", type=Path, help="results/benchmarks: a folder of .tsv a rule, by Snakemake")
    parser.add_argument("--findings", type=Path, help="findings.tsv")
    parser.add_argument("--dictionaries", type=Path, help="folder of a model's site, such as results/A/mlp_post")
    parser.add_argument("--trainers", type=Path, nargs="*", default=[], help="from tests/benchmarks/sae_training.py")
    parser.add_argument("--whole", type=Path, help="from tests/benchmarks/sae_training.py --whole")
    parser.add_argument("--llm", type=Path, nargs="*", default=[], help="scores.json of score_explanations.py")
    parser.add_argument("--faults", type=Path, help="from pytest -m faults --faults-table=FILE")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page would change")
    return parser.parse_args(argv)


def make_tables(args: argparse.Namespace) -> dict[str, str]:
    tables = {name: make(getattr(args, flag)) for name, (flag, make) in FROM_FILES.items() if getattr(args, flag)}
    if args.rules:
        tables["rules"] = rules_table(workflow_rules())
    if args.config:
        tables["config"] = config_tables(load(SCHEMA), config_of())
    if args.benchmarks:
        tables["costs"] = costs_table(workflow_rules(), args.benchmarks, args.benchmarks.resolve().parents[1])
    if args.plan:
        tables["dag"] = stages_picture(planned_jobs([], cores=1, gpus=1, targets=("all", "theory")))
        tables["reruns"] = reruns_table(planned_jobs([], cores=1, gpus=1))
    return tables


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    tables = make_tables(args)
    if not args.check:
        set_tables(args.project, tables)
    elif changed := changed_pages(args.project, tables):
        sys.exit(f"{', '.join(map(str, changed))}: out of date; run scripts/readme_tables.py without --check")


if __name__ == "__main__":
    main()
