#!/usr/bin/env python3
"""Count the features that follow one token, in dictionaries of several widths.

A wide dictionary has many features for one common token, each for some of the contexts it stands in; the paper finds
over a hundred for `the` among 65,536 features. For every feature of every dictionary given: which token most of its
activation falls on, which share that is, and at which share of that token's occurrences it is active. Features that
mostly follow one token are split into those active at most of its occurrences and those active in some contexts only
(monosem/investigations/token_features.py has the definitions). Beside them stands the paper's own share of
single-token features, whose strongest examples all have one token on top, from the explanations.

Example:
  python scripts/count_token_features.py --tokens results/tokens/val.zarr --tokenizer results/tokens/tokenizer.json \\
    --codes results/A/mlp_post/relu-w{512,2048}/codes.safetensors \\
    --records results/A/mlp_post/relu-w{512,2048}/codes.json \\
    --explanations results/A/mlp_post/relu-w{512,2048}/autointerp/explanations.parquet \\
    --min-active 20 --min-focus 0.5 --min-coverage 0.5 --common 20 --word ' the' \\
    --output tokens.parquet --output-common common.tsv --output-record tokens.json
"""

import argparse

import pandas as pd

from monosem.autointerp.token_table import quoted
from monosem.ground.artefacts import write_record, write_table
from monosem.ground.flags import FILE, FILES, parser_of
from monosem.ground.records import beside, read_table
from monosem.investigations.token_features import Limits, common_tokens, count_following, growth_of, shares, token_table
from monosem.measures.codes import read_codes_of, read_held_out
from monosem.text.packed import Packed
from monosem.text.tokenizer import load_vocabulary


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--tokens", **FILE, help="held-out tokens (val.zarr, val.json beside it)")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json, for readable tokens")
    parser.add_argument("--codes", **FILES, help="codes of each dictionary")
    parser.add_argument("--records", **FILES, help="codes.json, in the same order")
    parser.add_argument("--explanations", **FILES, help="explanations.parquet, in the same order")
    parser.add_argument("--min-active", type=int, required=True, help="features active on fewer tokens are untold")
    parser.add_argument("--min-focus", type=float, required=True, help="share of activation that makes a token the one")
    parser.add_argument("--min-coverage", type=float, required=True, help="share of occurrences that are most of them")
    parser.add_argument("--common", type=int, required=True, help="most frequent tokens whose features are counted")
    parser.add_argument("--word", required=True, help="text of a token that is counted too")
    parser.add_argument("--output", **FILE, help="one row a feature (.parquet)")
    parser.add_argument("--output-common", **FILE, help="one row a dictionary and token (.tsv)")
    parser.add_argument("--output-record", **FILE, help="shares by width (.json)")
    return parser.parse_args(argv)


def counted(args: argparse.Namespace, held_out: Packed, shown: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features and common tokens of all dictionaries, the narrowest first."""
    limits, features, common = Limits(args.min_focus, args.min_coverage, args.min_active), [], []
    tokens_K = common_tokens(held_out, args.common, [shown.index(args.word)] if args.word in shown else [])
    explained = [path for _, path in beside(args.explanations, args.records)]
    for (run, path), record, explanations in zip(
        beside(args.codes, args.records), args.records, explained, strict=True
    ):
        table = token_table(read_codes_of(path, record, held_out), held_out, limits)
        single = read_table(explanations, ["feature", "single_token"])
        table = table.merge(single, on="feature", how="left", validate="one_to_one")
        of_run = {"dictionary": run.dictionary, "width": len(table)}
        features.append(table.assign(**of_run))
        common.append(count_following(tokens_K, table).assign(**of_run))
    both = (pd.concat(tables).sort_values("width", kind="stable", ignore_index=True) for tables in (features, common))
    return tuple(both)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    held_out = read_held_out(args.tokens, args.records[0])
    shown = load_vocabulary(args.tokenizer)
    features, common = counted(args, held_out, shown)
    common["text"] = [quoted(shown[token]) for token in common["token"]]
    write_table(args.output, features)
    write_table(args.output_common, common)
    run, _ = beside(args.codes, args.records)[-1]
    fields = {
        "investigation": "tokens",
        "model": run.model,
        "site": run.site,
        "n_tokens": held_out.n_tokens,
        "tokens_digest": held_out.digest,
        "widths": [{"dictionary": name, **shares(rows)} for name, rows in features.groupby("dictionary", sort=False)],
        "word": {"text": args.word, **growth_of(common, shown.index(args.word) if args.word in shown else None)},
    }
    write_record(args.output_record, fields, args=args)
    print(f"features of {quoted(args.word)}: {fields['word']['narrowest']} to {fields['word']['widest']}")


if __name__ == "__main__":
    main()
