#!/usr/bin/env python3
"""Shuffle the activations that jobs have collected into one store: the data that sparse autoencoders are trained on.

The vectors are shuffled globally, so that later steps read the store front to back. The record says by which factor to
scale vectors so that their mean norm is the square root of their width. Needs as much disk again as the parts; they
stay, and can be deleted afterwards. An interrupted run goes on where its last checkpoint was when the same command is
given again.

Example:
  python scripts/store_acts.py --collected results/A/mlp_post/acts-0-of-2 results/A/mlp_post/acts-1-of-2 \\
      --output results/A/mlp_post/acts.zarr --output-record results/A/mlp_post/acts.json
"""

import argparse
import math
from pathlib import Path

from monosem.acts.shuffling import read_parts, shuffle
from monosem.ground.artefacts import write_record
from monosem.ground.checkpoints import Checkpoint, run_key
from monosem.ground.flags import FILE, FILES, parser_of
from monosem.ground.scratch import naming_a_full_disk, remove


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--collected", **FILES, help="all parts, from collect_acts.py")
    parser.add_argument("--checkpoint-s", type=float, default=60, help="seconds between two checkpoints")
    parser.add_argument("--output", **FILE, help="activation store (.zarr)")
    parser.add_argument("--output-record", **FILE, help="its record (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    parts = read_parts(args.collected)
    of, flags = parts[0].common, parts[0].common["flags"]
    key = run_key(args, [part.path / "part.json" for part in parts])
    partial = args.output.with_name(f".{args.output.name}.partial")
    with Checkpoint(args.output, key, every_s=args.checkpoint_s) as checkpoint, naming_a_full_disk(args.output):
        store = shuffle(parts, partial, checkpoint)
        fields = {
            **{name: of[name] for name in ("model", "site", "lm_digest", "n_vectors", "width", "dtype")},
            "scale": math.sqrt(of["width"]) * store.n_rows / store.norm,
            "mean": (store.sum_N / store.n_rows).tolist(),
            "gib": sum(file.stat().st_size for file in partial.rglob("*") if file.is_file()) / 2**30,
            "collected_by": of["code"],
        }
        remove(args.output)
        partial.rename(args.output)
        del flags["jobs"]  # the store does not depend on it
        inputs = [Path(file) for file in of["inputs"]]
        write_record(args.output_record, fields, inputs=inputs, args=argparse.Namespace(**flags))


if __name__ == "__main__":
    main()
