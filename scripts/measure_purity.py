#!/usr/bin/env python3
"""Measure how mixed the text is on which features are active, and on which neurons are.

A neuron that stands for many unrelated things is active on tokens of many kinds, a feature with one meaning on few. For
each unit this is the entropy of the document category, and of the token itself, of its active tokens, weighted by
activation (monosem/investigations/purity.py says how it is estimated so that units that seldom fire do not look pure).
Neurons fire more often than features; so they are measured a second time, each on its strongest tokens only, as many as
the median feature is active on. Random directions that fire seldom show what rarity alone does.

Example:
  python scripts/measure_purity.py --tokens results/tokens/val.zarr --min-active 20 \\
    --codes results/A/mlp_post/{relu-w2048,neurons,random}/codes.safetensors \\
    --records results/A/mlp_post/{relu-w2048,neurons,random}/codes.json \\
    --output purity.parquet --output-record purity.json

Output: one row a unit: kind, feature, n_active, category_bits, token_bits, top_category, top_category_share. The record
has the quartiles of every kind, and the entropies of all tokens together.
"""

import argparse

import pandas as pd

from monosem.ground.artefacts import write_record, write_table
from monosem.ground.flags import FILE, FILES, parser_of
from monosem.ground.records import NEURONS, beside, kind
from monosem.ground.summary import summarise
from monosem.investigations.purity import Purity
from monosem.measures.codes import read_codes_of, read_held_out

STRONGEST = "strongest of neurons"


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--tokens", **FILE, help="held-out tokens (val.zarr, val.json beside it)")
    parser.add_argument("--codes", **FILES, help="codes of a dictionary first, then others")
    parser.add_argument("--records", **FILES, help="codes.json, in the same order")
    parser.add_argument("--min-active", type=int, required=True, help="units active on fewer tokens are not measured")
    parser.add_argument("--output", **FILE, help="one row a unit (.parquet)")
    parser.add_argument("--output-record", **FILE, help="quartiles (.json)")
    return parser.parse_args(argv)


def measured(args: argparse.Namespace) -> tuple[Purity, pd.DataFrame]:
    """The tables of all units, one under the other."""
    held_out = read_held_out(args.tokens, args.records[0])
    purity, tables = Purity.on(held_out, args.min_active), []
    for (run, path), record in zip(beside(args.codes, args.records), args.records, strict=True):
        codes = read_codes_of(path, record, held_out)
        tables.append(purity.table(kind(run), codes))
        if run.dictionary == NEURONS:
            usual = tables[0].loc[tables[0]["n_active"] >= args.min_active, "n_active"].median()
            n_kept = args.min_active if pd.isna(usual) else round(usual)
            tables.append(purity.table(STRONGEST, codes, n_kept))
    return purity, pd.concat(tables, ignore_index=True)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    purity, table = measured(args)
    write_table(args.output, table)
    run, _ = beside(args.codes, args.records)[0]
    kinds = table.groupby("kind", sort=False)
    everywhere = purity.of_all_tokens()
    summaries = {
        name: {"all_tokens": everywhere[name], **{str(of): summarise(bits.to_numpy()) for of, bits in columns}}
        for name, columns in ((name, kinds[f"{name}_bits"]) for name in everywhere)
    }
    fields = {
        "investigation": "purity",
        **run._asdict(),
        "n_tokens": purity.held_out.n_tokens,
        "tokens_digest": purity.held_out.digest,
        "median_n_active": {str(of): float(counts.median(skipna=False)) for of, counts in kinds["n_active"]},
        **summaries,
    }
    write_record(args.output_record, fields, args=args)
    bits = {of: summary["median"] for of, summary in summaries["category"].items() if isinstance(summary, dict)}
    print(f"median bits of category: {', '.join(f'{of} {m:.2f}' for of, m in bits.items() if m is not None)}")


if __name__ == "__main__":
    main()
