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

from monosem.figures.style import save, theme
from monosem.figures.units import purity
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--units", type=Path, required=True, help="table of measure_purity.py")
    parser.add_argument("--record", type=Path, required=True, help="its record")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    columns = ["kind", "feature", "n_active", "category_bits", "token_bits", "top_category", "top_category_share"]
    with theme():
        figure, data = purity(read_table(args.units, columns), read_json(args.record))
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
