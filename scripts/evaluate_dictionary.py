#!/usr/bin/env python3
"""Measure a dictionary on text it was not trained on.

A dictionary is an autoencoder, or, without --sae, the neurons themselves, so that both can be compared by the same
later steps. Written are its codes (every activation above zero on the held-out tokens), the effect of each feature on
the next-token logits, a table of features, and eval.json: L0, explained variance, and, given the losses that
measure_losses.py has measured once for all dictionaries of a site, the loss with the reconstruction beside them. The
table of documents has what error bars are drawn from: tokens, activations above zero and losses of each document.

Example:
  python scripts/evaluate_dictionary.py --model results/A/lm/weights.safetensors \\
      --acts-record results/A/mlp_post/acts.json --tokens results/tokens/val.zarr --name relu-w2048 \\
      --sae results/A/mlp_post/relu-w2048/sae.safetensors --sae-record results/A/mlp_post/relu-w2048/sae.json \\
      --losses results/A/mlp_post/losses-100000.json --n-tokens 400000 --ultralow-density 1e-6 --debias factor \\
      --threads 1 --output-folder results/A/mlp_post/relu-w2048
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
    document_table,
    encode_held_out,
    feature_table,
    held_out_activations,
    reconstruction_of,
    status_counts,
    with_losses,
    write_tables,
)
from monosem.measures.losses import document_losses, read_losses, read_sums
from monosem.sae.autoencoder import SparseAutoencoder, load_sae
from monosem.text.tokens import contexts_for, counted, read_contexts, read_record


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
    parser.add_argument("--debias", choices=("none", "factor"), required=True, help="also a loss with codes times it")
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
    document_SL = read_contexts(args.tokens, len(tokens_SL), "document")
    codes, sums = encode_held_out(sae, held_out_activations(model, tokens_SL, tokens["bos"], site))
    features = feature_table(codes, sae, args.ultralow_density)
    documents = document_table(codes, document_SL[counted(tokens_SL, tokens["bos"])])
    ends = None
    if sae is not None and args.losses:
        same = {"lm_digest": acts["lm_digest"], "site": acts["site"], "tokens_digest": tokens["digest"]}
        ends = read_losses(args.losses, same, len(tokens_SL))
        factors = {"sae": 1.0} | ({"rescaled": sums.rescaling} if args.debias == "factor" else {})
        edits = {name: {site: reconstruction_of(sae, codes, factor)} for name, factor in factors.items()}
        losses = document_losses(model, tokens_SL[: ends.n_contexts], document_SL, tokens["bos"], edits)
        documents = with_losses(documents, read_sums(args.losses), losses)
    directions_FN = sae.W_dec_FN if sae else torch.eye(acts["width"], device=device)
    tables = DictionaryTables(codes, model.logit_weights(directions_FN, site), features, documents)
    write_tables(args.output_folder, tables)
    fields = {"model": acts["model"], "site": acts["site"], "dictionary": args.name}
    fields |= {"n_features": codes.n_features, "n_tokens": codes.n_tokens}
    fields |= {"n_contexts": len(tokens_SL), "tokens_digest": tokens["digest"]}
    inputs = [args.model, args.tokens.with_suffix(".json"), *([args.sae] if args.sae else [])]
    write_record(args.output_folder / "codes.json", {**fields, "nnz": codes.matrix.nnz}, inputs=inputs, args=args)
    fields["l0"] = codes.matrix.nnz / codes.n_tokens
    fields |= status_counts(features, codes.n_tokens, args.ultralow_density)
    if sae is not None:
        fields |= sums.record()
    if ends is not None:
        means = documents.sum(skipna=False) / ends.n_tokens
        fields |= ends.with_reconstruction(means["sae"], means.get("rescaled"))
    write_record(args.output_folder / "eval.json", fields, inputs=inputs, args=args)


if __name__ == "__main__":
    main()
