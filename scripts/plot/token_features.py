#!/usr/bin/env python3
"""Draw how many features follow one token, by the width of their dictionary.

Left: the share of single-token features as the paper defines them, and of features that mostly follow one token, at
most of its occurrences or in some contexts only. Right: how many features the most common tokens have. Writes an SVG,
and the numbers in it as a table.

Example:
  python scripts/plot/token_features.py --common results/investigations/tokens/common.tsv \\
      --record results/investigations/tokens/tokens.json \\
      --output results/figures/token_features.svg --output-data results/figures/token_features.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.style import save, theme
from monosem.figures.token_features import token_features
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--common", type=Path, required=True, help="common tokens, of count_token_features.py")
    parser.add_argument("--record", type=Path, required=True, help="its record")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    columns = ["dictionary", "width", "token", "text", "n_features", "n_in_context"]
    with theme():
        figure, data = token_features(read_table(args.common, columns), read_json(args.record))
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
