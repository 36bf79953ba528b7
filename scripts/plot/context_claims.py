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
from monosem.figures.style import save, theme
from monosem.ground.artefacts import read_json


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", type=Path, required=True, help="contexts.json of measure_contexts.py")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    with theme():
        figure, data = all_claims(read_json(args.record))
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
