#!/usr/bin/env python3
"""Find what becomes of a dictionary's features in wider dictionaries: which split, and into what.

In the paper one base64 feature of the narrowest dictionary becomes three in a wider one and many in the next. Here all
dictionaries are compared on the same held-out tokens: two features are kin when the masked cosine of their activations
(over the tokens where one of them is active, the larger of the two) exceeds --min-cosine. A feature's closest kin in
the next narrower dictionary is its parent, which makes trees. Features active on fewer than --min-active tokens are
left out. How many kin arise by chance is measured too: with the tokens of one dictionary shifted by half of the text;
and how many other kin a feature of the narrowest dictionary has within its own, where nothing has split.

A feature is in a group when more than --group-share of its activation falls on a category of text or on a word.

Example:
  S=results/A/mlp_post; python scripts/split_features.py --codes $S/relu-w{512,2048,4096}/codes.safetensors \\
    --records $S/relu-w{512,2048,4096}/codes.json --tokens results/tokens/val.zarr \\
    --tokenizer results/tokens/tokenizer.json --min-cosine 0.4 --min-active 100 \\
    --group-share 0.5 --categories base64 --words the \\
    --output-kin kin.parquet --output-families families.parquet --output-record splitting.json

Output: kin.parquet, one row a pair of kin; families.parquet, one row a feature: parent (-1: none), root, numbers of
kin and children, what it fires on, its groups; and a record with counts by width.
"""

import argparse

from monosem.ground.artefacts import write_record, write_table
from monosem.ground.flags import FILE, FILES, parser_of
from monosem.investigations.families import family_table, kinship
from monosem.investigations.masked_cosine import activity
from monosem.investigations.named_groups import named_groups
from monosem.investigations.splitting import describe, read_sweep, record_of
from monosem.measures.codes import read_held_out
from monosem.text.tokenizer import load_vocabulary

NAME = "splitting"


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--codes", **FILES, help="activations of each dictionary")
    parser.add_argument("--records", **FILES, help="their codes.json, in the same order")
    parser.add_argument("--tokens", **FILE, help="held-out tokens (val.zarr, val.json beside it)")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json")
    parser.add_argument("--min-cosine", type=float, required=True, help="of kin (paper: about 0.4)")
    parser.add_argument("--min-active", type=int, required=True, help="fewest active tokens of a feature")
    parser.add_argument("--group-share", type=float, required=True, help="of activation that makes a group's feature")
    parser.add_argument("--categories", nargs="*", required=True, help="categories of text that make a group each")
    parser.add_argument("--words", nargs="*", required=True, help="words that make a group each")
    parser.add_argument("--output-kin", **FILE, help="pairs of kin (.parquet)")
    parser.add_argument("--output-families", **FILE, help="features and their parents (.parquet)")
    parser.add_argument("--output-record", **FILE, help="counts (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    if not 0 < args.min_cosine < 1 or not 0 < args.group_share < 1 or args.min_active < 1:
        raise ValueError(
            f"--min-cosine {args.min_cosine}, --group-share {args.group_share}, --min-active {args.min_active}: the "
            "first two between 0 and 1, the last at least 1 expected"
        )
    text = read_held_out(args.tokens, args.records[0])
    sweep = read_sweep(args.codes, args.records, text)
    vocabulary = load_vocabulary(args.tokenizer)
    groups = named_groups(args.categories, args.words, text, vocabulary)
    activities = {name: activity(member.codes, args.min_active) for name, member in sweep.items()}
    pairs = kinship(activities, args.min_cosine)
    table = describe(family_table(activities, pairs), sweep, text, vocabulary, groups, args.group_share)
    fields = {"investigation": NAME, **record_of(table, pairs, activities, sweep, groups, args.min_cosine)}
    for path, frame in ((args.output_kin, pairs), (args.output_families, table)):
        write_table(path, frame)
    write_record(args.output_record, fields, args=args)
    print(f"{len(pairs)} pairs of kin among {len(table)} features: {args.output_families}")


if __name__ == "__main__":
    main()
