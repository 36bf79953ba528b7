#!/usr/bin/env python3
"""Draw the features that follow the paper's four contexts: Arabic, Hebrew, DNA and base64, as far as they occur.

On the left how strongly a feature is active on tokens within its context and on others: a specific feature's strong
activations are all within. On the right the logit weights it gives to the context's tokens and to others: a feature
that matters downstream makes the former likelier. Writes an SVG, and the numbers in it as a table.

Example:
  F=results/investigations/contexts; python scripts/plot/contexts.py --record $F/contexts.json \\
      --histograms $F/histograms.tsv --output results/figures/contexts.svg --output-data results/figures/contexts.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.contexts import cases
from monosem.figures.style import save, theme
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table
from monosem.investigations.context_claims import HISTOGRAM_COLUMNS


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", type=Path, required=True, help="contexts.json of measure_contexts.py")
    parser.add_argument("--histograms", type=Path, required=True, help="histograms.tsv of measure_contexts.py")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    record, histograms = read_json(args.record), read_table(args.histograms, HISTOGRAM_COLUMNS)
    with theme():
        figure, data = cases(record, histograms)
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
