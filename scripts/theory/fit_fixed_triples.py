#!/usr/bin/env python3
"""Fit one feature to a context after which exactly three tokens follow, in fixed proportions (a binary feature).

Any three tokens, in any proportions, from any base distribution: with logit weights of its own for each token, one
feature comes as near as one likes, by the formula KL = ln(1 + M exp(-strength)). Then the same through an unembedding
of fewer dimensions than there are tokens, where weights are no longer free.

Example:
  python scripts/theory/fit_fixed_triples.py --n-tokens 64 --triples 10 --widths 4 16 64 --strengths 0 5 10 20 \\
      --steps 300 --seed 0 --output t.tsv --output-figure t.svg --output-record t.json
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd
from scipy.special import log_softmax

from monosem.theory.experiment import experiment_parser, write
from monosem.theory.ideal_features import best_direction, divergence, promoted

TOKENS_A_TRIPLE = 3


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--n-tokens", type=int, required=True, help="vocabulary")
    parser.add_argument("--triples", type=int, required=True, help="random targets")
    parser.add_argument("--widths", type=int, nargs="+", required=True, help="residual widths of the unembedding")
    parser.add_argument("--strengths", type=float, nargs="+", required=True, help="lift of the target's logits, nats")
    parser.add_argument("--steps", type=int, required=True, help="of a fit, at most")
    return parser.parse_args(argv)


def target(n_tokens: int, rng: np.random.Generator) -> np.ndarray:
    p_V = np.zeros(n_tokens)
    p_V[rng.choice(n_tokens, TOKENS_A_TRIPLE, replace=False)] = rng.dirichlet(np.ones(TOKENS_A_TRIPLE))
    return p_V


def of_width(table: pd.DataFrame, wanted: float) -> dict[str, float]:
    """Of the width tried that is nearest the wanted one."""
    rows = table[table["what"] == "width"]
    width = min(rows["x"].unique(), key=lambda tried: abs(np.log(tried / wanted)))
    kl = rows.loc[rows["x"] == width, "kl"]
    return {
        "width": float(width),
        "largest_kl": float(kl.max(skipna=False)),
        "median_kl": float(kl.median(skipna=False)),
    }


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    rng, rows = np.random.default_rng(args.seed), []
    for triple in range(args.triples):
        target_V, base_V = target(args.n_tokens, rng), log_softmax(rng.normal(0, 2, args.n_tokens))
        for strength in args.strengths:
            fit_V = log_softmax(base_V + promoted(target_V, base_V, strength))
            rows.append(("strength", triple, strength, float(divergence(target_V, fit_V))))
        for width in args.widths:
            W_U_WV = rng.normal(0, width**-0.5, (width, args.n_tokens))
            rows.append(("width", triple, width, best_direction(target_V, base_V, W_U_WV, args.steps)))
    table = pd.DataFrame(rows, columns=["what", "triple", "x", "kl"])
    strongest = table[(table["what"] == "strength") & (table["x"] == max(args.strengths))]
    fields = {
        "free": {"largest_kl": float(strongest["kl"].max(skipna=False))},
        "quarter": of_width(table, args.n_tokens / 4),
        "narrow": of_width(table, args.n_tokens / 32),
        "n_tokens": args.n_tokens,
        "note": f"{args.triples} random triples of {args.n_tokens} tokens",
    }
    from monosem.figures.theory.ideal_features import fixed_triples

    write(args, table, fields, fixed_triples)


if __name__ == "__main__":
    main()
