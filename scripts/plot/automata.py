#!/usr/bin/env python3
"""Draw the finite state automata that features make: self-loops, pairs and chains.

A box is a feature: its number, the category of text that most of its activation is in, the tokens it fires on most and
the tokens whose logits it raises most. An arrow is a step to the next token: the share of steps from the first feature
after which the second fires, and how many times the usual that is. Of each kind the most lifted are drawn, of chains
those of four features or more first, each from another category. Writes an SVG, and what it shows as a table.

Example:
  D=results/investigations/automata; python scripts/plot/automata.py --record $D/automata.json \\
      --automata $D/automata.parquet --states $D/states.parquet --output results/figures/automata.svg \\
      --output-data results/figures/automata.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.automata import automata_figure
from monosem.figures.style import save, theme
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table

AUTOMATA = ["kind", "features", "probabilities", "lifts", "count", "lift"]
STATES = ["feature", "density", "category", "category_share", "fires_on", "promotes"]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", type=Path, required=True, help="automata.json of find_automata.py")
    parser.add_argument("--automata", type=Path, required=True, help="its automata.parquet")
    parser.add_argument("--states", type=Path, required=True, help="its states.parquet")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    record = read_json(args.record)
    where = "/".join(record[name] for name in ("model", "site", "dictionary"))
    counts = ", ".join(f"{record[f'n_{name}s']:,} {name.replace('_', '-')}s" for name in ("self_loop", "pair", "chain"))
    title = f"Features that lead to features: {counts} in {record['n_tokens']:,} tokens, {where}"
    with theme():
        figure, data = automata_figure(read_table(args.automata, AUTOMATA), read_table(args.states, STATES), title)
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
