#!/usr/bin/env python3
"""Train one neuron to tell exclusive features apart, and see how many of them it comes to stand for.

Exactly one of four features is on, and the next token depends on which. An on/off neuron that stands for one feature
loses 3/4 ln 3 = 0.824 nats, one that stands for two only ln 2 = 0.693: without any superposition, cross-entropy prefers
a neuron with two meanings. Neurons are trained from many random starts: on/off and real-valued, with penalties on their
activation, and with only their strongest activations kept.

Example:
  python scripts/theory/train_one_neuron.py --starts 100 --steps 1500 --lr 0.05 --l1 0 0.25 1 --kept 1 2 \\
      --seed 0 --output one_neuron.tsv --output-figure one_neuron.svg --output-record one_neuron.json
"""

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))

import pandas as pd
import torch

from monosem.ground.devices import use_device
from monosem.theory.experiment import experiment_parser, write
from monosem.theory.neuron import N_FEATURES, ON_OFF, REAL, Trained, Training, best_loss, train, turning_penalty


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--starts", type=int, required=True, help="random starts of each kind of neuron")
    parser.add_argument("--steps", type=int, required=True, help="of Adam")
    parser.add_argument("--lr", type=float, required=True, help="its learning rate")
    parser.add_argument("--l1", type=float, nargs="+", required=True, help="penalties on the mean activation; 0 first")
    parser.add_argument("--kept", type=int, nargs="+", required=True, help="features that a neuron may be on for")
    return parser.parse_args(argv)


def rows_of(trained: Trained, **condition: object) -> pd.DataFrame:
    """One row a trained neuron."""
    return pd.DataFrame({**condition, "n_on": trained.n_on_R, "loss": trained.loss_R})


def trained_neurons(args: argparse.Namespace, settings: Training) -> pd.DataFrame:
    """Every kind of neuron, from every start."""
    frames = []
    l1_R = torch.tensor(args.l1, dtype=torch.float64).repeat_interleave(args.starts)
    for kind in (ON_OFF, REAL):
        frames.append(rows_of(train(kind, l1_R, settings), kind=kind, sparsity="l1", strength=l1_R))
    for kept in args.kept:
        found = train(REAL, torch.zeros(args.starts, dtype=torch.float64), settings, kept)
        frames.append(rows_of(found, kind=REAL, sparsity="kept", strength=kept))
    return pd.concat(frames, ignore_index=True)


def summary(table: pd.DataFrame, args: argparse.Namespace, settings: Training) -> dict[str, Any]:
    """What the findings are judged by: losses of neurons whose features were fixed, and shares of the trained ones."""
    sides = [[1.0] * n_on + [0.0] * (N_FEATURES - n_on) for n_on in (1, 2)]
    fixed = train(ON_OFF, torch.zeros(2), settings, on_RI=torch.tensor(sides, dtype=torch.float64)).loss_R
    free = table[(table["sparsity"] == "l1") & (table["kind"] == ON_OFF)]
    real = table[(table["sparsity"] == "l1") & (table["kind"] == REAL)]
    shares = {
        l1: {str(n_on): float((rows["n_on"] == n_on).mean()) for n_on in range(N_FEATURES + 1)}
        for l1, rows in free.groupby("strength")
    }
    turn = turning_penalty(N_FEATURES, 1, 2)
    return {
        "fixed": {"one": float(fixed[0]), "two": float(fixed[1])},
        "best": {str(n_on): best_loss(N_FEATURES, n_on) for n_on in range(N_FEATURES + 1)},
        "infimum": {str(n_on): best_loss(N_FEATURES, n_on, REAL) for n_on in range(N_FEATURES + 1)},
        "turning_penalty": turn,
        "unpenalised": nearest(shares, 0),
        "below_turn": nearest(shares, turn / 2),
        "above_turn": nearest(shares, turn * 2),
        "real": {"median_loss": float(real.loc[real["strength"] == 0, "loss"].median(skipna=False))},
        "note": f"{args.starts} random starts of each neuron, {N_FEATURES} features",
    }


def nearest(shares: dict[float, dict[str, float]], l1: float) -> dict[str, float]:
    """Of the penalties that were tried."""
    return shares[min(shares, key=lambda tried: abs(tried - l1))]


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    use_device("cpu", 1)
    settings = Training(N_FEATURES, args.steps, args.lr, args.seed)
    table = trained_neurons(args, settings)
    from monosem.figures.theory.neuron import one_neuron

    write(args, table, summary(table, args, settings), one_neuron)


if __name__ == "__main__":
    main()
