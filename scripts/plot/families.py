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
from monosem.figures.style import save, theme
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table

COLUMNS = ["dictionary", "feature", "n_active", "parent", "parent_cosine", "top_tokens", "category", "category_share"]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", type=Path, required=True, help="splitting.json of split_features.py")
    parser.add_argument("--families", type=Path, required=True, help="families.parquet beside it")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its features (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    with theme():
        figure, data = families(read_table(args.families, [*COLUMNS, "groups"]), read_json(args.record))
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
