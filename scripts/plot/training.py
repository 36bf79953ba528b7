#!/usr/bin/env python3
"""Draw the loss of the language models while they trained, against the tokens they had seen.

A dashed line shows each model's held-out loss once its MLP is zero-ablated (the activations after the ReLU set to 0,
the MLP's output bias kept): the distance between the curve's end and that line is what the activations are worth, and
what a dictionary should recover. Writes an SVG, and the numbers in it as a table.

Example:
  python scripts/plot/training.py --models A B --train results/A/lm/train.tsv results/B/lm/train.tsv \\
      --eval results/A/mlp_post/relu-w2048/eval.json results/B/mlp_post/relu-w2048/eval.json \\
      --output results/figures/training.svg --output-data results/figures/training.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import pandas as pd

from monosem.figures.lines import language_models
from monosem.figures.script import Drawn, files, plot
from monosem.ground.flags import ANY_FILES
from monosem.ground.records import LM_COLUMNS, read_table, values_by_run

FLAGS = {
    "models": {"nargs": "+", "required": True, "help": "names of the models"},
    "train": files("train.tsv of each of --models, in order"),
    "eval": {**ANY_FILES, "help": "one eval.json a model, of an MLP site"},
}


def draw(args: argparse.Namespace) -> Drawn:
    if len(args.models) != len(args.train):
        raise ValueError(f"--models: {len(args.models)} given beside {len(args.train)} files of --train; give one each")
    tables = [
        read_table(path, LM_COLUMNS).assign(model=model) for model, path in zip(args.models, args.train, strict=True)
    ]
    zero_ablated = {run.model: loss for run, loss in values_by_run(args.eval, "loss_zero").items()}
    figure, data = language_models(pd.concat(tables, ignore_index=True), zero_ablated)
    return figure, data[["model", *LM_COLUMNS]]


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
