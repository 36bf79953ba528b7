#!/usr/bin/env python3
"""Spread a feature over the neurons of a GELU layer and see what becomes of its response.

On one neuron it answers GELU(x); spread evenly over a hundred, nearly a line. Inputs ten times larger bring the curve
back, and with half of the components negative the response is a line whatever the input.

Example:
  python scripts/theory/spread_features.py --n-neurons 100 --reach 5 --points 101 --negative 0 0.25 0.5 1 \\
      --held-out 0.2 --seed 0 --output s.tsv --output-figure s.svg --output-record s.json
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd

from monosem.theory.distributed import aligned, gelu, nonhomogeneity, response, spread
from monosem.theory.experiment import experiment_parser, write

SAMPLES = 5000  # of a non-homogeneity
COLUMNS = ["feature", "scale", "negative", "x", "y"]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--n-neurons", type=int, required=True, help="of the layer")
    parser.add_argument("--reach", type=float, required=True, help="inputs are from -reach to reach")
    parser.add_argument("--points", type=int, required=True, help="of a curve")
    parser.add_argument("--negative", type=float, nargs="+", required=True, help="shares of negative components")
    parser.add_argument("--held-out", type=float, required=True, help="share of the samples that judge a fit")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    n_neurons, root = args.n_neurons, args.n_neurons**0.5
    features = {"aligned": aligned(n_neurons), "spread": spread(n_neurons)}
    drawn_B = np.random.default_rng(args.seed).uniform(-args.reach, args.reach, SAMPLES)
    rows, gaps = [], {}
    for scale in (1.0, root):
        x_B = np.linspace(-args.reach, args.reach, args.points) * scale
        for name, feature_N in features.items():
            rows += [(name, scale, 0.0, x, y) for x, y in zip(x_B, response(x_B, feature_N), strict=True)]
            gap = nonhomogeneity(drawn_B * scale, response(drawn_B * scale, feature_N), args.held_out)
            gaps.setdefault(name, {})["usual" if scale == 1 else "large"] = gap
        for share in args.negative:
            y_B = response(x_B, spread(n_neurons, share))
            rows += [("negative", scale, share, x, y) for x, y in zip(x_B, y_B, strict=True)]
    halved_B = response(drawn_B * root, spread(n_neurons, 0.5))
    fields = {
        "nonhomogeneity": gaps,
        "recovered_within": float(np.abs(response(drawn_B * root, features["spread"]) / root - gelu(drawn_B)).max()),
        "half_negative_bend": float(np.abs(halved_B - drawn_B * root / 2).max()),
        "note": f"{n_neurons} GELU neurons, inputs up to {args.reach:g} and {args.reach * root:g}",
    }
    from monosem.figures.theory.distributed import spread_features

    write(args, pd.DataFrame(rows, columns=COLUMNS), fields, spread_features)


if __name__ == "__main__":
    main()
