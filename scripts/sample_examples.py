#!/usr/bin/env python3
"""Draw the token windows from which each feature is explained, and others on which the explanation is scored.

Reads the activations of a dictionary on held-out tokens (codes) and those tokens. For every feature it draws short
windows as the paper does: from each of several even intervals between 0 and the feature's highest activation, at
random, and around the feature's top tokens wherever they occur ("out of context"). About half of the text, whole
documents, serves the explainer and the other half the scores, so no document is on both sides. Where fewer windows
exist, it takes what there is; features active on fewer than --min-active tokens get none. The same seed draws the same
windows.

Example (the numbers of the paper; 13 intervals: the top one and 12 others):
  python scripts/sample_examples.py --codes results/A/mlp_post/relu-w2048/codes.safetensors \\
    --codes-record results/A/mlp_post/relu-w2048/codes.json --tokens results/tokens/val.zarr \\
    --seed 0 --width 9 --intervals 13 --min-active 20 \\
    --explain-top 10 --explain-interval 2 --explain-random 5 --explain-out-of-context 10 \\
    --score-top 6 --score-interval 2 --score-random 10 --score-out-of-context 20 \\
    --output examples.parquet --output-record examples.json

Output: one row a window: feature, role (explain, score), kind (top, interval, random, out_of_context), interval (-1:
none), context and position of the centre, tokens, activations, weight (importance, paper). Token -1 marks a position
without an activation: BOS, or beyond the border of the document or the context.
"""

import argparse

from monosem.autointerp.examples import sample_windows
from monosem.autointerp.layout import Plan, Quota, lay_out
from monosem.autointerp.windows import write_windows
from monosem.ground.artefacts import replacing, write_record
from monosem.ground.flags import FILE, parser_of
from monosem.measures.codes import read_codes_of, read_held_out


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--codes", **FILE, help="sparse held-out activations (codes.safetensors)")
    parser.add_argument("--codes-record", **FILE, help="their record (codes.json)")
    parser.add_argument("--tokens", **FILE, help="held-out tokens (val.zarr, val.json beside it)")
    parser.add_argument("--seed", type=int, required=True, help="of every draw")
    parser.add_argument("--width", type=int, required=True, help="tokens in a window, odd (paper: 9)")
    parser.add_argument("--intervals", type=int, required=True, help="even intervals of activation (paper: 13)")
    parser.add_argument("--min-active", type=int, required=True, help="fewest active tokens (paper: 20)")
    for role in ("explain", "score"):
        parser.add_argument(f"--{role}-top", type=int, required=True, help="windows from the top interval")
        parser.add_argument(f"--{role}-interval", type=int, required=True, help="windows from each other interval")
        parser.add_argument(f"--{role}-random", type=int, required=True, help="random windows")
        parser.add_argument(f"--{role}-out-of-context", type=int, required=True, help="top tokens anywhere")
    parser.add_argument("--output", **FILE, help="windows (.parquet)")
    parser.add_argument("--output-record", **FILE, help="their record (.json), written last")
    return parser.parse_args(argv)


def plan_of(args: argparse.Namespace) -> Plan:
    if args.width < 1 or args.width % 2 == 0:
        raise ValueError(f"--width {args.width}: an odd number expected, so that a window has a centre")
    if not 2 <= args.intervals <= 100:
        raise ValueError(f"--intervals {args.intervals}: 2 to 100 expected; the paper uses 13")
    explain = Quota(args.explain_top, args.explain_interval, args.explain_random, args.explain_out_of_context)
    score = Quota(args.score_top, args.score_interval, args.score_random, args.score_out_of_context)
    return Plan((explain, score), args.intervals, args.width, args.min_active, args.seed)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    plan = plan_of(args)
    held_out = read_held_out(args.tokens, args.codes_record)
    codes = read_codes_of(args.codes, args.codes_record, held_out)
    with replacing(args.output) as tmp:
        n_windows = write_windows(tmp, sample_windows(codes, lay_out(held_out, plan), plan), plan.width)
    write_record(args.output_record, {"n_windows": n_windows, "n_features": codes.n_features}, args=args)
    print(f"{n_windows} windows of {codes.n_features} features: {args.output}")


if __name__ == "__main__":
    main()
