#!/usr/bin/env python3
"""Compare what was measured here with what the paper found: one row a published finding.

Each finding has a criterion that was written down before any run, such as `L0 < 20, loss recovered >= 0.79`. The row
says what the paper reports, what was measured here, over how many held-out tokens and in which run, and the verdict:
reproduced or not reproduced where the 95 % interval of what was measured lies on one side of the criterion,
inconclusive where it holds the limit, or not run (then, what is missing). Intervals come from drawing held-out
documents anew; numbers that have none are judged as they are. The row names the figure that shows it, and the records
that were read for it, as addresses from the scoreboard's own folder. Equal inputs give equal bytes.

Records (.json) know which model, site and dictionary they describe. Tables (.parquet) do not, so they are given beside
the records, in the same order. Give what you have: findings whose runs are missing are "not run".

Example:
  cd results; python ../scripts/compile_findings.py --site mlp_post --headline relu-w2048 --sweep relu-w{512,2048} \\
      --eval {A,B}/mlp_post/relu-w2048/eval.json --features {A,B}/mlp_post/relu-w2048/features.parquet \\
      --documents {A,B}/mlp_post/relu-w2048/documents.parquet \\
      --scores A/mlp_post/relu-w2048/autointerp/scores.json \\
      --explanations A/mlp_post/relu-w2048/autointerp/explanations.parquet \\
      --differences autointerp/differences.tsv \\
      --universality universality/mlp_post/{relu-w2048,neurons}.json \\
      --investigations investigations/*/*.json --output findings.tsv
"""

import argparse
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from monosem.findings.criteria import PUBLISHED
from monosem.findings.measurements import Measurements
from monosem.findings.scoreboard import judge, to_tsv
from monosem.ground.artefacts import read_json, replacing
from monosem.ground.flags import ANY_FILES, FILE, parser_of
from monosem.ground.records import (
    DIFFERENCE_COLUMNS,
    EXPLANATION_COLUMNS,
    FEATURE_COLUMNS,
    beside,
    read_records,
    read_table,
    read_tables,
    value_of,
)

BY_RUN = {"evals": "eval", "scores": "scores", "llm_scores": "llm_scores", "universality": "universality"}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--site", required=True, help="where activations were read; the paper's is mlp_post")
    parser.add_argument("--headline", required=True, help="the dictionary that stands for the paper's A/1")
    parser.add_argument("--sweep", nargs="*", required=True, help="dictionaries that differ in width only")
    parser.add_argument("--eval", **ANY_FILES, help="eval.json of every dictionary and of the neurons")
    parser.add_argument("--features", **ANY_FILES, help="features.parquet beside each --eval, in the same order")
    parser.add_argument("--documents", **ANY_FILES, help="documents.parquet beside each --eval, in the same order")
    parser.add_argument("--scores", **ANY_FILES, help="scores.json of every scored dictionary and of the neurons")
    parser.add_argument("--llm-scores", type=Path, nargs="*", default=[], help="scores.json of score_explanations.py")
    parser.add_argument(
        "--explanations", **ANY_FILES, help="explanations.parquet beside each --scores, in the same order"
    )
    parser.add_argument("--differences", type=Path, help="differences.tsv of compare_scores.py")
    parser.add_argument("--ratings", type=Path, help="ratings.json of collect_ratings.py, if people have rated")
    parser.add_argument("--universality", **ANY_FILES, help="A against B: one .json a dictionary, and the neurons")
    parser.add_argument("--investigations", type=Path, nargs="*", default=[], help="the .json of each investigation")
    parser.add_argument("--output", **FILE, help="the scoreboard (.tsv)")
    return parser.parse_args(argv)


def read_investigations(paths: list[Path]) -> dict[str, dict[str, Any]]:
    records = {path: read_json(path) for path in paths}
    return {value_of(record, "investigation", path): record for path, record in records.items()}


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    nothing = pd.DataFrame(columns=DIFFERENCE_COLUMNS)
    by_run = {name: getattr(args, flag) for name, flag in BY_RUN.items()}
    records = {name: read_records(paths) for name, paths in by_run.items()}
    records["investigations"] = read_investigations(args.investigations)
    paths = {("differences", ""): args.differences, ("ratings", ""): args.ratings}
    for kind, given in (by_run | {"investigations": args.investigations}).items():
        paths |= {(kind, str(name)): path for name, path in zip(records[kind], given, strict=True)}
    tables = beside(args.documents, args.eval)
    paths |= {("documents", str(run)): path for run, path in tables}
    measurements = Measurements(
        site=args.site,
        headline=args.headline,
        sweep=args.sweep,
        features=read_tables(args.features, args.eval, FEATURE_COLUMNS),
        explanations=read_tables(args.explanations, args.scores, EXPLANATION_COLUMNS),
        differences=read_table(args.differences, DIFFERENCE_COLUMNS) if args.differences else nothing,
        ratings=read_json(args.ratings) if args.ratings else {},
        documents={run: read_table(path) for run, path in tables},
        files={key: quote(os.path.relpath(path, args.output.parent)) for key, path in paths.items() if path},
        **records,
    )
    rows = [judge(finding, measurements) for finding in PUBLISHED]
    with replacing(args.output) as tmp:
        tmp.write_text(to_tsv(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
