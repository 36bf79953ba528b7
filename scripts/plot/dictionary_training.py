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
from monosem.figures.style import save, theme
from monosem.ground.records import SAE_COLUMNS, read_tables


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--eval", type=Path, nargs="+", required=True, help="eval.json, names each dictionary")
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="train.tsv beside each --eval, in order")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    curves = read_tables(args.train, args.eval, SAE_COLUMNS)
    with theme():
        figure, data = dictionary_training(curves)
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
