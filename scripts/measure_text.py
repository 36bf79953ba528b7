#!/usr/bin/env python3
"""Count what the packed text is made of: tokens and documents of each category, to train on and held out.

Error bars are over documents, so their number says how far a result can be trusted; of documents of unequal length the
effective number, which is lower, does. Of a large store the first ten million tokens are counted.

Example:
  python scripts/measure_text.py --train results/tokens/train.zarr --val results/tokens/val.zarr \\
      --output results/tokens/text.tsv --output-record results/tokens/text.json
"""

import argparse

import pandas as pd

from monosem.ground.artefacts import write_record, write_table
from monosem.ground.flags import FILE, parser_of
from monosem.text.shares import document_sizes, shares


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--train", **FILE, help="training token store (.zarr)")
    parser.add_argument("--val", **FILE, help="held-out token store (.zarr)")
    parser.add_argument("--output", **FILE, help="a row a split and category (.tsv)")
    parser.add_argument("--output-record", **FILE, help="the same by split (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    splits = {split: shares(document_sizes(getattr(args, split))) for split in ("train", "val")}
    rows = [{"split": split, **row} for split, found in splits.items() for row in found]
    write_table(args.output, pd.DataFrame(rows))
    records = [path.with_suffix(".json") for path in (args.train, args.val)]
    write_record(args.output_record, splits, args=args, inputs=records)


if __name__ == "__main__":
    main()
