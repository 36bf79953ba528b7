#!/usr/bin/env python3
"""Draw how well explanations predict activations: one histogram of interpretability scores a dictionary.

Give the features of model A, its neurons, and the features of the control (model A with shuffled weights). A feature
whose score is undefined is not drawn, but counted in the label. Writes an SVG, and the numbers in it as a table.

Example (in bash):
  A=results/A/mlp_post; C=results/control/mlp_post
  python scripts/plot/scores.py --scores {$A/relu-w2048,$A/neurons,$C/relu-w2048}/autointerp/scores.json \\
      --tables {$A/relu-w2048,$A/neurons,$C/relu-w2048}/autointerp/scores.parquet \\
      --output results/figures/scores.svg --output-data results/figures/scores.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.histograms import scores
from monosem.figures.style import save, theme
from monosem.ground.records import SCORE_COLUMNS, read_tables


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scores", type=Path, nargs="+", required=True, help="scores.json, names each dictionary")
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="scores.parquet, in the same order")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    table = read_tables(args.tables, args.scores, SCORE_COLUMNS)
    with theme():
        figure, data = scores(table)
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
