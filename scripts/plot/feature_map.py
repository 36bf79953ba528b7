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
from monosem.figures.style import save, theme
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--map", type=Path, required=True, help="map.parquet of map_features.py")
    parser.add_argument("--record", type=Path, required=True, help="feature_map.json beside it")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its places (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    table = read_table(args.map, ["dictionary", "feature", "x", "y", "cluster", "groups"])
    with theme():
        figure, data = feature_map(table, read_json(args.record))
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
