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
from monosem.figures.script import Drawn, files, plot
from monosem.ground.records import DENSITY_TOKENS, FEATURE_COLUMNS, read_tables, values_by_run

FLAGS = {
    "eval": files("eval.json, names each dictionary"),
    "features": files("features.parquet, in the same order"),
}


def draw(args: argparse.Namespace) -> Drawn:
    features = read_tables(args.features, args.eval, FEATURE_COLUMNS)
    return densities(features, values_by_run(args.eval, DENSITY_TOKENS))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
