#!/usr/bin/env python3
"""Read raters' CSV files back, join them with the key of the page, and report medians and agreement.

For each dictionary: quartiles of the total over its rated intervals (0 to 14; an interval that several people rated
counts once, with their mean), and the share over 8, which the paper calls quite interpretable. For the raters:
Krippendorff's alpha (interval data) of the total and of each part, over the items that at least two of them rated; null
where there is none. Ratings with a part missing are counted and left out.

Example:
  python scripts/collect_ratings.py --key results/rating/key.json --ratings ratings-ada.csv ratings-bob.csv \\
      --output results/rating/ratings.tsv --output-record results/rating/ratings.json
"""

import argparse

from monosem.ground.artefacts import read_json, write_record, write_table
from monosem.ground.flags import FILE, FILES, parser_of
from monosem.ground.records import value_of
from monosem.pages.rating.ratings import join, read_ratings, summary


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--key", **FILE, help="key.json, written beside the page that was rated")
    parser.add_argument("--ratings", **FILES, help="files that raters exported (.csv)")
    parser.add_argument("--output", **FILE, help="all ratings, a row each, unblinded (.tsv)")
    parser.add_argument("--output-record", **FILE, help="medians and agreement (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    key = read_json(args.key)
    key = {name: value_of(key, name, args.key) for name in ("page", "items")}
    ratings = join([read_ratings(path, key) for path in args.ratings], key)
    write_table(args.output, ratings, digits=None)
    fields = {"page": key["page"], **summary(ratings)}
    write_record(args.output_record, fields, args=args)
    medians = ", ".join(f"{run} {found['median']:g} (n {found['n']})" for run, found in fields["runs"].items())
    print(f"medians of 14: {medians or 'none'}; alpha {fields['krippendorff_alpha']['total']}: {args.output_record}")


if __name__ == "__main__":
    main()
