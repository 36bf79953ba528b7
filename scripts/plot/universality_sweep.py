#!/usr/bin/env python3
"""Draw how closely features of one model are found again in another, by the width or the training of dictionaries.

Each --records is a comparison of two dictionaries that differ from the others' in one thing, whose value is the --at at
the same place. Drawn are the correlations of features with their best matches, as match_features.py finds them: the
median and the middle half, and the share that reaches 0.7. The dashed line is the paper's median. Writes an SVG, and
the numbers in it as a table.

Example:
  python scripts/plot/universality_sweep.py --records results/universality/mlp_post/relu-w{512,2048,4096}.json \\
      --at 512 2048 4096 --axis "features of the dictionary" \\
      --output results/figures/universality_by_width.svg --output-data results/figures/universality_by_width.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.correspondence import sweep
from monosem.figures.script import Drawn, files, plot
from monosem.ground.artefacts import read_json

FLAGS = {
    "records": files(".json of each comparison"),
    "at": {"type": float, "nargs": "+", "required": True, "help": "what differs in each, in the same order"},
    "axis": {"required": True, "help": "what that is, as the axis names it"},
}


def draw(args: argparse.Namespace) -> Drawn:
    if len(args.at) != len(args.records):
        raise ValueError(f"--at: {len(args.at)} values of {len(args.records)} records; give one each")
    return sweep([read_json(path) for path in args.records], args.at, args.axis)


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
