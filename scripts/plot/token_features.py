#!/usr/bin/env python3
"""Draw how many features follow one token, by the width of their dictionary.

Left: the share of single-token features as the paper defines them, and of features that mostly follow one token, at
most of its occurrences or in some contexts only. Right: how many features the most common tokens have. Writes an SVG,
and the numbers in it as a table.

Example:
  python scripts/plot/token_features.py --common results/investigations/tokens/common.tsv \\
      --record results/investigations/tokens/tokens.json \\
      --output results/figures/token_features.svg --output-data results/figures/token_features.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.script import Drawn, file, plot
from monosem.figures.token_features import token_features
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table

COLUMNS = ["dictionary", "width", "token", "text", "n_features", "n_in_context"]
FLAGS = {
    "common": file("common tokens, of count_token_features.py"),
    "record": file("its record"),
}


def draw(args: argparse.Namespace) -> Drawn:
    return token_features(read_table(args.common, COLUMNS), read_json(args.record))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
