#!/usr/bin/env python3
"""Shuffle the activations that jobs have collected into one store: the data that sparse autoencoders are trained on.

The vectors are shuffled globally, so that later steps read the store front to back. The record says by which factor to
scale vectors so that their mean norm is the square root of their width. Needs as much disk again as the parts; they
stay, and can be deleted afterwards.

Example:
  python scripts/store_acts.py --collected results/A/mlp_post/acts-0-of-2 results/A/mlp_post/acts-1-of-2 \\
      --output results/A/mlp_post/acts.zarr --output-record results/A/mlp_post/acts.json
"""

import argparse
import math
from pathlib import Path

from monosem.artefacts import replacing, write_record
from monosem.collection import bucket_rng, gather, read_parts
from monosem.progress import progress
from monosem.store import Moments, write_arrays


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--collected", type=Path, nargs="+", required=True, help="all parts, from collect_acts.py")
    parser.add_argument("--output", type=Path, required=True, help="activation store (.zarr)")
    parser.add_argument("--output-record", type=Path, required=True, help="its record (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    parts = read_parts(args.collected)
    of, row = parts[0].common, parts[0].row
    n_vectors, width, flags = of["n_vectors"], of["width"], of["flags"]
    rng = bucket_rng(flags["seed"], of["n_buckets"], n_vectors)
    moments = Moments(width)
    buckets = gather([part.path for part in parts], of["n_buckets"], row, rng)
    with replacing(args.output) as tmp:
        bar = progress(moments.watch(buckets), desc="shuffle activations", unit="bucket", total=of["n_buckets"])
        write_arrays(tmp, bar, n_vectors, row)
    fields = {
        **{name: of[name] for name in ("model", "site", "lm_digest", "n_vectors", "width", "dtype")},
        "scale": math.sqrt(width) * moments.n_rows / moments.norm,
        "mean": (moments.sum_N / moments.n_rows).tolist(),
        "gib": sum(file.stat().st_size for file in args.output.rglob("*") if file.is_file()) / 2**30,
        "collected_by": of["code"],
    }
    del flags["jobs"]  # the store does not depend on it
    inputs = [Path(file) for file in of["inputs"]]
    write_record(args.output_record, fields, inputs=inputs, args=argparse.Namespace(**flags))


if __name__ == "__main__":
    main()
