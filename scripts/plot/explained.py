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
from monosem.figures.style import save, theme
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table, value_of


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ways", type=Path, required=True, help="table of compare_baselines.py (.tsv)")
    parser.add_argument("--record", type=Path, required=True, help="its record (.json)")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    record = read_json(args.record)
    n_tokens, model = (value_of(record, name, args.record) for name in ("n_tokens", "model"))
    with theme():
        figure, data = explained(read_table(args.ways, COLUMNS), n_tokens, model)
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
