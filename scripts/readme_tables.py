#!/usr/bin/env python3
"""Set the tables of README.md anew, each between its markers `<!-- table:NAME -->` and `<!-- /table:NAME -->`.

  rules      each rule, its script and its artefacts              with --rules
  costs      wall clock, CPU, memory and disk of each rule        from --benchmarks and --root
  findings   what the paper found and what was measured here      from --findings
  dictionaries  how good each dictionary is                       from --dictionaries
  trainers   speed of SAE trainers side by side                   from --trainers
  whole      whole trainings of SAEs side by side                 from --whole
  llm        what tests of a language model's explanations gave   from --llm
  faults     what was done to the workflow and what happened      from --faults
  dag        a picture of the workflow                            from --rulegraph
  reruns     what an edit of each script or module runs again     with --reruns, from a dry run

Only the tables whose sources are given are set; the others stay as they are. With --check nothing is written, and the
exit status is 1 when README.md would change: a test for a pull request.

Example:
  snakemake --rulegraph mermaid-js > rulegraph.txt
  python scripts/readme_tables.py --readme README.md --rules --root . \\
      --benchmarks results/benchmarks --findings results/findings.tsv --rulegraph rulegraph.txt
"""

import argparse
import sys
from pathlib import Path

from monosem.ground.artefacts import replacing
from monosem.planning.planned import planned_jobs, workflow_rules
from monosem.planning.reruns import reruns_table
from monosem.readme.dictionaries import dictionaries_table, trainers_table, whole_table
from monosem.readme.judgements import llm_table
from monosem.readme.measured import costs_table
from monosem.readme.workflow import (
    diagram,
    faults_table,
    findings_table,
    replace_tables,
    rules_table,
)

SINGLE = {  # tables of one flag each, by its name
    "dictionaries": dictionaries_table,
    "trainers": trainers_table,
    "whole": whole_table,
    "findings": findings_table,
    "llm": llm_table,
    "faults": faults_table,
}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readme", type=Path, required=True, help="the file to change")
    parser.add_argument("--rules", action="store_true", help="read the rules that the Snakefile includes")
    parser.add_argument("--benchmarks", type=Path, help="folder with one folder of .tsv a rule, as Snakemake writes")
    parser.add_argument("--root", type=Path, help="folder that the rules' output paths start from")
    parser.add_argument("--findings", type=Path, help="findings.tsv")
    parser.add_argument("--dictionaries", type=Path, help="folder of a model's site, such as results/A/mlp_post")
    parser.add_argument("--trainers", type=Path, nargs="*", default=[], help="from tests/benchmarks/sae_training.py")
    parser.add_argument("--whole", type=Path, help="from tests/benchmarks/sae_training.py --whole")
    parser.add_argument("--llm", type=Path, nargs="*", default=[], help="scores.json of score_explanations.py")
    parser.add_argument("--faults", type=Path, help="from pytest -m faults --faults-table=FILE")
    parser.add_argument("--rulegraph", type=Path, help="from snakemake --rulegraph mermaid-js; - is standard input")
    parser.add_argument("--reruns", action="store_true", help="plan the default config; what an edit runs again")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the file would change")
    args = parser.parse_args(argv)
    if args.benchmarks and not args.root:
        parser.error("--benchmarks: --root is needed beside it")
    return args


def make_tables(args: argparse.Namespace) -> dict[str, str]:
    tables = {}
    if args.rules:
        tables["rules"] = rules_table(workflow_rules())
    tables |= {name: make(getattr(args, name)) for name, make in SINGLE.items() if getattr(args, name)}
    if args.benchmarks:
        tables["costs"] = costs_table(workflow_rules(), args.benchmarks, args.root)
    if args.reruns:
        tables["reruns"] = reruns_table(planned_jobs([], cores=1, gpus=1))
    if args.rulegraph:
        graph = sys.stdin.read() if str(args.rulegraph) == "-" else args.rulegraph.read_text(encoding="utf-8")
        tables["dag"] = diagram(graph)
    return tables


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    before = args.readme.read_text(encoding="utf-8")
    after = replace_tables(before, make_tables(args))
    if args.check and after != before:
        sys.exit(f"{args.readme}: tables are out of date; run scripts/readme_tables.py without --check")
    if after != before:
        with replacing(args.readme) as tmp:
            tmp.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
