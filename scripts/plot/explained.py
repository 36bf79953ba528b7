#!/usr/bin/env python3
"""Draw how much of the loss dictionaries recover beside ways to keep as few numbers that need no dictionary.

Each mark is one way to replace the activations of the MLP, at the numbers it uses a token: features that fire,
components or neurons kept, units of a small MLP that are active. Up and to the left is better. Dashed lines are the
paper's values. Writes an SVG, and the numbers in it as a table.

Example:
  python scripts/plot/explained.py --ways results/investigations/explained/ways.tsv \\
      --record results/investigations/explained/explained.json \\
      --output results/figures/explained.svg --output-data results/figures/explained.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.explained import COLUMNS, explained
from monosem.figures.script import Drawn, file, plot
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table, value_of

FLAGS = {
    "ways": file("table of compare_baselines.py (.tsv)"),
    "record": file("its record (.json)"),
}


def draw(args: argparse.Namespace) -> Drawn:
    record = read_json(args.record)
    n_tokens, model = (value_of(record, name, args.record) for name in ("n_tokens", "model"))
    return explained(read_table(args.ways, COLUMNS), n_tokens, model)


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
