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
from monosem.figures.script import Drawn, file, plot
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table, run_of

AUTOMATA = ["kind", "features", "probabilities", "lifts", "count", "lift"]
STATES = ["feature", "density", "category", "category_share", "fires_on", "promotes"]
FLAGS = {
    "record": file("automata.json of find_automata.py"),
    "automata": file("its automata.parquet"),
    "states": file("its states.parquet"),
}


def draw(args: argparse.Namespace) -> Drawn:
    record = read_json(args.record)
    counts = ", ".join(f"{record[f'n_{name}s']:,} {name.replace('_', '-')}s" for name in ("self_loop", "pair", "chain"))
    title = f"Features that lead to features: {counts} in {record['n_tokens']:,} tokens, {run_of(record, args.record)}"
    return automata_figure(read_table(args.automata, AUTOMATA), read_table(args.states, STATES), title)


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
