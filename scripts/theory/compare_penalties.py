#!/usr/bin/env python3
"""Compare dictionaries that differ in their sparsity penalty alone, down to none: do they still find features?

Of each: features on at a time, explained variance, loss recovered, scores of explanations by the token table, and how
alike encoder and decoder are. Neurons and random directions, measured on the same held-out tokens, stand beside.

Example:
  cd results/A/mlp_post; python ../../../scripts/theory/compare_penalties.py \\
      --sae-records {free,free-2.75}/sae.json --evals {free,free-2.75}-tokens40000/eval.json \\
      --features {free,free-2.75}-tokens40000/features.parquet \\
      --scores {free,free-2.75}-tokens40000/autointerp/scores.parquet \\
      --other-evals {neurons,random}-tokens40000/eval.json \\
      --other-features {neurons,random}-tokens40000/features.parquet \\
      --other-scores {neurons,random}-tokens40000/autointerp/scores.parquet \\
      --usual 2.75 --seed 0 --output p.tsv --output-figure p.svg --output-record p.json
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd

from monosem.ground.artefacts import read_json
from monosem.ground.flags import FILES
from monosem.ground.records import read_table, value_of
from monosem.theory.experiment import experiment_parser, read_scores, write
from monosem.theory.penalties import row_of, summary

COLUMNS = ["density", "status"]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--sae-records", **FILES, help="sae.json of each dictionary")
    parser.add_argument("--evals", **FILES, help="eval.json, in the same order")
    parser.add_argument("--features", **FILES, help="features.parquet, in the same order")
    parser.add_argument("--scores", **FILES, help="scores.parquet of score_features.py, in the same order")
    parser.add_argument("--other-evals", **FILES, help="eval.json of neurons and of random directions")
    parser.add_argument("--other-features", **FILES, help="features.parquet, in the same order")
    parser.add_argument("--other-scores", **FILES, help="scores.parquet, in the same order")
    parser.add_argument("--usual", type=float, required=True, help="the penalty that dictionaries usually have")
    return parser.parse_args(argv)


def rows_of(args: argparse.Namespace, records: Sequence[Path | None], files: Sequence[Sequence[Path]]) -> list[dict]:
    rows = []
    for record, evaluated, features, scores in zip(records, *files, strict=True):
        penalty = value_of(read_json(record), "hyperparameters.l1", record) if record else np.nan
        columns = [*COLUMNS, "enc_dec_cosine", "dec_top_weight"] if record else COLUMNS
        measured = read_json(evaluated), read_table(features, columns), read_scores(scores)
        rows.append(row_of(penalty, *measured, args.seed))
    return rows


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    swept = rows_of(args, args.sae_records, (args.evals, args.features, args.scores))
    others = rows_of(args, [None] * len(args.other_evals), (args.other_evals, args.other_features, args.other_scores))
    table = pd.DataFrame(swept + others).sort_values("penalty", kind="stable", ignore_index=True)
    record = read_json(args.evals[0])
    place = {name: value_of(record, name, args.evals[0]) for name in ("model", "site", "n_tokens")}
    note = "{model}/{site}, {n_tokens} held-out tokens".format(**place)
    from monosem.figures.theory.penalties import penalties

    write(args, table, {**place, **summary(table, args.usual), "note": note}, penalties)


if __name__ == "__main__":
    main()
