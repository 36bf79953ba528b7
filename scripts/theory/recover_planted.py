#!/usr/bin/env python3
"""Plant sparse features in fewer dimensions and see how many of them autoencoders find, by architecture.

The truth is known here: directions, and when each is on. Varied one at a time: the dictionary's width, how often a
feature is on, how far the features of a pair go together, and what is done about features that never fire, in the
widest dictionary and in one trained too fast. The first value of each list goes with the other sweeps.

Example:
  python scripts/theory/recover_planted.py --true-features 64 --dimensions 32 --n-vectors 20000 --widths 1 0.5 2 \\
      --shares-on 0.05 0.2 --together 0 0.9 --haste 20 \\
      --architectures '{"relu": {"l1": 1}, "gated": {"l1": 1, "resample_at": []}}' \\
      --vectors 100000 --batch 256 --lr 0.005 --beta1 0.9 --beta2 0.999 --warmup 0.02 --decay 0.2 --ramp 0 \\
      --grad-clip 1 --resample-at 0.2 0.4 --dead-window 0.1 --resample-inputs 4096 --log-every 100 --seed 0 \\
      --output r.tsv --output-figure r.svg --output-record r.json
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))

import pandas as pd

from monosem.ground.devices import use_device
from monosem.theory.experiment import experiment_parser, write
from monosem.theory.planted import RECOVERED, recipe_flags, recipe_settings
from monosem.theory.recovery import NONE, RESAMPLING, TERM, Bench, sweeps

MEASURES = ["mmcs", "recovered", "alive"]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--true-features", type=int, required=True, help="planted features")
    parser.add_argument("--dimensions", type=int, required=True, help="in which they lie, fewer than there are")
    parser.add_argument("--n-vectors", type=int, required=True, help="to learn from; as many are held out")
    parser.add_argument("--widths", type=float, nargs="+", required=True, help="of dictionaries, times true features")
    parser.add_argument("--shares-on", type=float, nargs="+", required=True, help="shares of vectors with a feature")
    parser.add_argument("--together", type=float, nargs="+", required=True, help="correlations within pairs")
    parser.add_argument("--haste", type=float, required=True, help="times the learning rate, so that features die")
    parser.add_argument("--architectures", type=json.loads, required=True, help="names and settings, JSON")
    recipe_flags(parser)
    return parser.parse_args(argv)


def trials(args: argparse.Namespace) -> pd.DataFrame:
    """One row a sweep, value and architecture; the base is part of several sweeps."""
    bench = Bench.drawn(args.true_features, args.dimensions, args.n_vectors, recipe_settings(args), args.seed)
    rows = []
    for sweep, value, condition in sweeps(args.widths, args.shares_on, args.together, args.haste):
        for name, own in args.architectures.items():
            found = bench.trial(name, own, condition)
            if found is not None:
                rows.append({"sweep": sweep, "value": value, "architecture": name, **found})
    return pd.DataFrame(rows)


def summary(table: pd.DataFrame, args: argparse.Namespace) -> dict[str, Any]:
    """What the findings are judged by: the base by architecture, and medians over architectures along each sweep."""
    base = table[(table["sweep"] == "width") & (table["value"] == f"{args.widths[0]:g}")].set_index("architecture")
    middle = table.groupby(["sweep", "value"])[MEASURES].median(skipna=False)

    def at(sweep: str, value: float | str) -> dict[str, float]:
        return middle.loc[(sweep, value if isinstance(value, str) else f"{value:g}")].to_dict()

    return {
        "base": base[MEASURES].to_dict(orient="index"),
        "least": {measure: float(base[measure].min(skipna=False)) for measure in MEASURES},
        "width": {"narrowest": at("width", min(args.widths)), "widest": at("width", max(args.widths))}
        | {"as_wide": at("width", args.widths[0])},
        "on": {"sparsest": at("on", min(args.shares_on)), "densest": at("on", max(args.shares_on))},
        "together": {"least": at("together", min(args.together)), "most": at("together", max(args.together))},
        **{name: of_handlings(table[table["sweep"] == name]) for name in ("spare", "needed")},
        "found_above": RECOVERED,
        "true_features": args.true_features,
        "dimensions": args.dimensions,
        "note": f"cosine > {RECOVERED:g}, {args.true_features} features in {args.dimensions} dimensions, each on in "
        f"{args.shares_on[0]:.3g} of the vectors, {len(args.architectures)} kinds",
    }


def of_handlings(rows: pd.DataFrame) -> dict[str, Any]:
    """Medians over all architectures, and over those with a loss of their own for dead features."""
    tables = {measure: rows.pivot(index="architecture", columns="value", values=measure) for measure in MEASURES}
    named = {"none": NONE, "resampling": RESAMPLING, "term": TERM}

    def medians(tables: dict[str, pd.DataFrame], *names: str) -> dict[str, Any]:
        return {
            name: {measure: float(table[named[name]].median()) for measure, table in tables.items()} for name in names
        }

    with_term = {measure: table.dropna() for measure, table in tables.items()}
    return {**medians(tables, "none", "resampling"), "with_term": medians(with_term, *named)}


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    use_device("cpu", 1)
    table = trials(args)
    from monosem.figures.theory.recovery import planted_recovery

    write(args, table, summary(table, args), planted_recovery)


if __name__ == "__main__":
    main()
