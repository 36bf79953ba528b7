#!/usr/bin/env python3
"""Compare the interpretability scores of features, neurons, random directions, and the control's features.

For each dictionary: the median of every score, the share of random tokens that are inactive, and the share of
single-token features, each with a 95 % bootstrap interval; the median also by density, and of single-token features and
the others apart. For each two dictionaries at one place: the difference, with its interval. Intervals draw the features
again and keep the trained dictionary, so they do not tell what another seed of the training would give. An undefined
score is left out and never counts as 0; a value of no feature is empty.

Tables do not know their dictionary, so they are given beside the records, in the same order.

Example (in bash):
  D=results/A/mlp_post
  python scripts/compare_scores.py --scores $D/{relu-w2048,neurons}/autointerp/scores.json \\
      --tables $D/{relu-w2048,neurons}/autointerp/scores.parquet \\
      --explanations $D/{relu-w2048,neurons}/autointerp/explanations.parquet \\
      --features $D/{relu-w2048,neurons}/features.parquet --seed 0 \\
      --output-estimates results/autointerp/estimates.tsv --output-differences results/autointerp/differences.tsv
"""

import argparse

import pandas as pd

from monosem.autointerp.scores import MEASURES
from monosem.autointerp.statistics import differences_table, estimates, estimates_table
from monosem.ground.artefacts import write_table
from monosem.ground.flags import FILE, FILES, parser_of
from monosem.ground.records import EXPLANATION_COLUMNS, FEATURE_COLUMNS, RUN, Run, read_tables


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--scores", **FILES, help="scores.json, names each dictionary")
    parser.add_argument("--tables", **FILES, help="scores.parquet, in the same order")
    parser.add_argument("--explanations", **FILES, help="explanations.parquet, in the same order")
    parser.add_argument("--features", **FILES, help="features.parquet, in the same order")
    parser.add_argument("--seed", type=int, required=True, help="of the bootstrap")
    parser.add_argument("--output-estimates", **FILE, help="a row a dictionary and number (.tsv)")
    parser.add_argument("--output-differences", **FILE, help="a row two dictionaries (.tsv)")
    return parser.parse_args(argv)


def joined(args: argparse.Namespace) -> pd.DataFrame:
    """A row a feature: run, scores, density, single_token."""
    table = read_tables(args.tables, args.scores, ["feature", "zero_share_random", *MEASURES])
    explanations = read_tables(args.explanations, args.scores, EXPLANATION_COLUMNS)[[*RUN, "feature", "single_token"]]
    features = read_tables(args.features, args.scores, FEATURE_COLUMNS)[[*RUN, "feature", "density"]]
    keys = {"on": [*RUN, "feature"], "how": "left", "validate": "one_to_one"}
    return table.merge(explanations, **keys).merge(features, **keys)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    table = joined(args)
    found = estimates(table, args.seed)
    sizes = {Run(*key): len(rows) for key, rows in table.groupby(RUN, sort=False, observed=True)}
    outputs = {
        args.output_estimates: estimates_table(found, sizes),
        args.output_differences: differences_table(found),
    }
    for path, rows in outputs.items():
        write_table(path, rows)


if __name__ == "__main__":
    main()
