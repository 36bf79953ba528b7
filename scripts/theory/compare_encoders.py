#!/usr/bin/env python3
"""Compare encoders of one dictionary whose directions are not orthogonal: what they reconstruct, what code they find.

First by hand: features (1, 0) and (0.71, 0.71), the input (2, 1), tied weights without bias. Then two directions in the
plane at several angles, and many in fewer dimensions, with encoders that are tied, with bias, untied, an MLP, and one
and many steps of ISTA; the last dictionary is also learnt from the vectors alone, by an autoencoder of this project.

Example:
  python scripts/theory/compare_encoders.py --angles 15 45 90 --true-features 64 --dimensions 32 --share-on 0.05 \\
      --n-vectors 20000 --penalty 0.1 --fit-steps 500 --fit-batch 512 --fit-lr 0.01 --hidden 128 \\
      --width 64 --l1 2 --vectors 200000 --batch 512 --lr 0.002 --beta1 0.9 --beta2 0.999 --warmup 0.02 --decay 0.2 \\
      --ramp 0 --grad-clip 1 --resample-at 0.2 --dead-window 0.1 --resample-inputs 4096 --log-every 100 --seed 0 \\
      --output e.tsv --output-figure e.svg --output-record e.json
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import pandas as pd
import torch

from monosem.ground.devices import use_device
from monosem.sae.architectures.relu import Relu
from monosem.sae.autoencoder import random_rows
from monosem.sae.recipe import Recipe
from monosem.theory.encoder_trials import by_hand, in_the_plane, on_planted_truth
from monosem.theory.encoders import Fitting
from monosem.theory.experiment import experiment_parser, write
from monosem.theory.planted import recipe_flags, recipe_settings


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--angles", type=float, nargs="+", required=True, help="between two directions, degrees")
    parser.add_argument("--true-features", type=int, required=True, help="planted features")
    parser.add_argument("--dimensions", type=int, required=True, help="in which they lie, fewer than there are")
    parser.add_argument("--share-on", type=float, required=True, help="share of the vectors that have a feature")
    parser.add_argument("--n-vectors", type=int, required=True, help="to learn from; as many are held out")
    parser.add_argument("--penalty", type=float, required=True, help="on the codes of encoders and of ISTA")
    parser.add_argument("--fit-steps", type=int, required=True, help="of training an encoder")
    parser.add_argument("--fit-batch", type=int, required=True, help="vectors a step")
    parser.add_argument("--fit-lr", type=float, required=True, help="Adam's learning rate at the start")
    parser.add_argument("--hidden", type=int, required=True, help="neurons of the MLP")
    parser.add_argument("--width", type=int, required=True, help="features of the autoencoder")
    parser.add_argument("--l1", type=float, required=True, help="its penalty, in scaled units")
    recipe_flags(parser)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    use_device("cpu", 1)
    fitting = Fitting(args.penalty, args.fit_steps, args.fit_batch, args.fit_lr, args.hidden, args.seed)
    recipe = Recipe(Relu(args.l1), n_features=args.width, seed=args.seed, **recipe_settings(args))
    rng = torch.Generator().manual_seed(args.seed)
    plane = in_the_plane(args.angles, args.n_vectors, fitting, rng)
    D_FN = random_rows(args.true_features, args.dimensions, rng)
    planted, truth = on_planted_truth(D_FN, args.n_vectors, args.share_on, fitting, recipe, rng)
    columns = ["error", "code_error", "l0"]
    fields = {
        "by_hand": by_hand(),
        "planted": planted.set_index("encoder")[columns].to_dict(orient="index"),
        "plane": {
            name: rows.set_index(rows["angle"].map("{:g}".format))[columns].to_dict(orient="index")
            for name, rows in plane.groupby("encoder")
        },
        "autoencoder": truth,
        "note": f"by hand; {args.true_features} features in {args.dimensions} dimensions, {args.n_vectors} vectors",
    }
    from monosem.figures.theory.encoders import encoders

    write(args, pd.concat([plane, planted], ignore_index=True), fields, encoders)


if __name__ == "__main__":
    main()
