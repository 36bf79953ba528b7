#!/usr/bin/env python3
"""Explain each feature by a table of tokens, and score how well the table predicts its activation elsewhere.

This is the automated interpretability of the paper without a language model. An explanation is a table: the mean
activation level (0-9) of each token and of each pair of neighbouring tokens in the windows drawn to explain the
feature. The table then predicts the level of every token in the windows drawn to score it, and the score is the
Spearman correlation of prediction and truth (1: perfect, 0: the explanation tells nothing). A feature that follows
more than two tokens of context scores low; compare these scores with one another, not with those of a language model.

Example:
  python scripts/score_features.py --model A --site mlp_post --dictionary relu-w2048 \\
    --examples results/A/mlp_post/relu-w2048/autointerp/examples.parquet \\
    --features results/A/mlp_post/relu-w2048/features.parquet --tokenizer results/tokens/tokenizer.json \\
    --shrinkage 0.5 --single-token-min 5 --output-explanations explanations.parquet --output-scores scores.parquet \\
    --output-summary scores.json

Every feature has a row in both tables. Its status is ok, dead, too_few_examples, undefined_constant_truth or
undefined_constant_prediction; only ok features have a score, and scores.json counts all five.
"""

import argparse

import numpy as np

from monosem.autointerp.scores import complete, explain_and_score, summary
from monosem.autointerp.token_table import quoted
from monosem.autointerp.windows import Windows, read_windows
from monosem.ground.artefacts import write_record, write_table
from monosem.ground.flags import FILE, parser_of
from monosem.ground.progress import progress
from monosem.ground.records import read_table
from monosem.text.tokenizer import load_vocabulary


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--model", required=True, help="name of the model, for the record")
    parser.add_argument("--site", required=True, help="name of the place in the model, for the record")
    parser.add_argument("--dictionary", required=True, help="name of the dictionary, for the record")
    parser.add_argument("--examples", **FILE, help="windows drawn by sample_examples.py (.parquet)")
    parser.add_argument("--features", **FILE, help="table with feature, n_active, max_act (.parquet)")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json, for readable explanations")
    parser.add_argument("--shrinkage", type=float, required=True, help="observations that a table's prior counts for")
    parser.add_argument("--single-token-min", type=int, required=True, help="fewest top windows to call single-token")
    parser.add_argument("--output-explanations", **FILE, help="one row a feature (.parquet)")
    parser.add_argument("--output-scores", **FILE, help="one row a feature (.parquet)")
    parser.add_argument("--output-summary", **FILE, help="medians and counts (.json)")
    return parser.parse_args(argv)


def check(windows: Windows, max_act_F: np.ndarray, n_vocab: int, args: argparse.Namespace) -> None:
    """Raises ValueError when the windows are of other features or other tokens than the other files."""
    last = windows.feature_E.max(initial=-1)
    if last >= max_act_F.size:
        raise ValueError(f"{args.examples}: feature {last}, but {args.features} has {max_act_F.size}; draw them again")
    highest_E = windows.activations_EW.max(axis=1)
    if (highest_E > max_act_F[windows.feature_E] * 1.001).any():
        raise ValueError(f"{args.examples}: activations above max_act of {args.features}; draw the windows again")
    highest = windows.tokens_EW.max(initial=-1)
    if highest >= n_vocab:
        raise ValueError(
            f"{args.examples}: token {highest}, but {args.tokenizer} has {n_vocab}; give its own tokenizer"
        )


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    if args.shrinkage < 0:
        raise ValueError(f"--shrinkage {args.shrinkage}: 0 or more expected; 0 trusts single observations fully")
    features = read_table(args.features, ["feature", "n_active", "max_act"])
    max_act_F = features["max_act"].to_numpy(dtype=np.float64)
    shown = [quoted(text) for text in load_vocabulary(args.tokenizer)]
    parts = []
    for windows in progress(read_windows(args.examples), desc="scoring", unit="block"):
        check(windows, max_act_F, len(shown), args)
        parts.append(explain_and_score(windows, max_act_F, shown, args.shrinkage, args.single_token_min))
    explanations, scores = complete(features, *map(list, zip(*parts, strict=True)))

    for table, path in ((explanations, args.output_explanations), (scores, args.output_scores)):
        write_table(path, table)
    run = {"model": args.model, "site": args.site, "dictionary": args.dictionary}
    fields = {**run, **summary(explanations, scores)}
    write_record(args.output_summary, fields, args=args)
    print(f"median Spearman {fields['spearman']['median']} of {fields['spearman']['n']} features: {args.output_scores}")


if __name__ == "__main__":
    main()
