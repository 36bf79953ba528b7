#!/usr/bin/env python3
"""Count the features of a dictionary that carry an ideal feature, in models trained on a corpus that has two of them.

Binary: after `</p>` one of three tokens follows, in fixed proportions. Continuous: words tell of a temperature, and
cold, mild or hot follows, whose ratios rise and fall with it. Transformers of several depths are trained, and
dictionaries of several widths of their last MLP. Where an ideal feature is on, all dictionary features are ablated;
then they are put back one by one, each time the one that helps most, until --restored of the KL from what the model
foretells is made up for. The same is done for the shares of cold, mild and hot among themselves ("ratios"). They are
counted where the dictionary's reconstruction makes up for as much: elsewhere it does not hold the ideal feature.

Example:
  python scripts/theory/count_carriers.py --length 48 --n-words 32 --noise 1.5 --contexts 40000 --held-contexts 1000 \\
      --layers 1 2 --starts 1 --acts-contexts 3000 --restored 0.9 --widths 64 256 --l1 1 \\
      --lm '{"d_model": 64, "n_heads": 4, "d_mlp": 128, "tokens": 2000000, "batch": 64, "lr": 0.003, "warmup": 0.05,
             "weight_decay": 0.01, "grad_clip": 1, "val_every": 200, "data_seed": 0, "precision": "float32",
             "compile": false}' \\
      --vectors 400000 --batch 512 --lr 0.003 --beta1 0.9 --beta2 0.999 --warmup 0.02 --decay 0.2 --ramp 0 \\
      --grad-clip 1 --resample-at 0.2 --dead-window 0.1 --resample-inputs 4096 --log-every 100 --seed 0 \\
      --output c.tsv --output-figure c.svg --output-record c.json
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import pandas as pd

from monosem.ground.devices import use_device
from monosem.theory.carrier_trials import (
    curves,
    directions,
    distance_from_truth,
    held_by,
    record_fields,
    summary_rows,
    trials,
)
from monosem.theory.experiment import experiment_parser, write
from monosem.theory.planted import recipe_flags

COLUMNS = ["what", "ideal", "n_layers", "start", "width", "of", "word", "x", "y"]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--length", type=int, required=True, help="tokens of a context")
    parser.add_argument("--n-words", type=int, required=True, help="words of a passage that tell of its temperature")
    parser.add_argument("--noise", type=float, required=True, help="of each, where temperatures are -1.5 to 1.5")
    parser.add_argument("--contexts", type=int, required=True, help="to train transformers on")
    parser.add_argument("--held-contexts", type=int, required=True, help="in which the ideal features are looked at")
    parser.add_argument("--layers", type=int, nargs="+", required=True, help="of the transformers")
    parser.add_argument("--starts", type=int, required=True, help="transformers of each depth")
    parser.add_argument("--lm", type=json.loads, required=True, help="their settings, as in train_lm.py, JSON")
    parser.add_argument("--acts-contexts", type=int, required=True, help="contexts whose activations dictionaries see")
    parser.add_argument("--restored", type=float, required=True, help="share of the KL that carriers make up for")
    parser.add_argument("--widths", type=int, nargs="+", required=True, help="features of the dictionaries")
    parser.add_argument("--l1", type=float, required=True, help="their penalty, in scaled units")
    recipe_flags(parser)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    use_device("cpu", 1)
    counts, others, truth = [], [], {}
    for trial, held in trials(args):
        counts += summary_rows(trial)
        others += curves(trial, held) + directions(trial, held)
        for name, places in (("binary", held.binary), ("continuous", held.continuous)):
            distance = distance_from_truth(trial.seen[name], places.words, places.truth_PV)
            truth.setdefault(f"{trial.n_layers}-{trial.start}", {})[name] = distance
        needed = ", ".join(f"{name} {len(of.features)}" for name, of in trial.found.items())
        print(f"{trial.n_layers} layers, start {trial.start}, width {trial.width}: {needed}", flush=True)
    counts = pd.DataFrame(counts)
    found = record_fields(counts)
    fields = found | {
        "kl_from_truth": truth,
        "shown": {"start": 0, "width": max(args.widths)},
        "note": f"{len(truth)} models, {len(args.widths)} widths each, a generated corpus; {args.restored:.0%} of the "
        f"KL; held by, in the shallowest and the deepest: {held_by(found)}",
    }
    table = pd.concat([counts, pd.DataFrame(others)], ignore_index=True)
    first = [name for name in COLUMNS if name in table]
    from monosem.figures.theory.carriers import carrier_panels

    write(args, table[[*first, *table.columns.difference(first, sort=False)]], fields, carrier_panels)


if __name__ == "__main__":
    main()
