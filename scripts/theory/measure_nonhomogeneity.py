#!/usr/bin/env python3
"""Measure how many spread features can be on at once before each one's response is a line with noise.

Non-homogeneity (R^2 of a quadratic less that of a line, held out) over the number of other features on and the neurons
that a feature is spread over; beside it, how many near-orthogonal features there is room for. Twice: as the post says
(20 % held out, inputs scaled by the root of a feature's neurons) and as its public code does (90 %, root of all).

Example:
  python scripts/theory/measure_nonhomogeneity.py --n-neurons 100 --reach 5 --samples 2000 --probes 2 \\
      --others 0 1 4 16 --spreads 1 10 100 --threshold 0.1 --most-mmcs 0.3 --most-features 512 --seed 0 \\
      --output n.tsv --output-figure n.svg --output-record n.json
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd

from monosem.theory.distributed import Probing, probed, room
from monosem.theory.experiment import experiment_parser, write

VERSIONS = {"post": {"held_out": 0.2, "fixed_scale": False}, "code": {"held_out": 0.9, "fixed_scale": True}}
COLUMNS = ["version", "spread", "others", "value"]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--n-neurons", type=int, required=True, help="of the layer")
    parser.add_argument("--reach", type=float, required=True, help="inputs are from -reach to reach, before scaling")
    parser.add_argument("--samples", type=int, required=True, help="of a non-homogeneity")
    parser.add_argument("--probes", type=int, required=True, help="features that one is the mean of")
    parser.add_argument("--others", type=int, nargs="+", required=True, help="other features on at once; 0 first")
    parser.add_argument("--spreads", type=int, nargs="+", required=True, help="neurons of a feature, fewest first")
    parser.add_argument(
        "--threshold", type=float, required=True, help="non-homogeneity under which a response is a line"
    )
    parser.add_argument("--most-mmcs", type=float, required=True, help="of features that count as near-orthogonal")
    parser.add_argument("--most-features", type=int, required=True, help="that room is looked for")
    return parser.parse_args(argv)


def most_on(grid: pd.DataFrame, threshold: float) -> dict[str, int]:
    """Of each spread, the largest number on at once, the probed one among them, that is above the threshold."""
    above = grid[grid["value"] >= threshold].groupby("spread")["others"].max(skipna=False) + 1
    return {str(width): int(above.get(width, 0)) for width in grid["spread"].unique()}


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    rng, rows = np.random.default_rng(args.seed), []
    for version, choices in VERSIONS.items():
        settings = Probing(args.n_neurons, args.samples, args.probes, args.reach, **choices)
        for width in args.spreads:
            rows += [(version, width, others, probed(others, width, settings, rng)) for others in args.others]
    table = pd.DataFrame(rows, columns=COLUMNS)
    above = {name: rows["value"].to_numpy() >= args.threshold for name, rows in table.groupby("version")}
    fits = {str(width): room(width, args.n_neurons, args.most_mmcs, args.most_features, rng) for width in args.spreads}
    counts = pd.DataFrame([("room", int(width), -1, count) for width, count in fits.items()], columns=COLUMNS)
    on = {name: most_on(rows, args.threshold) for name, rows in table.groupby("version")}
    one, all_of_them = str(args.spreads[0]), str(args.spreads[-1])
    fields = {
        "most_on": on,
        "room": fits,
        "on_one_neuron": {"on": on["post"][one], "room": fits[one]},
        "on_all": {"on": on["post"][all_of_them], "room": fits[all_of_them]},
        "agreement": float((above["post"] == above["code"]).mean()),
        "threshold": args.threshold,
        "most_mmcs": args.most_mmcs,
        "note": f"{args.n_neurons} GELU neurons, {args.samples} samples, {args.probes} probed features",
    }
    from monosem.figures.theory.distributed import nonhomogeneity_grids

    write(args, pd.concat([table, counts], ignore_index=True), fields, nonhomogeneity_grids)


if __name__ == "__main__":
    main()
