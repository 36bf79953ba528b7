#!/usr/bin/env python3
"""Draw median interpretability scores by how often features fire, and by the width of their dictionary.

Dictionaries differ in how often their features fire, and that alone moves scores; features, neurons, and random
directions that fire equally often are set side by side. Bars are 95 % bootstrap intervals. Writes an SVG, and the
numbers in it as a table.

Example:
  python scripts/plot/score_strata.py --estimates results/autointerp/estimates.tsv --headline relu-w2048 \\
      --output results/figures/score_strata.svg --output-data results/figures/score_strata.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.strata import scores_by_stratum
from monosem.figures.style import save, theme
from monosem.ground.records import ESTIMATE_COLUMNS, read_table


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--estimates", type=Path, required=True, help="estimates.tsv of compare_scores.py")
    parser.add_argument("--headline", required=True, help="dictionary that is shown by density")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    estimates = read_table(args.estimates, ESTIMATE_COLUMNS)
    with theme():
        figure, data = scores_by_stratum(estimates, args.headline)
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
