#!/usr/bin/env python3
"""Draw how text turns to a context when its feature is pinned while the model writes.

Left, the share of the written tokens in the context against how high its feature is pinned, in multiples of the highest
activation observed; in the middle what that costs, the perplexity of the text for the model left alone; right, at the
paper's multiple of 1, the share in every context under every feature. Writes an SVG, and the numbers in it as a table.

Example:
  D=results/investigations/steering; python scripts/plot/steering.py --record $D/steering.json \\
      --table $D/steering.tsv --output results/figures/steering.svg --output-data results/figures/steering.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.effects import steering
from monosem.figures.script import Drawn, file, plot
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table, run_of, value_of

COLUMNS = ["pinned", "multiple", "context", "share", "share_error", "n_tokens", "perplexity"]
FLAGS = {
    "record": file("steering.json of steer_features.py"),
    "table": file("its steering.tsv"),
}


def draw(args: argparse.Namespace) -> Drawn:
    record, table = read_json(args.record), read_table(args.table, COLUMNS)
    table = table.assign(pinned=table["pinned"].fillna("").astype(str))
    start, n_texts = (value_of(record, name, args.record) for name in ("flags.prefix", "n_texts"))
    return steering(table, n_texts, str(run_of(record, args.record)), start)


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
