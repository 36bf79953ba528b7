#!/usr/bin/env python3
"""Draw how the features of a narrow dictionary become several in wider ones, in numbers.

Left: how many features fire mostly on one thing (base64, the word "the") in dictionaries of growing width; dashed, the
paper's. Right: how many kin each feature of the narrowest dictionary has in the widest, and how many it would have by
chance. Writes an SVG, and the numbers in it as a table.

Example:
  python scripts/plot/splitting.py --record results/investigations/splitting/splitting.json \\
      --output results/figures/splitting.svg --output-data results/figures/splitting.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.splitting import splitting
from monosem.figures.style import save, theme
from monosem.ground.artefacts import read_json


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", type=Path, required=True, help="splitting.json of split_features.py")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    with theme():
        figure, data = splitting(read_json(args.record))
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
