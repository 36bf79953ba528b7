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
from monosem.figures.style import save, theme
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table, value_of

COLUMNS = ["pinned", "multiple", "context", "share", "share_error", "n_tokens", "perplexity"]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", type=Path, required=True, help="steering.json of steer_features.py")
    parser.add_argument("--table", type=Path, required=True, help="its steering.tsv")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    record, table = read_json(args.record), read_table(args.table, COLUMNS)
    table = table.assign(pinned=table["pinned"].fillna("").astype(str))
    where = "/".join(record[name] for name in ("model", "site", "dictionary"))
    with theme():
        start, n_texts = (value_of(record, name, args.record) for name in ("flags.prefix", "n_texts"))
        figure, data = steering(table, n_texts, where, start)
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
