#!/usr/bin/env python3
"""Lay the features of dictionaries of several widths out on one map, as a page to look around in.

As in the paper: UMAP of the decoder directions by their cosine, so that features with like effects on the output lie
near each other, whichever dictionary they are of; clusters are those that HDBSCAN finds on a map of ten dimensions. The
features are those of a table of families (split_features.py), whose parents the page shows as lines: a feature and what
it splits into should be neighbours. One seed gives one map.

The page opens from disk and asks no network for anything. Move over a point to see what the feature fires on and how it
was explained, click it to keep it, search for numbers, tokens, categories or words of an explanation.

Example:
  S=results/A/mlp_post; I=results/investigations; python scripts/map_features.py \\
    --saes $S/relu-w{512,2048,4096}/sae.safetensors --records $S/relu-w{512,2048,4096}/sae.json \\
    --explanations $S/relu-w{512,2048,4096}/autointerp/explanations.parquet \\
    --families $I/splitting/families.parquet --splitting $I/splitting/splitting.json --seed 0 \\
    --n-neighbors 15 --min-dist 0.01 --cluster-dims 10 --cluster-min-dist 0.1 --min-cluster-size 3 \\
    --page-features 30000 --output map.parquet --output-page index.html --output-record feature_map.json

Output: map.parquet, one row a feature: dictionary, feature, x, y, cluster (-1: none), groups; the page; and a record
that tells how clusters and families agree.
"""

import argparse

import numpy as np

from monosem.figures.families import width_colours
from monosem.ground.artefacts import read_json, replacing, write_record
from monosem.ground.flags import FILE, FILES, parser_of
from monosem.ground.records import beside, read_table, read_tables, value_of
from monosem.investigations.feature_map import clusters, decoder_rows, map_summary, nearest, place
from monosem.pages.report.feature_map import render

NAME = "feature_map"
FAMILY = ["dictionary", "feature", "n_active", "parent", "parent_cosine", "n_narrow_kin", "n_wide_kin", "n_children"]
FAMILY += ["top_tokens", "category", "category_share", "groups"]
PLACED = ["dictionary", "feature", "x", "y", "cluster", "groups"]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--saes", **FILES, help="the dictionaries (sae.safetensors)")
    parser.add_argument("--records", **FILES, help="their sae.json, in the same order")
    parser.add_argument("--explanations", **FILES, help="their explanations.parquet, in the same order")
    parser.add_argument("--families", **FILE, help="families.parquet of split_features.py")
    parser.add_argument("--splitting", **FILE, help="the record beside it (splitting.json)")
    parser.add_argument("--seed", type=int, required=True, help="of the map")
    parser.add_argument("--n-neighbors", type=int, required=True, help="that a feature is placed by (paper: 15)")
    parser.add_argument("--min-dist", type=float, required=True, help="least distance on the map (paper: 0.05 or 0.01)")
    parser.add_argument("--cluster-dims", type=int, required=True, help="dimensions of clusters' map (paper: 10)")
    parser.add_argument("--cluster-min-dist", type=float, required=True, help="least distance there (paper: 0.1)")
    parser.add_argument("--min-cluster-size", type=int, required=True, help="features of a cluster (paper: 3)")
    parser.add_argument("--page-features", type=int, required=True, help="shown at most, of narrow dictionaries first")
    parser.add_argument("--output", **FILE, help="places and clusters (.parquet)")
    parser.add_argument("--output-page", **FILE, help="the page (.html)")
    parser.add_argument("--output-record", **FILE, help="clusters and families (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    splitting = read_json(args.splitting)
    names = [entry["dictionary"] for entry in value_of(splitting, "dictionaries", args.splitting)]
    families = read_table(args.families, FAMILY)
    saes = {run.dictionary: path for run, path in beside(args.saes, args.records)}
    rows_of = {name: families.loc[families["dictionary"] == name, "feature"].to_numpy() for name in names}
    directions_PN = np.concatenate([decoder_rows(saes[name], rows_of[name]) for name in names])
    near = nearest(directions_PN, args.n_neighbors)
    place_P2 = place(directions_PN, near, n_dims=2, min_dist=args.min_dist, seed=args.seed)
    roomy_PD = place(directions_PN, near, n_dims=args.cluster_dims, min_dist=args.cluster_min_dist, seed=args.seed)
    columns = {"x": place_P2[:, 0], "y": place_P2[:, 1], "cluster": clusters(roomy_PD, args.min_cluster_size)}
    table = families.assign(**columns)
    explanations = read_tables(args.explanations, args.records, ["feature", "text"])
    shown = table.head(args.page_features).merge(explanations, on=["dictionary", "feature"], how="left")
    page = render(shown, splitting, width_colours(len(names)))
    for path, write in (
        (args.output, lambda tmp: table[PLACED].to_parquet(tmp, index=False)),
        (args.output_page, lambda tmp: tmp.write_text(page, encoding="utf-8", errors="backslashreplace")),
    ):
        with replacing(path) as tmp:
            write(tmp)
    fields = {name: splitting[name] for name in ("model", "site", "n_tokens", "tokens_digest")}
    fields = {"investigation": NAME, **fields, "dictionaries": names, **map_summary(table)}
    write_record(args.output_record, fields, args=args)
    print(f"{len(table)} features in {fields['n_clusters']} clusters: {args.output_page}")


if __name__ == "__main__":
    main()
