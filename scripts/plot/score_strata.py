#!/usr/bin/env python3
"""Draw median interpretability scores by how often features fire, and by the width of their dictionary.

Dictionaries differ in how often their features fire, and that alone moves scores; features, neurons, and random
directions that fire equally often are set side by side. Bars are 95 % bootstrap intervals. Writes an SVG, and the
numbers in it as a table.

Example:
  python scripts/plot/score_strata.py --estimates results/autointerp/estimates.tsv --headline relu-w2048 \\
      --output results/figures/score_strata.svg --output-data results/figures/score_strata.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.script import Drawn, file, plot
from monosem.figures.strata import scores_by_stratum
from monosem.ground.records import ESTIMATE_COLUMNS, read_table

FLAGS = {
    "estimates": file("estimates.tsv of compare_scores.py"),
    "headline": {"required": True, "help": "dictionary that is shown by density"},
}


def draw(args: argparse.Namespace) -> Drawn:
    return scores_by_stratum(read_table(args.estimates, ESTIMATE_COLUMNS), args.headline)


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
