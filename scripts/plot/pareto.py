#!/usr/bin/env python3
"""Draw what sparsity costs: the share of the loss that each dictionary recovers against its active features a token.

Loss recovered is 1 when the model predicts as well from the dictionary's reconstruction as from the true activations,
and 0 when it predicts no better than with its MLP zero-ablated (the activations after the ReLU set to 0, the MLP's
output bias kept). Up and to the left is better. Dashed lines are the paper's values. One colour is one architecture and
width, and a line joins what differs in penalty only. Writes an SVG, and the numbers in it as a table.

Example:
  python scripts/plot/pareto.py --eval results/{A,B}/mlp_post/relu-w{512,2048}/eval.json \\
      --sae results/{A,B}/mlp_post/relu-w{512,2048}/sae.json \\
      --output results/figures/pareto.svg --output-data results/figures/pareto.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.lines import pareto, pareto_points
from monosem.figures.style import save, theme
from monosem.ground.records import read_records


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--eval", type=Path, nargs="+", required=True, help="eval.json of each dictionary")
    parser.add_argument("--sae", type=Path, nargs="+", required=True, help="sae.json of each dictionary")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    points = pareto_points(read_records(args.eval), read_records(args.sae))
    with theme():
        figure, data = pareto(points)
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
