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
from monosem.figures.style import save, theme
from monosem.ground.records import LM_COLUMNS, read_records, read_table, value_of


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", required=True, help="names of the models")
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="train.tsv of each of --models, in order")
    parser.add_argument("--eval", type=Path, nargs="*", required=True, help="one eval.json a model, of an MLP site")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    args = parser.parse_args(argv)
    if len(args.models) != len(args.train):
        parser.error(f"--models: {len(args.models)} given beside {len(args.train)} files of --train; give one each")
    return args


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    tables = [
        read_table(path, LM_COLUMNS).assign(model=model) for model, path in zip(args.models, args.train, strict=True)
    ]
    zero_ablated = {run.model: value_of(record, "loss_zero", run) for run, record in read_records(args.eval).items()}
    with theme():
        figure, data = language_models(pd.concat(tables, ignore_index=True), zero_ablated)
        save(figure, data[["model", *LM_COLUMNS]], output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
