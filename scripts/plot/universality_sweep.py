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
from monosem.figures.style import save, theme
from monosem.ground.artefacts import read_json


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=Path, nargs="+", required=True, help=".json of each comparison")
    parser.add_argument("--at", type=float, nargs="+", required=True, help="what differs in each, in the same order")
    parser.add_argument("--axis", required=True, help="what that is, as the axis names it")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    args = parser.parse_args(argv)
    if len(args.at) != len(args.records):
        parser.error(f"--at: {len(args.at)} values of {len(args.records)} records; one each expected")
    return args


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    with theme():
        figure, data = sweep([read_json(path) for path in args.records], args.at, args.axis)
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
