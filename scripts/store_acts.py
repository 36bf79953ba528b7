#!/usr/bin/env python3
"""Run a model over text and keep its activations: the data that sparse autoencoders are trained on.

From each context a few positions are drawn without replacement, never BOS. The vectors are shuffled globally while
they are written, so that later steps read the store front to back, and each is kept with its token, context and
position. The record says by which factor to scale vectors so that their mean norm is the square root of their
width. Disk use is estimated first and refused over --disk-gib.

Example:
  python scripts/store_acts.py --model results/A/lm/weights.safetensors --model-record results/A/lm/lm.json \\
      --tokens results/tokens/train.zarr --site mlp_post --n-vectors 2500000 --per-context 32 --dtype float16 \\
      --disk-gib 10 --seed 1 --threads 2 --output results/A/mlp_post/acts.zarr \\
      --output-record results/A/mlp_post/acts.json
"""

import argparse
import math
from pathlib import Path

import numpy as np

from monosem.artefacts import read_json, replacing, scratch, write_record
from monosem.devices import use_device
from monosem.lm import load_lm, parse_site
from monosem.sampling import sampled_rows
from monosem.store import BUCKET_BYTES, DTYPES, Moments, check_disk, gather, row_dtype, scatter, write_arrays
from monosem.tokens import read_contexts, read_record


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="weights of the language model")
    parser.add_argument("--model-record", type=Path, required=True, help="their record (lm.json)")
    parser.add_argument("--tokens", type=Path, required=True, help="token store to run on (.zarr)")
    parser.add_argument("--site", required=True, help="mlp_post, mlp_out or resid_post; mlp_post-l0 for a layer")
    parser.add_argument("--n-vectors", type=int, required=True, help="vectors to store")
    parser.add_argument("--per-context", type=int, required=True, help="positions drawn from a context")
    parser.add_argument("--part", type=int, default=0, help="take every --parts-th context, from this one on,")
    parser.add_argument("--parts", type=int, default=1, help="so that models can be given different text")
    parser.add_argument("--dtype", choices=sorted(DTYPES), required=True, help="float16 stops on overflow")
    parser.add_argument("--disk-gib", type=float, required=True, help="refuse to write more than this, uncompressed")
    parser.add_argument("--seed", type=int, required=True, help="which positions, and their order")
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--output", type=Path, required=True, help="activation store (.zarr)")
    parser.add_argument("--output-record", type=Path, required=True, help="its record (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    tokens, lm = read_record(args.tokens), read_json(args.model_record)
    model = load_lm(args.model, lm["digest"]).to(use_device(args.device, args.threads))
    site = parse_site(args.site, model.config.n_layers)
    width = model.config.site_width(site)
    gib = check_disk(args.n_vectors, width, args.dtype, args.disk_gib)
    print(f"{args.output}: at most {gib:.2f} GiB, twice that while it is shuffled", flush=True)
    rows = sampled_rows(
        model,
        read_contexts(args.tokens),
        tokens["bos"],
        site,
        n_vectors=args.n_vectors,
        per_context=args.per_context,
        dtype=args.dtype,
        seed=args.seed,
        part=args.part,
        parts=args.parts,
    )
    moments, rng, row = Moments(width), np.random.default_rng([args.seed, 2]), row_dtype(width, args.dtype)
    n_buckets = math.ceil(args.n_vectors * row.itemsize / BUCKET_BYTES)
    with scratch(args.output.with_suffix(".buckets")) as folder:
        folder.mkdir()
        buckets = scatter(moments.watch(rows), folder, n_buckets, rng)
        with replacing(args.output) as tmp:
            write_arrays(tmp, gather(buckets, row, rng), args.n_vectors, row)
    fields = {
        "model": lm["model"],
        "site": args.site,
        "lm_digest": lm["digest"],
        "n_vectors": args.n_vectors,
        "width": width,
        "dtype": args.dtype,
        "scale": math.sqrt(width) * moments.n_rows / moments.norm,
        "mean": (moments.sum_N / moments.n_rows).tolist(),
        "gib": sum(file.stat().st_size for file in args.output.rglob("*") if file.is_file()) / 2**30,
    }
    inputs = [args.model, args.tokens.with_suffix(".json")]
    write_record(args.output_record, fields, inputs=inputs, args=args)


if __name__ == "__main__":
    main()
