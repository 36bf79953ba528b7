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

from monosem.figures.script import Drawn, file, plot
from monosem.figures.splitting import splitting
from monosem.ground.artefacts import read_json

FLAGS = {
    "record": file("splitting.json of split_features.py"),
}


def draw(args: argparse.Namespace) -> Drawn:
    return splitting(read_json(args.record))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
