#!/usr/bin/env python3
"""Draw what the text is made of: of each category its share of the tokens, and how many documents it comes from.

Bars are shares, of the text to train on and of that held out. Points are effective numbers of documents: of as many
equally long ones a mean would vary as much. Writes an SVG, and the numbers in it as a table.

Example:
  python scripts/plot/text.py --table results/tokens/text.tsv \\
      --output results/figures/text.svg --output-data results/figures/text.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.script import Drawn, file, plot
from monosem.figures.text import text
from monosem.ground.records import read_table

COLUMNS = ["split", "category", "tokens", "share", "documents", "effective_documents"]
FLAGS = {"table": file("table of measure_text.py")}


def draw(args: argparse.Namespace) -> Drawn:
    return text(read_table(args.table, COLUMNS))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
