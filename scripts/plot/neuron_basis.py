#!/usr/bin/env python3
"""Draw how many neurons each feature is spread over, and how near the nearest neuron is.

A feature that is a neuron lies at 1 in both panels. The shares that the paper prints (of a replication) stand beside
those found here; the dashed line is where random directions would lie. Writes an SVG, and its numbers as a table.

Example:
  python scripts/plot/neuron_basis.py --features results/investigations/geometry/features.parquet \\
      --record results/investigations/geometry/geometry.json \\
      --output results/figures/neuron_basis.svg --output-data results/figures/neuron_basis.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.script import Drawn, file, plot
from monosem.figures.units import neuron_basis
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table

COLUMNS = ["dictionary", "trained", "feature", "status", "neurons", "top_weight"]
FLAGS = {
    "features": file("table of measure_geometry.py"),
    "record": file("its record"),
}


def draw(args: argparse.Namespace) -> Drawn:
    return neuron_basis(read_table(args.features, COLUMNS), read_json(args.record))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
