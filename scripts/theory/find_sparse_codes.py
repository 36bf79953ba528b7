#!/usr/bin/env python3
"""Find the codes of least L1 norm and compare them with the sparsest ones.

In the plane, with two and with three directions at angles that are swept: the code of least L1 is as sparse as any, and
two codes tie only where directions coincide. Then with random directions in more dimensions, where it need not be.

Example:
  python scripts/theory/find_sparse_codes.py --angles 0 10 45 90 --dimensions 2 8 --times 3 --draws 20 --seed 0 \\
      --output s.tsv --output-figure s.svg --output-record s.json
"""

import argparse
import math
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd

from monosem.theory.experiment import experiment_parser, write
from monosem.theory.sparse_codes import fan, least_l0, least_l1, margin, planted, random_directions

COLUMNS = ["what", "n_directions", "dimensions", "x", "value"]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--angles", type=float, nargs="+", required=True, help="from first to last, degrees; 0 first")
    parser.add_argument("--dimensions", type=int, nargs="+", required=True, help="of random directions")
    parser.add_argument("--times", type=int, required=True, help="directions to a dimension")
    parser.add_argument("--draws", type=int, required=True, help="vectors of each kind")
    return parser.parse_args(argv)


def as_sparse(D_FN: np.ndarray, n_on: int, rng: np.random.Generator) -> bool:
    """Whether L1's code of a vector of `n_on` directions is as sparse as the sparsest."""
    x_N = planted(D_FN, n_on, rng).value_F @ D_FN
    return least_l1(x_N, D_FN).l0 <= least_l0(x_N, D_FN).l0


def as_sparse_as_planted(D_FN: np.ndarray, n_on: int, rng: np.random.Generator) -> bool:
    """The same where there are too many sets of directions to try: as sparse as the code that was planted."""
    return least_l1(planted(D_FN, n_on, rng).value_F @ D_FN, D_FN).l0 <= n_on


def in_the_plane(args: argparse.Namespace, rng: np.random.Generator) -> list[tuple]:
    rows = []
    for angle in args.angles:
        turned = math.radians(angle)
        rows.append(("margin", 3, 2, angle, margin(turned)))
        rows.append(("formula", 3, 2, angle, 1 / math.cos(turned / 2) - 1))
        if angle:
            for D_FN in (fan(turned)[[0, 2]], fan(turned)):
                share = np.mean([as_sparse(D_FN, n_on, rng) for n_on in (1, 2) for _ in range(args.draws)])
                rows.append(("as sparse", len(D_FN), 2, angle, share))
    return rows


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    rng = np.random.default_rng(args.seed)
    rows = in_the_plane(args, rng)
    for width in args.dimensions:
        for n_on in range(1, width + 1):
            drawn = (random_directions(args.times * width, width, rng) for _ in range(args.draws))
            share = np.mean([as_sparse_as_planted(D_FN, n_on, rng) for D_FN in drawn])
            rows.append(("as planted", args.times * width, width, n_on, share))
    table = pd.DataFrame(rows, columns=COLUMNS)
    margins = table[table["what"] == "margin"].set_index("x")["value"]
    widest = table[(table["what"] == "as planted") & (table["dimensions"] == max(args.dimensions))]
    fields = {
        "plane": {
            "share": float(table.loc[table["what"] == "as sparse", "value"].min(skipna=False)),
            "smallest_margin": float(margins[margins.index > 0].min(skipna=False)),
            "margin_of_coincident": float(margins.loc[0.0]),
        },
        "many": {
            "dimensions": max(args.dimensions),
            "share_at_half": float(widest.loc[widest["x"] == max(args.dimensions) // 2, "value"].iloc[0]),
            "share_at_one": float(widest.loc[widest["x"] == 1, "value"].iloc[0]),
        },
        "note": f"{args.draws} vectors of each kind, {args.times} directions to a dimension",
    }
    from monosem.figures.theory.sparse_codes import sparse_codes

    write(args, table, fields, sparse_codes)


if __name__ == "__main__":
    main()
