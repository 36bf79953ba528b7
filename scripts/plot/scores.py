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
from monosem.figures.script import Drawn, files, plot
from monosem.ground.records import SCORE_COLUMNS, read_tables

FLAGS = {
    "scores": files("scores.json, names each dictionary"),
    "tables": files("scores.parquet, in the same order"),
}


def draw(args: argparse.Namespace) -> Drawn:
    return scores(read_tables(args.tables, args.scores, SCORE_COLUMNS))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
