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
from monosem.figures.script import Drawn, files, plot
from monosem.ground.records import read_records

FLAGS = {
    "eval": files("eval.json of each dictionary"),
    "sae": files("sae.json of each dictionary"),
}


def draw(args: argparse.Namespace) -> Drawn:
    return pareto(pareto_points(read_records(args.eval), read_records(args.sae)))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
