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

from monosem.figures.style import save, theme
from monosem.figures.units import neuron_basis
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--features", type=Path, required=True, help="table of measure_geometry.py")
    parser.add_argument("--record", type=Path, required=True, help="its record")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    columns = ["dictionary", "trained", "feature", "status", "neurons", "top_weight"]
    with theme():
        figure, data = neuron_basis(read_table(args.features, columns), read_json(args.record))
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
