#!/usr/bin/env python3
"""Draw how the dictionaries trained: active features a token (L0) and reconstruction error against vectors seen.

A good run ends with few active features and a small error; an L0 that still falls at the end asks for more vectors.
Writes an SVG, and the numbers in it as a table.

Example:
  python scripts/plot/dictionary_training.py --eval results/A/mlp_post/relu-w{512,2048}/eval.json \\
      --train results/A/mlp_post/relu-w{512,2048}/train.tsv \\
      --output results/figures/dictionary_training.svg --output-data results/figures/dictionary_training.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.lines import dictionary_training
from monosem.figures.script import Drawn, files, plot
from monosem.ground.records import SAE_COLUMNS, read_tables

FLAGS = {
    "eval": files("eval.json, names each dictionary"),
    "train": files("train.tsv beside each --eval, in order"),
}


def draw(args: argparse.Namespace) -> Drawn:
    return dictionary_training(read_tables(args.train, args.eval, SAE_COLUMNS))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
