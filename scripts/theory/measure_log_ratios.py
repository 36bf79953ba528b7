#!/usr/bin/env python3
"""Follow the ratios of token probabilities as one feature of the last layer grows.

Where probabilities are a softmax of activation times logit weights, plus biases, the logarithm of each ratio is a line:
with three tokens and the right biases, three modes may follow one another, but no ratio ever turns. Through the final
normalisation of a transformer ratios do turn; their share is measured on random directions and set beside a formula.

Example:
  python scripts/theory/measure_log_ratios.py --width 64 --n-tokens 5 --draws 100 --strengths 0.5 1 2 --seed 0 \\
      --output log_ratios.tsv --output-figure log_ratios.svg --output-record log_ratios.json
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd
import torch

from monosem.ground.devices import use_device
from monosem.theory.experiment import experiment_parser, write
from monosem.theory.log_ratios import bend, draw, log_probabilities, log_ratios, turning_share, turns

POINTS = 81  # of a grid of activations
MODES = {"weights": [0.0, 4.0, 8.0], "biases": [0.0, -4.0, -16.0]}  # cold, mild, hot: one after the other
WORDS = ("cold", "mild", "hot")


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--width", type=int, required=True, help="of the residual stream")
    parser.add_argument("--n-tokens", type=int, required=True, help="tokens whose ratios are followed")
    parser.add_argument("--draws", type=int, required=True, help="random features")
    parser.add_argument(
        "--strengths", type=float, nargs="+", required=True, help="greatest activations, in norms of the rest"
    )
    return parser.parse_args(argv)


def modes() -> pd.DataFrame:
    """Probabilities and log ratios of three tokens whose modes follow one another, with and without biases."""
    act_A, frames = np.linspace(0, 4, POINTS), []
    for name, factor in (("with biases", 1.0), ("without biases", 0.0)):
        logits_AV = torch.tensor(np.outer(act_A, MODES["weights"]) + factor * np.array(MODES["biases"]))
        log_p_AV = logits_AV.log_softmax(dim=1).numpy()
        ratio_AQ = log_ratios(log_p_AV)
        for column, word in enumerate(WORDS):
            frames.append(pd.DataFrame({"what": "probability", "case": name, "of": word, "x": act_A,
                                        "y": np.exp(log_p_AV[:, column])}))  # fmt: skip
        for column, pair in enumerate(("cold / mild", "cold / hot", "mild / hot")):
            frames.append(
                pd.DataFrame({"what": "log ratio", "case": name, "of": pair, "x": act_A, "y": ratio_AQ[:, column]})
            )
    return pd.concat(frames, ignore_index=True)


def turning(args: argparse.Namespace, strength: float) -> tuple[dict[str, np.ndarray], float]:
    """Turns of every ratio of every draw, straight from the softmax and through the normalisation; the largest bend."""
    rng, act_A = torch.Generator().manual_seed(args.seed), torch.linspace(0, strength, POINTS, dtype=torch.float64)
    found, bends = {"softmax": [], "normalised": []}, []
    for _ in range(args.draws):
        made = draw(args.width, args.n_tokens, rng)
        plain_AQ = log_ratios(log_probabilities(made, act_A, normalised=False).numpy())
        bends.append(bend(plain_AQ))
        found["softmax"].append(turns(plain_AQ))
        found["normalised"].append(turns(log_ratios(log_probabilities(made, act_A, normalised=True).numpy())))
    return {name: np.concatenate(counts) for name, counts in found.items()}, max(bends)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    use_device("cpu", 1)
    rows, bends = [], []
    for strength in sorted(args.strengths):
        counts, largest = turning(args, strength)
        bends.append(largest)
        shares = {name: float((count > 0).mean()) for name, count in counts.items()}
        shares["formula"] = turning_share(strength)
        rows += [("share that turns", case, "", strength, share) for case, share in shares.items()]
    table = pd.DataFrame(rows, columns=["what", "case", "of", "x", "y"])
    fields = {
        "largest_bend": max(bends),
        "most": table.groupby("case")["y"].max(skipna=False).to_dict(),
        "at_greatest": shares,
        "note": f"{args.draws} random features, {args.n_tokens} tokens, activations up to {strength:g} norms",
    }
    from monosem.figures.theory.log_ratios import log_ratio_panels

    write(args, pd.concat([modes(), table], ignore_index=True), fields, log_ratio_panels)


if __name__ == "__main__":
    main()
