#!/usr/bin/env python3
"""Train layers with nothing after them but an unembedding, and count the features that their neurons come to stand for.

Many more features than neurons, each on now and then; the output is to tell which are on. With a softmax and
cross-entropy, with a squared loss, and with a squared loss behind another ReLU, as the number of neurons and the number
of features on at once are swept. A feature is represented if, on alone, it moves its own output at least half of the
way: its probability, or its value, rises by 1/2 or more. It is named if its output is then the largest.

Example:
  python scripts/theory/train_unembeddings.py --n-features 64 --neurons 2 4 8 16 --mean-on 0.25 1 4 16 --steps 4000 \\
      --batch 128 --lr 0.03 --seed 0 --output u.tsv --output-figure u.svg --output-record u.json
"""

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))

import pandas as pd

from monosem.ground.devices import use_device
from monosem.theory.experiment import experiment_parser, write
from monosem.theory.unembedding import HALF, HEADS, Training, alone, train


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--n-features", type=int, required=True, help="features, more than neurons")
    parser.add_argument("--neurons", type=int, nargs="+", required=True, help="of a layer")
    parser.add_argument("--mean-on", type=float, nargs="+", required=True, help="features on at once, on average")
    parser.add_argument("--steps", type=int, required=True, help="of Adam")
    parser.add_argument("--batch", type=int, required=True, help="samples a step")
    parser.add_argument("--lr", type=float, required=True, help="learning rate at the start; it falls to 0")
    return parser.parse_args(argv)


def trained_layers(args: argparse.Namespace) -> pd.DataFrame:
    """One row a head, number of neurons and number on: features represented and named, and their rises together."""
    settings = Training(args.n_features, args.steps, args.batch, args.lr, args.seed)
    pairs = [(n_neurons, mean_on) for n_neurons in args.neurons for mean_on in args.mean_on]
    rows = []
    for head in HEADS:
        layers = train([n_neurons for n_neurons, _ in pairs], [mean_on for _, mean_on in pairs], head, settings)
        rise_RF, named_RF = alone(layers, head)
        for (n_neurons, mean_on), rise_F, named_F in zip(pairs, rise_RF, named_RF, strict=True):
            represented = int((rise_F >= HALF).sum())
            row = {"head": head, "neurons": n_neurons, "mean_on": mean_on, "represented": represented}
            row |= {"a_neuron": represented / n_neurons, "named": int(named_F.sum())}
            rows.append(row | {"rises_a_neuron": float(rise_F.sum()) / n_neurons})
    return pd.DataFrame(rows)


def summary(table: pd.DataFrame, args: argparse.Namespace) -> dict[str, Any]:
    """Features to a neuron: medians over numbers of neurons at both ends of the sparsity, and the most of any layer."""
    found = {}
    for head, rows in table.groupby("head"):
        middle = rows.groupby("mean_on")[["a_neuron", "named", "rises_a_neuron"]].median(skipna=False)
        ends = {"sparsest": min(args.mean_on), "densest": max(args.mean_on)}
        of_head = {name: middle.loc[mean_on].to_dict() for name, mean_on in ends.items()}
        of_head |= {
            "most": float(rows["a_neuron"].max(skipna=False)),
            "most_rises": float(rows["rises_a_neuron"].max(skipna=False)),
        }
        found[head.replace(", ", "_")] = of_head
    note = f"{args.n_features} features, {min(args.neurons)} to {max(args.neurons)} neurons"
    return {**found, "n_features": args.n_features, "note": f"{note}, medians over them"}


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    if max(args.neurons) >= args.n_features:
        raise ValueError(f"--neurons {max(args.neurons)}: fewer than the {args.n_features} features expected")
    use_device("cpu", 1)
    table = trained_layers(args)
    from monosem.figures.theory.unembedding import output_superposition

    write(args, table, summary(table, args), output_superposition)


if __name__ == "__main__":
    main()
