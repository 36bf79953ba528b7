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
from monosem.figures.script import Drawn, file, plot
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table
from monosem.investigations.context_claims import HISTOGRAM_COLUMNS

FLAGS = {
    "record": file("contexts.json of measure_contexts.py"),
    "histograms": file("histograms.tsv of measure_contexts.py"),
}


def draw(args: argparse.Namespace) -> Drawn:
    return cases(read_json(args.record), read_table(args.histograms, HISTOGRAM_COLUMNS))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
