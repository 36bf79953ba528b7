#!/usr/bin/env python3
"""Draw what sets features that never fire apart: encoder bias, encoder and decoder, weak neurons.

Each point is a feature, further right the more often it fires. The number over a panel is the chance that of a
feature that never fires and one that does, the first is on its side of the other: 0.5 tells nothing, 1 everything. With
a dictionary trained without pre-encoder bias there is a second row. Writes an SVG, and the numbers in it as a table.

Example:
  python scripts/plot/low_features.py --features results/investigations/geometry/features.parquet \\
      --record results/investigations/geometry/geometry.json \\
      --output results/figures/low_features.svg --output-data results/figures/low_features.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.low_features import low_features
from monosem.figures.script import Drawn, file, plot
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table

COLUMNS = ["dictionary", "trained", "feature", "status", "density", "bias", "enc_dec_cosine", "weak_load"]
FLAGS = {
    "features": file("table of measure_geometry.py"),
    "record": file("its record"),
}


def draw(args: argparse.Namespace) -> Drawn:
    record = read_json(args.record)
    return low_features(read_table(args.features, COLUMNS), record, record["flags"]["weak"])


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
