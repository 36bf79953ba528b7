#!/usr/bin/env python3
"""Let a residual MLP learn answers to pairs of one-hot vectors by heart, and read after each layer what it knows.

The answers are random, so all there is to learn are the pairs. For several numbers of pairs: the loss after each layer
(the logit lens: the residual stream there, through the final normalisation and unembedding), of all pairs and of each;
the share of the pairs whose loss there is under a threshold; and the norm of the gradient of each layer's weights.

Example:
  python scripts/theory/train_residual_mlp.py --n-values 500 --n-answers 10 --n-layers 4 --width 64 --neurons 128 \\
      --n-pairs 500 2000 8000 --steps 800 --batch 512 --lr 0.003 --threshold 0.1 --seed 0 \\
      --output m.tsv --output-figure m.svg --output-record m.json
"""

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd
import torch

from monosem.ground.devices import use_device
from monosem.theory.experiment import experiment_parser, write
from monosem.theory.memory import ResidualMLP, Shape, Training, draw_pairs, lens, settled, train

COLUMNS = ["what", "n_pairs", "layer", "x", "value"]  # x: a pair, or a stretch of the training
SHOWN = 200  # pairs whose losses are kept one by one


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--n-values", type=int, required=True, help="length of each of the two one-hot vectors")
    parser.add_argument("--n-answers", type=int, required=True, help="that are drawn from")
    parser.add_argument("--n-layers", type=int, required=True, help="residual blocks")
    parser.add_argument("--width", type=int, required=True, help="of the residual stream")
    parser.add_argument("--neurons", type=int, required=True, help="of a block")
    parser.add_argument("--n-pairs", type=int, nargs="+", required=True, help="to learn, a model for each number")
    parser.add_argument("--steps", type=int, required=True, help="of Adam")
    parser.add_argument("--batch", type=int, required=True, help="pairs a step")
    parser.add_argument("--lr", type=float, required=True, help="learning rate at the start; it falls to 0")
    parser.add_argument("--threshold", type=float, required=True, help="loss under which a pair is learnt, nats")
    return parser.parse_args(argv)


def learnt_by_heart(n_pairs: int, args: argparse.Namespace) -> list[tuple]:
    shape = Shape(args.n_values, args.n_answers, args.n_layers, args.width, args.neurons)
    pairs = draw_pairs(n_pairs, shape, torch.Generator().manual_seed(args.seed))
    model = ResidualMLP(shape, seed=args.seed)
    gradients = train(model, pairs, Training(args.steps, args.batch, args.lr, args.seed))
    loss_TK = lens(model, pairs)
    at_T = settled(loss_TK, args.threshold)
    rows = []
    for layer, loss_T in enumerate(loss_TK.T):
        rows.append(("loss", n_pairs, layer, 0, float(loss_T.mean())))
        rows.append(("learnt", n_pairs, layer, 0, float((loss_T < args.threshold).float().mean())))
        rows.append(("settled", n_pairs, layer, 0, float((at_T == layer).float().mean())))
    for stretch, norms in enumerate(gradients):
        rows += [("gradient", n_pairs, layer, stretch, norm) for layer, norm in enumerate(norms, start=1)]
    order_T = torch.argsort(at_T[:SHOWN] + loss_TK[:SHOWN].sum(dim=1) / 1e6)
    for place, losses in enumerate(loss_TK[order_T].tolist()):
        rows += [("lens", n_pairs, layer, place, loss) for layer, loss in enumerate(losses)]
    return rows


def summary(table: pd.DataFrame, args: argparse.Namespace) -> dict[str, Any]:
    """What the findings are judged by; `most` is the largest number of pairs of which at least half are learnt."""
    by = {
        what: rows.groupby(["n_pairs", "layer"])["value"].mean(skipna=False).unstack()
        for what, rows in table[table["what"] != "lens"].groupby("what")
    }
    learnt = by["learnt"][args.n_layers]
    enough = learnt[learnt >= 0.5].index
    ends = {"fewest": min(args.n_pairs), "most": max(enough) if len(enough) else min(args.n_pairs)}
    settled_share = by["settled"].div(
        by["settled"].sum(axis=1, skipna=False).clip(lower=1e-9), axis=0
    )  # of those learnt at the end
    before_last = settled_share[list(range(args.n_layers))].sum(axis=1, skipna=False)
    return {
        "largest_rise": float(np.diff(by["loss"].to_numpy(), axis=1).max()),
        **{
            name: {
                "n_pairs": int(number),
                "learnt": float(learnt[number]),
                "before_last_layer": float(before_last[number]),
                "largest_share_of_a_layer": float(settled_share.loc[number].max(skipna=False)),
            }
            for name, number in ends.items()
        },
        "gradient_ratio": float(
            (by["gradient"].max(axis=1, skipna=False) / by["gradient"].min(axis=1, skipna=False)).max(skipna=False)
        ),
        "threshold": args.threshold,
        "note": f"threshold {args.threshold:g} nats, {args.n_layers} layers, "
        f"{min(args.n_pairs)} to {max(args.n_pairs)} pairs, {args.steps} steps for each number",
    }


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    use_device("cpu", 1)
    rows = [row for n_pairs in args.n_pairs for row in learnt_by_heart(n_pairs, args)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    from monosem.figures.theory.memory import layerwise_memory

    write(args, table, summary(table, args), layerwise_memory)


if __name__ == "__main__":
    main()
