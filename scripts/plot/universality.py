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
from monosem.figures.script import Drawn, files, plot
from monosem.ground.records import MATCH_COLUMNS, read_tables, values_by_run

FLAGS = {
    "records": files(".json of each comparison"),
    "matches": files(".parquet, in the same order"),
}


def draw(args: argparse.Namespace) -> Drawn:
    matches = read_tables(args.matches, args.records, MATCH_COLUMNS)
    return universality(matches, values_by_run(args.records, "n_tokens"))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
