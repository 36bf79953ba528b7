#!/usr/bin/env python3
"""Draw how much of a dictionary others have when each feature is given a partner of its own, and which features.

Upper left: the share of features whose partner correlates at least so much, for another seed of the same dictionary
(the most that can be expected), another model, and a model with shuffled weights. Upper right: how alike partners are
in the tokens they promote. Below: what features are like that the other model has. Stars are the paper's values. Writes
an SVG, and the numbers in it as a table.

Example:
  cd results/investigations/correspondence; python ../../../scripts/plot_correspondence.py --pairs pairs.parquet \\
      --features features.tsv --record correspondence.json --output pairs.svg --output-data pairs.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.correspondence import FEATURE_COLUMNS, PAIR_COLUMNS, correspondence
from monosem.figures.style import save, theme
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, required=True, help="pairs of pair_features.py (.parquet)")
    parser.add_argument("--features", type=Path, required=True, help="its table of features (.tsv)")
    parser.add_argument("--record", type=Path, required=True, help="its record (.json)")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    pairs, features = read_table(args.pairs, PAIR_COLUMNS), read_table(args.features, FEATURE_COLUMNS)
    with theme():
        figure, data = correspondence(pairs, features, read_json(args.record))
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
