#!/usr/bin/env python3
"""Draw the family trees of features that fire mostly on one thing, from a narrow dictionary to wide ones.

A line joins a feature to its parent, the feature of the next narrower dictionary that fires most alike; the thicker,
the more alike. Writes an SVG, and the features in it as a table.

Example:
  I=results/investigations/splitting; python scripts/plot/families.py --record $I/splitting.json \\
      --families $I/families.parquet --output results/figures/families.svg --output-data results/figures/families.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.families import families
from monosem.figures.script import Drawn, file, plot
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table

COLUMNS = ["dictionary", "feature", "n_active", "parent", "parent_cosine", "top_tokens", "category", "category_share"]
COLUMNS += ["groups"]
FLAGS = {
    "record": file("splitting.json of split_features.py"),
    "families": file("families.parquet beside it"),
}


def draw(args: argparse.Namespace) -> Drawn:
    return families(read_table(args.families, COLUMNS), read_json(args.record))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
