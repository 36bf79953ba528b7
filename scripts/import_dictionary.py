#!/usr/bin/env python3
"""Take a SAELens dictionary from its folder, as one of the run's dictionaries.

The folder has cfg.json and sae_weights.safetensors, of the architectures standard, topk, jumprelu (as batchtopk and
matryoshka are saved) or gated. It becomes the same function with decoder rows of norm 1: a code here is SAELens's times
the norm of its decoder row. What would not be the same function is refused: normalised activations, other activation
functions, top-k whose decoder norms differ and do not count.

Example:
  python scripts/import_dictionary.py --folder saes/gpt2 --name theirs \\
      --acts-record results/gpt2/resid_post/acts.json --lm-record results/gpt2/lm/lm.json \\
      --output results/gpt2/resid_post/theirs/sae.safetensors --output-record results/gpt2/resid_post/theirs/sae.json
"""

import argparse

from monosem.ground.artefacts import read_json, sha256, write_record
from monosem.ground.flags import FILE, parser_of
from monosem.interchange.places import check_hook
from monosem.interchange.sae_lens import CONFIG, WEIGHTS, read_sae_lens
from monosem.lm.sites import parse_site
from monosem.sae.autoencoder import save_sae


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--folder", **FILE, help="folder that SAELens saved")
    parser.add_argument("--name", required=True, help="name of the dictionary in tables")
    parser.add_argument("--acts-record", **FILE, help="record of the activations it reads (acts.json)")
    parser.add_argument("--lm-record", **FILE, help="record of their model (lm.json)")
    parser.add_argument("--output", **FILE, help="the dictionary in our form (.safetensors)")
    parser.add_argument("--output-record", **FILE, help="its record (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    acts, lm = read_json(args.acts_record), read_json(args.lm_record)
    sae, architecture, settings = read_sae_lens(args.folder)
    check_hook(settings, parse_site(acts["site"], lm["n_layers"]), args.folder)
    n_neurons = sae.W_dec_FN.shape[1]
    if n_neurons != acts["width"]:
        where = f"{acts['model']}/{acts['site']}"
        raise ValueError(
            f"{args.folder}: of {n_neurons} neurons, and {where} has {acts['width']}; it is of another model"
        )
    save_sae(args.output, sae, f"saelens-{architecture}")
    fields = {
        "dictionary": args.name,
        **{name: acts[name] for name in ("model", "site", "lm_digest", "scale")},
        "architecture": f"saelens-{architecture}",
        "n_features": sae.n_features,
        "n_neurons": n_neurons,
        "matmul_dtype": settings.get("dtype"),
        "imported": {
            "folder": args.folder.as_posix(),
            **{name: settings.get(name) for name in ("model_name", "hook_name")},
        },
        "digest": sha256(args.output)[:16],
    }
    inputs = [args.folder / CONFIG, args.folder / WEIGHTS, args.acts_record]
    write_record(args.output_record, fields, inputs=inputs, args=args)


if __name__ == "__main__":
    main()
