#!/usr/bin/env python3
"""Train a sparse autoencoder: learn a dictionary of directions so that each activation vector is a sum of few of them.

Each dictionary direction is a "feature". The architecture relu is the paper's (2023): squared error plus an L1 penalty,
unit-norm decoder rows, features that never fire resampled; the others are later ones, and all are saved in one form.
Inputs are scaled by the store's factor while training; the factor is folded into the saved weights, which take raw
activations. An interrupted run goes on from its last checkpoint when the same command is given again.

Hyperparameters by architecture: relu, relu-2024, relu-unshifted and gated --l1; topk and batchtopk --k --k-aux --aux;
matryoshka these and --prefixes; jumprelu --l1 --bandwidth --threshold --tanh-scale --pre-act.

Example:
  python scripts/train_sae.py --acts results/A/mlp_post/acts.zarr --name relu-w2048 --arch relu --width 2048 --l1 3 \\
      --vectors 2000000 --batch 2048 --lr 0.002 --beta1 0.9 --beta2 0.999 --warmup 0.02 --decay 0.2 --ramp 0 \\
      --resample-at 0.1 0.2 --resample-inputs 32768 --dead-window 0.05 --precision auto --log-every 10 --seed 1 \\
      --threads 2 --output results/A/mlp_post/relu-w2048/sae.safetensors \\
      --output-log results/A/mlp_post/relu-w2048/train.tsv --output-record results/A/mlp_post/relu-w2048/sae.json
"""

import argparse
from dataclasses import asdict, fields

import pandas as pd

from monosem.acts.store import open_store
from monosem.ground.artefacts import sha256, write_record, write_table
from monosem.ground.checkpoints import Checkpoint, run_key
from monosem.ground.devices import PRECISIONS, device_of, resolved
from monosem.ground.flags import FILE, device_flags, parser_of
from monosem.sae.architectures import ARCHITECTURES
from monosem.sae.autoencoder import save_sae
from monosem.sae.recipe import HYPERPARAMETERS, Products, Recipe, architecture_of, penalty_units
from monosem.sae.training import train_sae


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--acts", **FILE, help="activation store (.zarr)")
    parser.add_argument("--name", required=True, help="name of the dictionary in tables, e.g. relu-w2048")
    parser.add_argument("--arch", choices=ARCHITECTURES, required=True, help="kind of autoencoder")
    parser.add_argument("--width", type=int, dest="n_features", required=True, help="number of features")
    parser.add_argument("--vectors", type=int, required=True, help="vectors to train on; may exceed the store")
    parser.add_argument("--batch", type=int, required=True, help="vectors a step")
    parser.add_argument("--lr", type=float, required=True, help="learning rate of Adam")
    parser.add_argument("--beta1", type=float, required=True, help="Adam's decay of the mean")
    parser.add_argument("--beta2", type=float, required=True, help="Adam's decay of the mean square")
    parser.add_argument("--warmup", type=float, required=True, help="share of the steps with rising learning rate")
    parser.add_argument("--decay", type=float, required=True, help="share of the steps with falling learning rate")
    parser.add_argument("--ramp", type=float, required=True, help="share of the steps with rising sparsity penalty")
    parser.add_argument("--grad-clip", type=float, help="largest norm of all gradients together; default none")
    parser.add_argument("--resample-at", type=float, nargs="*", required=True, help="when, as shares of the steps")
    parser.add_argument("--resample-inputs", type=int, required=True, help="vectors to look for high loss in")
    parser.add_argument(
        "--dead-window",
        type=float,
        required=True,
        help="share of the steps without activity after which a feature is dead",
    )
    parser.add_argument("--precision", choices=PRECISIONS, required=True, help="of the large products")
    parser.add_argument("--log-every", type=int, required=True, help="steps a row of the log")
    parser.add_argument("--seed", type=int, required=True, help="initial weights, epoch order, resampling")
    for name, (kind, _, text) in HYPERPARAMETERS.items():
        several = "+" if name == "prefixes" else None
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, nargs=several, help=text)
    device_flags(parser)
    parser.add_argument("--checkpoint-s", type=float, default=60, help="seconds between two checkpoints")
    parser.add_argument("--output", **FILE, help="weights (.safetensors)")
    parser.add_argument("--output-log", **FILE, help="losses by step (.tsv)")
    parser.add_argument("--output-record", **FILE, help="record (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    device = device_of(args)
    args.precision = resolved(args.precision, device)  # a checkpoint is of this machine's
    architecture = architecture_of(args.arch, vars(args))
    given = {**vars(args), "architecture": architecture, "resample_at": tuple(args.resample_at)}
    recipe = Recipe(**{field.name: given[field.name] for field in fields(Recipe)})
    store = open_store(args.acts)
    inputs = [args.acts.with_suffix(".json")]
    with Checkpoint(args.output, run_key(args, inputs), every_s=args.checkpoint_s) as checkpoint:
        sae, rows = train_sae(store, recipe, device, Products.of(args.precision, device), checkpoint)
        write_table(args.output_log, pd.DataFrame(rows), digits=None)
        save_sae(args.output, sae.folded(store.scale), args.arch)
        fields_of_record = {
            "dictionary": args.name,
            **{name: store.record[name] for name in ("model", "site", "lm_digest", "scale")},
            "architecture": args.arch,
            "hyperparameters": asdict(architecture),
            **penalty_units(architecture, store.scale, store.width),
            "n_features": args.n_features,
            "n_neurons": store.width,
            "matmul_dtype": args.precision,
            "steps": recipe.steps,
            "epochs": recipe.steps * args.batch / store.record["n_vectors"],
            "digest": sha256(args.output)[:16],
        }
        write_record(args.output_record, fields_of_record, inputs=inputs, args=args)


if __name__ == "__main__":
    main()
