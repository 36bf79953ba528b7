#!/usr/bin/env python3
"""Draw what the paper claims of features that follow a context, one row a context, beside the paper's values.

Sensitive: its activation correlates with the context. Specific: where it is active, text is in the context. No neuron:
no neuron is active on the same tokens. Universal: the other model has such a feature too. Felt downstream: the
context's tokens have higher logit weights than others. Writes an SVG, and the numbers in it as a table.

Example:
  python scripts/plot/context_claims.py --record results/investigations/contexts/contexts.json \\
      --output results/figures/context_claims.svg --output-data results/figures/context_claims.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.contexts import all_claims
from monosem.figures.script import Drawn, file, plot
from monosem.ground.artefacts import read_json

FLAGS = {
    "record": file("contexts.json of measure_contexts.py"),
}


def draw(args: argparse.Namespace) -> Drawn:
    return all_claims(read_json(args.record))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
