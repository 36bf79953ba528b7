#!/usr/bin/env python3
"""Draw the map of features of all widths: coloured by dictionary, and with features of one thing picked out.

Places are those of map_features.py, whose page shows the same map to look around in. Writes an SVG, and the places as
a table.

Example:
  I=results/investigations; python scripts/plot/feature_map.py --map $I/feature_map/map.parquet \\
      --record $I/feature_map/feature_map.json \\
      --output results/figures/feature_map.svg --output-data results/figures/feature_map.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.families import feature_map
from monosem.figures.script import Drawn, file, plot
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table

COLUMNS = ["dictionary", "feature", "x", "y", "cluster", "groups"]
FLAGS = {
    "map": file("map.parquet of map_features.py"),
    "record": file("feature_map.json beside it"),
}


def draw(args: argparse.Namespace) -> Drawn:
    return feature_map(read_table(args.map, COLUMNS), read_json(args.record))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
