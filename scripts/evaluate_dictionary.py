#!/usr/bin/env python3
"""Measure a dictionary on text it was not trained on.

A dictionary is an autoencoder, or, without --sae, the neurons themselves, so that both can be compared by the same
later steps. Written are its codes (every activation above zero on the held-out tokens), the effect of each feature on
the next-token logits, a table of features, and eval.json: L0, explained variance, and, given the losses that
measure_losses.py has measured once for all dictionaries of a site, the loss with the reconstruction beside them.

Example:
  python scripts/evaluate_dictionary.py --model results/A/lm/weights.safetensors \\
      --acts-record results/A/mlp_post/acts.json --tokens results/tokens/val.zarr --name relu-w2048 \\
      --sae results/A/mlp_post/relu-w2048/sae.safetensors --sae-record results/A/mlp_post/relu-w2048/sae.json \\
      --losses results/A/mlp_post/losses-100000.json --n-tokens 400000 --ultralow-density 1e-6 --threads 1 \\
      --output-folder results/A/mlp_post/relu-w2048
"""

import argparse
from pathlib import Path
from typing import Any

import torch

from monosem.ground.artefacts import read_json, write_record
from monosem.ground.devices import device_of
from monosem.ground.flags import FILE, device_flags, parser_of
from monosem.lm.sites import parse_site
from monosem.lm.transformer import load_lm
from monosem.measures.evaluation import (
    DictionaryTables,
    encode_held_out,
    feature_table,
    held_out_activations,
    reconstruction_of,
    write_tables,
)
from monosem.measures.losses import loss_with, read_losses
from monosem.sae.autoencoder import SparseAutoencoder, load_sae
from monosem.text.tokens import contexts_for, read_contexts, read_record


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--model", **FILE, help="weights of the language model")
    parser.add_argument("--acts-record", **FILE, help="record of the activation store (acts.json)")
    parser.add_argument("--tokens", **FILE, help="held-out token store (.zarr)")
    parser.add_argument("--name", required=True, help="name of the dictionary in tables")
    parser.add_argument("--sae", type=Path, help="autoencoder; without it the neurons are measured")
    parser.add_argument("--sae-record", type=Path, help="its record (sae.json)")
    parser.add_argument("--n-tokens", type=int, required=True, help="held-out tokens to encode, BOS included")
    parser.add_argument("--losses", type=Path, help="losses of model and site (losses-N.json); without it, none")
    parser.add_argument("--ultralow-density", type=float, required=True, help="alive features fire at least this often")
    device_flags(parser)
    parser.add_argument("--output-folder", **FILE, help="where codes, tables and record are written")
    args = parser.parse_args(argv)
    if (args.sae is None) != (args.sae_record is None):
        parser.error("--sae and --sae-record: give both, or neither for the neurons")
    return args


def checked_sae(args: argparse.Namespace, acts: dict[str, Any]) -> SparseAutoencoder | None:
    """The autoencoder, if one was given; raises ValueError when it was trained on other activations than `acts`."""
    if args.sae is None:
        return None
    record = read_json(args.sae_record)
    trained_on, wanted = (tuple(source[name] for name in ("lm_digest", "site")) for source in (record, acts))
    if trained_on != wanted:
        raise ValueError(f"{args.sae}: trained on {' '.join(trained_on)}, not on {' '.join(wanted)}; retrain it")
    return load_sae(args.sae).to(args.device)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    device = device_of(args)
    acts, tokens = read_json(args.acts_record), read_record(args.tokens)
    model = load_lm(args.model, acts["lm_digest"]).to(device)
    site = parse_site(acts["site"], model.config.n_layers)
    sae = checked_sae(args, acts)
    tokens_SL = read_contexts(args.tokens, contexts_for(args.n_tokens, args.tokens))
    codes, sums = encode_held_out(sae, held_out_activations(model, tokens_SL, tokens["bos"], site))
    features = feature_table(codes, sae, args.ultralow_density)
    directions_FN = sae.W_dec_FN if sae else torch.eye(acts["width"], device=device)
    write_tables(args.output_folder, DictionaryTables(codes, model.logit_weights(directions_FN, site), features))
    fields = {
        "model": acts["model"],
        "site": acts["site"],
        "dictionary": args.name,
        "n_features": codes.n_features,
        "n_tokens": codes.n_tokens,
        "n_contexts": len(tokens_SL),
        "tokens_digest": tokens["digest"],
    }
    inputs = [args.model, args.tokens.with_suffix(".json"), *([args.sae] if args.sae else [])]
    write_record(args.output_folder / "codes.json", {**fields, "nnz": codes.matrix.nnz}, inputs=inputs, args=args)
    counts = {f"n_{status}": int((features["status"] == status).sum()) for status in ("alive", "ultralow", "dead")}
    if args.ultralow_density * codes.n_tokens < 1:
        counts["n_ultralow"] = None  # one activation is already too many: not to be told from dead
    fields |= {"l0": codes.matrix.nnz / codes.n_tokens, **counts}
    if sae is not None:
        fields |= {name: getattr(sums, name) for name in ("mse", "explained_variance", "normalised_mse")}
    if sae is not None and args.losses:
        same = {"lm_digest": acts["lm_digest"], "site": acts["site"], "tokens_digest": tokens["digest"]}
        ends = read_losses(args.losses, same, len(tokens_SL))
        loss_SL = tokens_SL[: ends.n_contexts]
        loss = loss_with(model, loss_SL, tokens["bos"], site, reconstruction_of(sae, codes))
        fields |= ends.with_reconstruction(loss)
    write_record(args.output_folder / "eval.json", fields, inputs=inputs, args=args)


if __name__ == "__main__":
    main()
