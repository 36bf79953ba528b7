#!/usr/bin/env python3
"""Draw how often features fire: one histogram of log10 density a dictionary.

The density of a feature is the share of held-out tokens on which it is active. A heap on the right (over 1 %, -2 on
this axis) says that the sparsity penalty is too low; features that never fired are counted in the label, since their
logarithm has no place on the axis. Writes an SVG, and the numbers in it as a table.

Example:
  python scripts/plot/density.py --eval results/A/mlp_post/relu-w{512,2048}/eval.json \\
      --features results/A/mlp_post/relu-w{512,2048}/features.parquet \\
      --output results/figures/density.svg --output-data results/figures/density.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.histograms import densities
from monosem.figures.style import save, theme
from monosem.ground.records import DENSITY_TOKENS, FEATURE_COLUMNS, read_records, read_tables, value_of


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--eval", type=Path, nargs="+", required=True, help="eval.json, names each dictionary")
    parser.add_argument("--features", type=Path, nargs="+", required=True, help="features.parquet, in the same order")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    features = read_tables(args.features, args.eval, FEATURE_COLUMNS)
    tokens = {run: value_of(record, DENSITY_TOKENS, run) for run, record in read_records(args.eval).items()}
    with theme():
        figure, data = densities(features, tokens)
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
