#!/usr/bin/env python3
"""Pair the features of one dictionary one-to-one with those of others, and ask which features have no partner.

match_features.py finds for each feature the best of another dictionary, which several may share. Here each partner is
taken once, so that the sum of all correlations is largest: how much of one dictionary the other has. Compared with
each other, another seed of the same dictionary says how much can be shared at most, another model what models share,
and a control, which has learnt nothing, what chance and the tokens alone make alike. Of each feature only the
--candidates best partners are tried.

Example:
  cd results/A/mlp_post; python ../../../scripts/pair_features.py --names seed model --candidates 64 \\
      --codes relu-w2048/codes.safetensors --record relu-w2048/codes.json --logits relu-w2048/logits.safetensors \\
      --features relu-w2048/features.parquet --scores relu-w2048/autointerp/scores.parquet \\
      --other-codes {relu-w2048-seed2,../../B/mlp_post/relu-w2048}/codes.safetensors \\
      --other-records {relu-w2048-seed2,../../B/mlp_post/relu-w2048}/codes.json \\
      --other-logits {relu-w2048-seed2,../../B/mlp_post/relu-w2048}/logits.safetensors \\
      --output-pairs pairs.parquet --output-features features.tsv --output-record correspondence.json

Output: pairs, one row a comparison and feature (status paired, alone or dead, partner, correlation,
best_correlation: of a partner that others may share, logit_correlation: of the pair's logit weights); features, one row
a feature with what it is like beside all its correlations; and medians and shares, an unpaired feature counting as 0,
with 95 % intervals over documents where --tokens are given.
"""

import argparse
from pathlib import Path

import pandas as pd

from monosem.ground.artefacts import read_json, write_record, write_table
from monosem.ground.flags import FILE, FILES, parser_of
from monosem.ground.records import FEATURE_COLUMNS, RUN, SCORE_COLUMNS, read_table, value_of
from monosem.investigations.correspondence import feature_table, group_summary, pair_summary, pair_table
from monosem.measures.codes import read_codes, read_held_out
from monosem.measures.matched_draws import drawn_correlations
from monosem.measures.universality import side


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--codes", **FILE, help="activations whose features are paired")
    parser.add_argument("--record", **FILE, help="their codes.json")
    parser.add_argument("--logits", **FILE, help="their logit weights")
    parser.add_argument("--features", **FILE, help="table of these features (features.parquet)")
    parser.add_argument("--scores", **FILE, help="how well each is explained (scores.parquet)")
    parser.add_argument("--names", nargs="+", required=True, help="what each other dictionary is: seed, model, control")
    parser.add_argument("--other-codes", **FILES, help="activations among whose features partners are looked for")
    parser.add_argument("--other-records", **FILES, help="their codes.json, in the same order")
    parser.add_argument("--other-logits", **FILES, help="their logit weights, in the same order")
    parser.add_argument("--tokens", type=Path, help="optional: these tokens (val.zarr), for intervals over documents")
    parser.add_argument("--candidates", type=int, required=True, help="partners tried for each feature")
    parser.add_argument("--output-pairs", **FILE, help="one row a comparison and feature (.parquet)")
    parser.add_argument("--output-features", **FILE, help="one row a feature (.tsv)")
    parser.add_argument("--output-record", **FILE, help="medians and shares (.json)")
    args = parser.parse_args(argv)
    if len({len(args.names), len(args.other_codes), len(args.other_records), len(args.other_logits)}) > 1:
        parser.error("--names, --other-codes, --other-records and --other-logits: one each of every other dictionary")
    if "model" not in args.names or "seed" not in args.names:
        parser.error("--names: `seed` and `model` expected among them")
    return args


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    if args.candidates < 1:
        raise ValueError(f"--candidates {args.candidates}: at least 1 expected")
    record, a = read_json(args.record), side(read_codes(args.codes))
    document_T = read_held_out(args.tokens, args.record).document_T if args.tokens else None
    digest, tables, comparisons = value_of(record, "tokens_digest", args.record), {}, {}
    for name, codes, path, logits in zip(
        args.names, args.other_codes, args.other_records, args.other_logits, strict=True
    ):
        other = read_json(path)
        if (value_of(other, "tokens_digest", path), other["n_tokens"]) != (digest, record["n_tokens"]):
            raise ValueError(f"{path}: of other tokens than {args.record}; encode both dictionaries on the same tokens")
        others = read_codes(codes)
        tables[name] = pair_table(a, others, args.candidates, (args.logits, logits))
        drawn_WF = None
        if document_T is not None:
            drawn_WF = drawn_correlations(a.codes, others, tables[name]["partner"].to_numpy(), document_T)
        comparisons[name] = {**{key: other[key] for key in RUN}, **pair_summary(tables[name], drawn_WF)}
    known = feature_table(tables, read_table(args.features, FEATURE_COLUMNS), read_table(args.scores, SCORE_COLUMNS))
    frames = [table.assign(comparison=name) for name, table in tables.items()]
    write_table(args.output_pairs, pd.concat(frames, ignore_index=True))
    write_table(args.output_features, known)
    fields = {"investigation": "correspondence", **{key: record[key] for key in (*RUN, "n_tokens", "tokens_digest")}}
    fields |= {"comparisons": comparisons, "features": group_summary(known)}
    write_record(args.output_record, fields, args=args)
    for name, found in comparisons.items():
        print(f"{name}: {found['n_paired']} paired, median correlation {found['correlation']['median']}")


if __name__ == "__main__":
    main()
