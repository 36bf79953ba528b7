#!/usr/bin/env python3
"""Measure how well a language model predicts held-out text as it is, and without what is read at a site.

Its loss is measured clean, with zeros in place of the site's activations, and with their mean there: the ends between
which the loss with a dictionary's reconstruction lies. They are the same for all dictionaries of a site. The table
beside the record (.parquet) has their sums over each document, from which error bars are drawn.

Example:
  python scripts/measure_losses.py --model results/A/lm/weights.safetensors \\
      --acts-record results/A/mlp_post/acts.json --tokens results/tokens/val.zarr --loss-tokens 100000 --threads 1 \\
      --output results/A/mlp_post/losses-100000.json
"""

import argparse

import torch

from monosem.ground.artefacts import read_json, write_record, write_table
from monosem.ground.devices import device_of
from monosem.ground.flags import FILE, device_flags, parser_of
from monosem.lm.sites import parse_site
from monosem.lm.transformer import load_lm
from monosem.measures.losses import SiteLosses, ablated_losses
from monosem.text.tokens import contexts_for, read_contexts, read_record


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--model", **FILE, help="weights of the language model")
    parser.add_argument("--acts-record", **FILE, help="record of the activation store (acts.json)")
    parser.add_argument("--tokens", **FILE, help="held-out token store (.zarr)")
    parser.add_argument("--loss-tokens", type=int, required=True, help="held-out tokens, BOS included")
    device_flags(parser)
    parser.add_argument("--output", **FILE, help="the losses (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    device = device_of(args)
    acts, tokens = read_json(args.acts_record), read_record(args.tokens)
    model = load_lm(args.model, acts["lm_digest"]).to(device)
    site = parse_site(acts["site"], model.config.n_layers)
    tokens_SL = read_contexts(args.tokens, contexts_for(args.loss_tokens, args.tokens))
    document_SL = read_contexts(args.tokens, len(tokens_SL), "document")
    mean_N = torch.tensor(acts["mean"], device=device)
    sums = ablated_losses(model, tokens_SL, document_SL, tokens["bos"], site, mean_N)
    write_table(args.output.with_suffix(".parquet"), sums.reset_index())
    fields = {name: acts[name] for name in ("model", "site", "lm_digest")} | {"tokens_digest": tokens["digest"]}
    inputs = [args.model, args.tokens.with_suffix(".json")]
    write_record(args.output, {**fields, **SiteLosses.of(sums, len(tokens_SL)).record()}, inputs=inputs, args=args)


if __name__ == "__main__":
    main()
