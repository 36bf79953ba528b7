#!/usr/bin/env python3
"""Draw how closely features of model A correspond to features of model B, and neurons to neurons.

Each feature of A is matched with the feature of B that fires most alike on held-out text. The histograms show those
best correlations, and below them how alike the matched features are in the tokens they promote (logit weights). Dashed
lines are the paper's medians. Writes an SVG, and the numbers in it as a table.

Example:
  python scripts/plot/universality.py --records results/universality/mlp_post/{relu-w2048,neurons}.json \\
      --matches results/universality/mlp_post/{relu-w2048,neurons}.parquet \\
      --output results/figures/universality.svg --output-data results/figures/universality.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.histograms import universality
from monosem.figures.style import save, theme
from monosem.ground.records import MATCH_COLUMNS, read_records, read_tables, value_of


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=Path, nargs="+", required=True, help=".json of each comparison")
    parser.add_argument("--matches", type=Path, nargs="+", required=True, help=".parquet, in the same order")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    matches = read_tables(args.matches, args.records, MATCH_COLUMNS)
    tokens = {run: value_of(record, "n_tokens", run) for run, record in read_records(args.records).items()}
    with theme():
        figure, data = universality(matches, tokens)
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
