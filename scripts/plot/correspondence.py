#!/usr/bin/env python3
"""Draw how much of a dictionary others have when each feature is given a partner of its own, and which features.

Upper left: the share of features whose partner correlates at least so much, for another seed of the same dictionary
(the most that can be expected), another model, and a model with shuffled weights. Upper right: how alike partners are
in the tokens they promote. Below: what features are like that the other model has. Stars are the paper's values. Writes
an SVG, and the numbers in it as a table.

Example:
  cd results/investigations/correspondence; python ../../../scripts/plot/correspondence.py --pairs pairs.parquet \\
      --features features.tsv --record correspondence.json --output pairs.svg --output-data pairs.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.correspondence import FEATURE_COLUMNS, PAIR_COLUMNS, correspondence
from monosem.figures.script import Drawn, file, plot
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table

FLAGS = {
    "pairs": file("pairs of pair_features.py (.parquet)"),
    "features": file("its table of features (.tsv)"),
    "record": file("its record (.json)"),
}


def draw(args: argparse.Namespace) -> Drawn:
    pairs, features = read_table(args.pairs, PAIR_COLUMNS), read_table(args.features, FEATURE_COLUMNS)
    return correspondence(pairs, features, read_json(args.record))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
