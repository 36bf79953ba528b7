#!/usr/bin/env python3
"""Fit last-layer features to a continuous latent: a temperature, after which `cold`, `mild` or `hot` follows.

Four families of targets: three modes in turn, whose log-ratios lie on a line; bent ratios, which rise or fall all along
but not on one line; modes with a floor, whose ratios turn; and five words with a floor. Each is fitted by one feature,
two coupled ones and more, with biases and without, whatever their activations as functions of the latent.

Example:
  python scripts/theory/fit_continuous_targets.py --points 41 --features 1 2 3 4 --starts 3 --steps 2000 --seed 0 \\
      --output c.tsv --output-figure c.svg --output-record c.json
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd

from monosem.theory.experiment import experiment_parser, write
from monosem.theory.ideal_features import (
    bent_ratios,
    features_needed,
    fit_features,
    successive_modes,
    with_floor,
)

WORDS = {3: ("cold", "mild", "hot"), 5: ("freezing", "cold", "mild", "warm", "hot")}
FAMILIES = {
    "straight": successive_modes,
    "bent": bent_ratios,
    "turning": lambda latent_T: with_floor(successive_modes(latent_T)),
    "five words": lambda latent_T: with_floor(successive_modes(latent_T, 5, 20.0)),
}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--points", type=int, required=True, help="values of the latent, in [-1.5, 1.5]")
    parser.add_argument("--features", type=int, nargs="+", required=True, help="how many together; 1 and 2 among them")
    parser.add_argument("--starts", type=int, required=True, help="random starts of a fit")
    parser.add_argument("--steps", type=int, required=True, help="of each, at most")
    return parser.parse_args(argv)


def rows_of(family: str, what: str, k: int, latent_T: np.ndarray, p_TV: np.ndarray) -> pd.DataFrame:
    """One row a value of the latent and word."""
    wide = pd.DataFrame(p_TV, columns=WORDS[p_TV.shape[1]]).assign(latent=latent_T)
    return wide.melt("latent", var_name="word").assign(family=family, what=what, n_features=k)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    latent_T, frames, kl, needed = np.linspace(-1.5, 1.5, args.points), [], {}, {}
    for family, made in FAMILIES.items():
        target_TV = made(latent_T)
        needed[family], kl[family] = features_needed(target_TV), {}
        frames.append(rows_of(family, "target", 0, latent_T, target_TV))
        for kind, biases in (("with biases", True), ("without biases", False)):
            kl[family][kind] = {}
            for k in args.features:
                fit = fit_features(target_TV, k, biases=biases, starts=args.starts, steps=args.steps, seed=args.seed)
                kl[family][kind][str(k)] = fit.kl
                frames.append(rows_of(family, kind, k, latent_T, np.exp(fit.log_fit_TV)))
    table = pd.concat(frames, ignore_index=True)[["family", "what", "n_features", "word", "latent", "value"]]
    note = f"{args.points} values of the latent, the best of {args.starts} fits"
    from monosem.figures.theory.ideal_features import continuous_targets

    write(args, table, {"kl": kl, "features_needed": needed, "note": note}, continuous_targets)


if __name__ == "__main__":
    main()
