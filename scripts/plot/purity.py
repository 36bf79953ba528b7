#!/usr/bin/env python3
"""Draw how mixed the text is on which features are active, and on which neurons are.

Entropy in bits of the document category (left) and of the token (right) of a unit's active tokens; further left is
purer. Neurons fire more often than features, so they are shown on their strongest tokens as well, and random directions
show what rarity alone does. The dashed line is that of all text. Writes an SVG, and the numbers in it as a table.

Example:
  python scripts/plot/purity.py --units results/investigations/purity/units.parquet \\
      --record results/investigations/purity/purity.json \\
      --output results/figures/purity.svg --output-data results/figures/purity.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.script import Drawn, file, plot
from monosem.figures.units import purity
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table

COLUMNS = ["kind", "feature", "n_active", "category_bits", "token_bits", "top_category", "top_category_share"]
FLAGS = {
    "units": file("table of measure_purity.py"),
    "record": file("its record"),
}


def draw(args: argparse.Namespace) -> Drawn:
    return purity(read_table(args.units, COLUMNS), read_json(args.record))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
