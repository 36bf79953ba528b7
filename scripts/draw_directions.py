#!/usr/bin/env python3
"""Draw random directions in the space of stored activations, as a dictionary to compare features and neurons with.

Each direction is a unit vector drawn uniformly from the sphere. It is active where the activation vector, less the
mean, reaches further along it than a threshold, and as strongly as it exceeds that; the threshold lets it be active on
a --density of the vectors. Features are about as sparse, so a difference in score is not one of sparsity alone. Nothing
is trained. The dictionary is saved as an autoencoder, so that the same steps evaluate it and score it.

Example:
  python scripts/draw_directions.py --acts results/A/mlp_post/acts.zarr --name random --n-directions 512 \\
      --density 0.01 --sample 32768 --seed 0 --threads 1 \\
      --output results/A/mlp_post/random/sae.safetensors --output-record results/A/mlp_post/random/sae.json
"""

import argparse

import torch

from monosem.acts.store import open_store
from monosem.ground.artefacts import sha256, write_record
from monosem.ground.devices import use_device
from monosem.ground.flags import FILE, parser_of
from monosem.sae.autoencoder import save_sae
from monosem.sae.directions import random_directions


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--acts", **FILE, help="activation store (.zarr)")
    parser.add_argument("--name", required=True, help="name of the dictionary in tables")
    parser.add_argument("--n-directions", type=int, required=True, help="directions to draw")
    parser.add_argument("--density", type=float, required=True, help="share of vectors each is active on")
    parser.add_argument("--sample", type=int, required=True, help="stored vectors that set the thresholds")
    parser.add_argument("--seed", type=int, required=True, help="of the directions")
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--output", **FILE, help="the dictionary (.safetensors)")
    parser.add_argument("--output-record", **FILE, help="record (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    use_device("cpu", args.threads)
    store = open_store(args.acts)
    scaled_BN = torch.from_numpy(next(store.batches(min(args.sample, store.record["n_vectors"]), first=0, seed=0)))
    directions = random_directions(scaled_BN, args.n_directions, args.density, args.seed)
    save_sae(args.output, directions.folded(store.scale), "random-directions")
    fields = {
        "dictionary": args.name,
        **{name: store.record[name] for name in ("model", "site", "lm_digest", "scale")},
        "architecture": "random-directions",
        "n_features": args.n_directions,
        "n_neurons": store.width,
        "digest": sha256(args.output)[:16],
    }
    write_record(args.output_record, fields, args=args)


if __name__ == "__main__":
    main()
