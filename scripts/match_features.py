#!/usr/bin/env python3
"""Find, for each feature of one model, the feature of another model that fires most alike.

Two models trained from different seeds, and dictionaries learnt on them, are compared on the same held-out tokens: for
every feature of A, the features of B whose activations correlate best with its own (Pearson, over all tokens). In the
paper the best match has a median correlation of 0.72 for features and 0.46 for neurons, which says that features are
found again by another model and neurons less so. With --logits-a and --logits-b the best pairs' effects on the output,
their logit weights, are correlated as well. With --tokens
the median has a 95 % interval over the documents of the text. For the other direction, swap A and B.

Example:
  python scripts/match_features.py --model A --other B --site mlp_post --dictionary relu-w2048 --top-k 5 \\
    --codes-a results/A/mlp_post/relu-w2048/codes.safetensors --record-a results/A/mlp_post/relu-w2048/codes.json \\
    --codes-b results/B/mlp_post/relu-w2048/codes.safetensors --record-b results/B/mlp_post/relu-w2048/codes.json \\
    --output matches.parquet --output-record matches.json

Output: one row a feature of A: feature, status, match, correlation, logit_correlation, and the --top-k best as lists
(matches, correlations). status: ok; dead (never active on these tokens); constant (never varies); no_partner (no
feature of B varies). Only ok has numbers. The record has medians, quartiles and shares.
"""

import argparse
from pathlib import Path

from monosem.ground.artefacts import read_json, write_record, write_table
from monosem.ground.flags import FILE, parser_of
from monosem.ground.records import value_of
from monosem.measures.codes import Codes, read_codes, read_held_out
from monosem.measures.universality import logit_correlations, match_table, side, summary


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--model", required=True, help="name of model A, for the record")
    parser.add_argument("--other", required=True, help="name of model B, for the record")
    parser.add_argument("--site", required=True, help="name of the place in the models, for the record")
    parser.add_argument("--dictionary", required=True, help="name of the dictionaries, for the record")
    parser.add_argument("--codes-a", **FILE, help="activations whose features are matched")
    parser.add_argument("--codes-b", **FILE, help="activations among whose features to look")
    parser.add_argument("--record-a", **FILE, help="codes.json of A")
    parser.add_argument("--record-b", **FILE, help="codes.json of B")
    parser.add_argument("--logits-a", type=Path, help="optional: logit weights of A (logits.safetensors)")
    parser.add_argument("--logits-b", type=Path, help="optional: logit weights of B")
    parser.add_argument("--tokens", type=Path, help="optional: these tokens (val.zarr), for an interval over documents")
    parser.add_argument("--top-k", type=int, required=True, help="matches to keep for each feature")
    parser.add_argument("--output", **FILE, help="one row a feature of A (.parquet)")
    parser.add_argument("--output-record", **FILE, help="medians and shares (.json)")
    return parser.parse_args(argv)


def read_both(args: argparse.Namespace) -> tuple[Codes, Codes, str]:
    """Codes of both sides and the digest of their tokens, which must be the same."""
    record_a, record_b = read_json(args.record_a), read_json(args.record_b)
    for field in ("tokens_digest", "n_tokens"):
        of_a, of_b = value_of(record_a, field, args.record_a), value_of(record_b, field, args.record_b)
        if of_a != of_b:
            raise ValueError(
                f"{field} {of_a} in {args.record_a}, {of_b} in {args.record_b}: the same held-out tokens expected; "
                "encode both dictionaries on the same tokens"
            )
    both = []
    for path, record in ((args.codes_a, record_a), (args.codes_b, record_b)):
        codes = read_codes(path)
        if codes.n_tokens != record["n_tokens"]:
            raise ValueError(f"{path}: {codes.n_tokens} tokens, its record says {record['n_tokens']}; encode it again")
        both.append(codes)
    return *both, record_a["tokens_digest"]


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    if args.top_k < 1:
        raise ValueError(f"--top-k {args.top_k}: at least 1 expected")
    if (args.logits_a is None) != (args.logits_b is None):
        raise ValueError("--logits-a and --logits-b: both or neither expected; give the missing one")
    codes_a, codes_b, tokens_digest = read_both(args)
    a, b = side(codes_a), side(codes_b)
    table = match_table(a, b, args.top_k)
    if args.logits_a:
        table["logit_correlation"] = logit_correlations(args.logits_a, args.logits_b, table["match"].to_numpy())
    write_table(args.output, table)
    run = {"model": args.model, "other": args.other, "site": args.site, "dictionary": args.dictionary}
    document_T = read_held_out(args.tokens, args.record_a).document_T if args.tokens else None
    fields = {**run, "tokens_digest": tokens_digest, **summary(table, a, b, document_T)}
    write_record(args.output_record, fields, args=args)
    print(f"median correlation {fields['correlation']['median']} of {fields['correlation']['n']}: {args.output}")


if __name__ == "__main__":
    main()
