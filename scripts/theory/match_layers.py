#!/usr/bin/env python3
"""Train transformers of several layers and count the features of each layer that the next layer has too.

Language models, dictionaries at every layer and the comparison of their features are made by the code of the main
models, on the same packed tokens, only smaller. A feature has a partner at the next layer if some feature there
correlates with it above a threshold over held-out tokens. Beside features: neurons; features that choose from as many
as there are neurons; and chance, where the later layer's tokens are shifted.

Example:
  python scripts/theory/match_layers.py --train results/tokens/train.zarr --val results/tokens/val.zarr --depths 2 4 \\
      --site mlp_post --n-vectors 100000 --per-context 60 --held-out 40000 --width 1024 --l1 2 --correlation 0.7 \\
      --lm '{"d_model": 64, "n_heads": 4, "d_mlp": 256, "tokens": 1000000, "batch": 16, "lr": 0.002, "warmup": 0.05,
             "weight_decay": 0.01, "grad_clip": 1, "val_every": 200, "data_seed": 0, "precision": "auto",
             "compile": false}' \\
      --vectors 300000 --batch 1024 --lr 0.002 --beta1 0.9 --beta2 0.999 --warmup 0.02 --decay 0.2 --ramp 0 \\
      --grad-clip 1 --resample-at 0.2 0.4 --dead-window 0.1 --resample-inputs 4096 --log-every 100 --seed 0 \\
      --output l.tsv --output-figure l.svg --output-record l.json
"""

import argparse
import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd

from monosem.acts.sampling import Sample
from monosem.ground.devices import use_device
from monosem.ground.flags import FILE
from monosem.lm.sites import SITES, Site
from monosem.measures.codes import Codes, shifted
from monosem.sae.architectures.relu import Relu
from monosem.sae.recipe import Recipe
from monosem.theory.experiment import experiment_parser, write
from monosem.theory.layers import Text, drawn, language_model, partners, read_layer, summary
from monosem.theory.planted import recipe_flags, recipe_settings

COLUMNS = ["n_layers", "layer", "what", "unit", "correlation"]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--train", **FILE, help="token store to train on (.zarr)")
    parser.add_argument("--val", **FILE, help="held-out token store (.zarr)")
    parser.add_argument("--depths", type=int, nargs="+", required=True, help="layers of each model, 2 or more")
    parser.add_argument("--site", choices=SITES, required=True, help="place in each layer")
    parser.add_argument("--n-vectors", type=int, required=True, help="activations of each layer to learn from")
    parser.add_argument("--per-context", type=int, required=True, help="of a context at most")
    parser.add_argument("--held-out", type=int, required=True, help="held-out tokens, BOS included")
    parser.add_argument("--width", type=int, required=True, help="features of each dictionary")
    parser.add_argument("--l1", type=float, required=True, help="their penalty, in scaled units")
    parser.add_argument("--correlation", type=float, required=True, help="over which a feature is a partner")
    parser.add_argument("--lm", type=json.loads, required=True, help="settings of the models, as in train_lm.py, JSON")
    recipe_flags(parser)
    return parser.parse_args(argv)


def of_model(n_layers: int, args: argparse.Namespace) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Correlations of every unit of each layer with its best at the next; and the model and its dictionaries."""
    text = Text(args.train, args.val, args.held_out)
    recipe = Recipe(Relu(args.l1), n_features=args.width, seed=args.seed, **recipe_settings(args))
    sample = Sample(args.n_vectors, args.per_context, args.seed)
    model, val_loss = language_model(n_layers, args.lm, text, args.seed)
    layers = [read_layer(model, Site(args.site, number), text, sample, recipe) for number in range(n_layers)]
    frames = []
    for number, (earlier, later) in enumerate(pairwise(layers)):
        kinds = {"features": (earlier.features, later.features), "neurons": (earlier.neurons, later.neurons)}
        kinds["drawn features"] = (earlier.features, drawn(later.features, later.neurons, args.seed))
        kinds["by chance"] = (earlier.features, Codes(shifted(later.features.matrix)))
        for what, pair in kinds.items():
            found = {"unit": np.arange(pair[0].n_features), "correlation": partners(*pair)}
            frames.append(pd.DataFrame({"n_layers": n_layers, "layer": number, "what": what, **found}))
    about = {"val_loss": val_loss, "l0": [layer.l0 for layer in layers]}
    about |= {"explained_variance": [layer.explained for layer in layers]}
    return pd.concat(frames, ignore_index=True)[COLUMNS], about


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    use_device("cpu", 1)
    found = {n_layers: of_model(n_layers, args) for n_layers in sorted(args.depths)}
    table = pd.concat([of for of, _ in found.values()], ignore_index=True)
    depths = " and ".join(map(str, found))
    fields = {**summary(table, args.correlation), "models": {str(depth): about for depth, (_, about) in found.items()}}
    note = f"r > {args.correlation:g}, models of {depths} layers, {args.site}, {args.width} features, "
    note += f"{args.held_out} tokens"
    from monosem.figures.theory.layers import layerwise_features

    write(args, table, {**fields, "note": note}, layerwise_features)


if __name__ == "__main__":
    main()
