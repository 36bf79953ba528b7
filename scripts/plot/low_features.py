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

from monosem.figures.clusters import low_features
from monosem.figures.style import save, theme
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
    columns = ["dictionary", "trained", "feature", "status", "density", "bias", "enc_dec_cosine", "weak_load"]
    record = read_json(args.record)
    with theme():
        figure, data = low_features(read_table(args.features, columns), record, record["flags"]["weak"])
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
