#!/usr/bin/env python3
"""Ask how much of an MLP its dictionaries explain, beside ways to explain it that need no dictionary.

The share of the loss that a dictionary recovers means little alone. Measured here, on the same held-out tokens, is what
else recovers how much, from as many active numbers a token (the L0 of the --headline dictionary, rounded up), and but
for random directions also from each of --k:

  pca               the first k principal components
  pca_largest       of all principal components, those k with the largest coordinates, token by token
  ica_largest       likewise of independent components (FastICA)
  random            as many random directions as the headline dictionary has features: the k that reach furthest along
                    the vector less the mean, and their combination by least squares
  neurons           the k largest neurons, the rest set to 0
  small_mlp         an MLP of each of --mlp-units, from the MLP's input to its output, trained from scratch on
                    --mlp-vectors of the training text, in the place of the MLP (mlp sites only)

Example:
  python scripts/compare_baselines.py --model results/A/lm/weights.safetensors --acts results/A/mlp_post/acts.zarr \\
      --tokens results/tokens/val.zarr --training results/tokens/train.zarr --headline relu-w2048 \\
      --sae results/A/mlp_post/relu-w{512,2048}/sae.safetensors \\
      --sae-record results/A/mlp_post/relu-w{512,2048}/sae.json --loss-tokens 8000 --k 10 50 150 --sample 16384 \\
      --ica-steps 15 --mlp-units 32 64 128 --mlp-vectors 260000 --mlp-epochs 3 --seed 0 --threads 1 \\
      --output ways.tsv --output-record explained.json
"""

import argparse
from math import ceil

import torch

from monosem.acts.store import open_store
from monosem.ground.artefacts import write_record, write_table
from monosem.ground.devices import device_of
from monosem.ground.flags import FILE, FILES, device_flags, parser_of
from monosem.investigations.explained import as_record, at_equal_l0, measure, way_table
from monosem.investigations.ways import baseline_ways, dictionary_ways, small_mlp_ways
from monosem.lm.sites import parse_site
from monosem.lm.transformer import load_lm
from monosem.text.tokens import contexts_for, read_contexts, read_record


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    whole = {"type": int, "required": True}
    parser.add_argument("--model", **FILE, help="weights of the language model")
    parser.add_argument("--acts", **FILE, help="its activation store (.zarr)")
    parser.add_argument("--tokens", **FILE, help="held-out token store (.zarr)")
    parser.add_argument("--training", **FILE, help="training token store (.zarr)")
    parser.add_argument("--headline", required=True, help="the dictionary whose L0 the others are given")
    parser.add_argument("--sae", **FILES, help="dictionaries, the headline one among them")
    parser.add_argument("--sae-record", **FILES, help="their records, in the same order")
    parser.add_argument("--loss-tokens", **whole, help="held-out tokens to measure losses on, BOS included")
    parser.add_argument("--k", type=int, nargs="*", default=[], help="further numbers to keep of each vector")
    parser.add_argument("--sample", **whole, help="stored vectors that PCA and ICA are fitted on")
    parser.add_argument("--ica-steps", **whole, help="steps of FastICA, at most")
    parser.add_argument("--mlp-units", type=int, nargs="*", default=[], help="units of each small MLP")
    parser.add_argument("--mlp-vectors", **whole, help="training tokens that they see, BOS included")
    parser.add_argument("--mlp-epochs", **whole, help="times that they see them")
    parser.add_argument("--seed", **whole, help="of ICA, the random directions and the small MLPs")
    device_flags(parser)
    parser.add_argument("--output", **FILE, help="one row a way and size (.tsv)")
    parser.add_argument("--output-record", **FILE, help="record (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    device = device_of(args)
    store, held_out = open_store(args.acts), read_record(args.tokens)
    model = load_lm(args.model, store.record["lm_digest"]).to(device)
    site = parse_site(store.record["site"], model.config.n_layers)
    tokens_SL, bos = read_contexts(args.tokens, contexts_for(args.loss_tokens, args.tokens)), held_out["bos"]

    dictionaries = dictionary_ways(args.sae, args.sae_record, store.record, site, device)
    if args.headline not in dictionaries:
        raise ValueError(f"--headline {args.headline}: not among {', '.join(dictionaries)}; give its --sae too")
    sums = measure(model, tokens_SL, bos, dictionaries, ablated=site)
    of_dictionaries, losses = way_table(dictionaries, sums, args.headline)
    headline = of_dictionaries.loc[args.headline].to_dict()
    k = ceil(headline["l0"])
    sample_BN = torch.from_numpy(next(store.batches(min(args.sample, store.record["n_vectors"]), first=0, seed=0)))
    numbers, n_random = list(dict.fromkeys([k, *args.k])), int(headline["size"])
    others, ica_steps = baseline_ways(
        sample_BN / store.scale, site, n_random, numbers, args.ica_steps, args.seed, device
    )
    if site.name.startswith("mlp"):
        train_SL = read_contexts(args.training, contexts_for(args.mlp_vectors, args.training))
        others |= small_mlp_ways(model, train_SL, bos, site, args.mlp_units, args.mlp_epochs, args.seed)
    sums = sums.join(measure(model, tokens_SL, bos, others).drop(columns="n"))
    table, _ = way_table({**dictionaries, **others}, sums, args.headline)
    write_table(args.output, table)
    fields = {
        "investigation": "explained",
        **{name: store.record[name] for name in ("model", "site")},
        "dictionary": args.headline,
        "tokens_digest": held_out["digest"],
        **losses,
        "headline": as_record(headline),
        "k": k,
        "equal_l0": at_equal_l0(table, k, headline["l0"]),
        "ica_steps": ica_steps,
    }
    write_record(args.output_record, fields, args=args)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
