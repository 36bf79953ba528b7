#!/usr/bin/env python3
"""Run a model over text and keep its activations: one job's part of an activation store.

From each context a few positions are drawn without replacement, never BOS, and each vector is kept with its token,
context and position. Several jobs may collect a store side by side, each from its own share of the contexts;
store_acts.py then shuffles their parts into one store, which is the same however many there were. Disk use is estimated
first and refused over --disk-gib.

Example:
  python scripts/collect_acts.py --model results/A/lm/weights.safetensors --model-record results/A/lm/lm.json \\
      --tokens results/tokens/train.zarr --site mlp_post --n-vectors 2500000 --per-context 32 --dtype float16 \\
      --disk-gib 10 --seed 1 --job 0 --jobs 4 --threads 2 --output results/A/mlp_post/acts-0-of-4
"""

import argparse

from monosem.acts.sampling import Sample, sampled_rows
from monosem.acts.shuffling import bucket_rng, count_buckets, scatter
from monosem.acts.store import DTYPES, check_disk, row_dtype
from monosem.ground.artefacts import read_json, replacing, write_record
from monosem.ground.devices import use_device
from monosem.ground.flags import FILE, device_flags, parser_of
from monosem.lm.sites import parse_site
from monosem.lm.transformer import load_lm
from monosem.text.tokens import map_contexts, read_record


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--model", **FILE, help="weights of the language model")
    parser.add_argument("--model-record", **FILE, help="their record (lm.json)")
    parser.add_argument("--tokens", **FILE, help="token store to run on (.zarr)")
    parser.add_argument("--site", required=True, help="mlp_post, mlp_out, resid_post, logits; mlp_post-l0 for a layer")
    parser.add_argument("--n-vectors", type=int, required=True, help="vectors of the whole store")
    parser.add_argument("--per-context", type=int, required=True, help="positions drawn from a context")
    parser.add_argument("--part", type=int, default=0, help="take every --parts-th context, from this one on,")
    parser.add_argument("--parts", type=int, default=1, help="so that models can be given different text")
    parser.add_argument("--dtype", choices=sorted(DTYPES), required=True, help="float16 stops on overflow")
    parser.add_argument("--disk-gib", type=float, required=True, help="largest store to begin with, uncompressed")
    parser.add_argument("--seed", type=int, required=True, help="which positions, and their order")
    parser.add_argument("--job", type=int, required=True, help="number of this job, from 0")
    parser.add_argument("--jobs", type=int, required=True, help="how many collect the store")
    device_flags(parser)
    parser.add_argument("--output", **FILE, help="folder for this job's part")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    if not 0 <= args.job < args.jobs:
        raise ValueError(f"--job {args.job}: 0 to {args.jobs - 1} expected, below --jobs")
    tokens, lm = read_record(args.tokens), read_json(args.model_record)
    model = load_lm(args.model, lm["digest"]).to(use_device(args.device, args.threads))
    site = parse_site(args.site, model.config.n_layers)
    width = model.config.site_width(site)
    gib = check_disk(args.n_vectors, width, args.dtype, args.disk_gib)
    sample = Sample(args.n_vectors, args.per_context, args.seed, args.part, args.parts)
    tokens_SL = map_contexts(args.tokens)
    share = sample.share(tokens_SL, tokens["bos"], args.job, args.jobs)
    print(f"{args.output}: {share.n_rows} vectors, {gib * share.n_rows / args.n_vectors:.2f} GiB", flush=True)
    rows = sampled_rows(model, tokens_SL, tokens["bos"], site, share, per_context=args.per_context, dtype=args.dtype)
    n_buckets = count_buckets(args.n_vectors, row_dtype(width, args.dtype))
    fields = {
        "model": lm["model"],
        "site": args.site,
        "lm_digest": lm["digest"],
        "n_vectors": args.n_vectors,
        "width": width,
        "dtype": args.dtype,
        "n_buckets": n_buckets,
        "n_rows": share.n_rows,
    }
    with replacing(args.output) as tmp:
        scatter(rows, tmp, n_buckets, bucket_rng(args.seed, n_buckets, share.first_row))
        inputs = [args.model, args.tokens.with_suffix(".json")]
        write_record(tmp / "part.json", fields, inputs=inputs, args=args)


if __name__ == "__main__":
    main()
