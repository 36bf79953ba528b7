#!/usr/bin/env python3
"""Ablate features where they fire, and set what the next token loses beside what their logit weights foretell.

A feature's activation times its logit weight on the token that follows is its linear attribution: what it should give
to that token. What it does give is the log-likelihood that is lost when its contribution is subtracted. In between lie
the division by the final LayerNorm, which weights leave out, and the softmax. Of every feature --pairs tokens on which
it fires are drawn; the site must be in the last layer, where an ablation at one token touches no other.

Example:
  D=results/A/mlp_post/relu-w2048; python scripts/ablate_features.py --model results/A/lm/weights.safetensors \\
    --acts-record results/A/mlp_post/acts.json --tokens results/tokens/val.zarr --codes $D/codes.safetensors \\
    --codes-record $D/codes.json --logits $D/logits.safetensors --sae $D/sae.safetensors --pairs 32 --seed 0 \\
    --threads 1 --output-pairs pairs.parquet --output-features features.parquet --output-strata strata.tsv \\
    --output-record effects.json

Output: pairs.parquet, a row a feature and token: effect (nats) and the measures it is held against; features.parquet,
their means and correlations (r_..) within each feature; strata.tsv, correlations by size and density; and a record.
"""

import argparse

import numpy as np

from monosem.ground.artefacts import read_json, write_record, write_table
from monosem.ground.devices import device_of
from monosem.ground.flags import FILE, device_flags, parser_of
from monosem.investigations.ablation import draw_pairs, measure_pairs, written_to_residual
from monosem.investigations.attribution import (
    feature_rows,
    logit_weights,
    record_fields,
    strata,
    with_attributions,
)
from monosem.lm.sites import parse_site
from monosem.lm.transformer import load_lm
from monosem.measures.codes import read_codes_of, read_held_out
from monosem.sae.autoencoder import load_sae

NAME = "effects"


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--model", **FILE, help="weights of the language model")
    parser.add_argument("--acts-record", **FILE, help="record of the activation store (acts.json)")
    parser.add_argument("--tokens", **FILE, help="held-out tokens (val.zarr, val.json beside it)")
    parser.add_argument("--codes", **FILE, help="the features' activations on them")
    parser.add_argument("--codes-record", **FILE, help="their record (codes.json)")
    parser.add_argument("--logits", **FILE, help="logit weights (logits.safetensors)")
    parser.add_argument("--sae", **FILE, help="the dictionary (sae.safetensors)")
    parser.add_argument("--pairs", type=int, required=True, help="tokens to ablate each feature on, at most")
    parser.add_argument("--seed", type=int, required=True, help="of the draw of tokens")
    device_flags(parser)
    parser.add_argument("--output-pairs", **FILE, help="a row a pair (.parquet)")
    parser.add_argument("--output-features", **FILE, help="a row a feature (.parquet)")
    parser.add_argument("--output-strata", **FILE, help="a row a stratum of pairs (.tsv)")
    parser.add_argument("--output-record", **FILE, help="correlations over all pairs (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    device = device_of(args)
    acts, codes_record = read_json(args.acts_record), read_json(args.codes_record)
    held_out = read_held_out(args.tokens, args.codes_record)
    codes = read_codes_of(args.codes, args.codes_record, held_out)
    pairs = draw_pairs(codes, held_out, args.pairs, args.seed)
    model = load_lm(args.model, acts["lm_digest"]).to(device)
    site = parse_site(acts["site"], model.config.n_layers)
    out_FD = written_to_residual(model, load_sae(args.sae).W_dec_FN.to(device), site)
    measured = measure_pairs(model, held_out.tokens_SL, pairs, out_FD)
    table = with_attributions(measured, logit_weights(args.logits, pairs))
    density_F = np.diff(codes.by_feature().indptr) / codes.n_tokens
    features, by_stratum = feature_rows(table, density_F), strata(table, density_F)
    for path, rows in {args.output_pairs: table, args.output_features: features}.items():
        write_table(path, rows)
    write_table(args.output_strata, by_stratum)
    fields = {name: codes_record[name] for name in ("model", "site", "dictionary", "n_tokens", "tokens_digest")}
    fields |= record_fields(table, features, by_stratum, held_out.document_SL[pairs.context_Z, pairs.position_Z])
    write_record(args.output_record, {"investigation": NAME, **fields}, args=args)
    print(f"{len(table)} ablations, correlation {fields['correlation']['attribution']}: {args.output_pairs}")


if __name__ == "__main__":
    main()
