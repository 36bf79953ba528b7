#!/usr/bin/env python3
"""Write a dictionary in the format of another package, so that it can be loaded there; it gives the same codes.

  saelens              SAE.load_from_disk(folder)
  dictionary_learning  dictionary_learning.utils.load_dictionary(folder, device), and SAEBench
  sparsify             SparseCoder.load_from_disk(folder), and delphi

Inputs are raw activations everywhere. sparsify has no thresholds, so it is refused dictionaries with thresholds.

Example:
  python scripts/export_dictionary.py --format saelens --sae results/A/mlp_post/relu-w2048/sae.safetensors \\
      --sae-record results/A/mlp_post/relu-w2048/sae.json --lm-record results/A/lm/lm.json --context-length 128 \\
      --output results/export/saelens/A/mlp_post/relu-w2048
"""

import argparse

from monosem.ground.artefacts import read_json, replacing, write_record
from monosem.ground.flags import FILE, parser_of
from monosem.interchange.dictionary_learning import write_dictionary_learning
from monosem.interchange.forms import Origin
from monosem.interchange.sae_lens import write_sae_lens
from monosem.interchange.sparsify import write_sparsify
from monosem.lm.sites import parse_site
from monosem.sae.autoencoder import load_sae

WRITERS = {
    "saelens": write_sae_lens,
    "dictionary_learning": write_dictionary_learning,
    "sparsify": write_sparsify,
}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--format", choices=WRITERS, required=True, help="package that is to read it")
    parser.add_argument("--sae", **FILE, help="the dictionary (sae.safetensors)")
    parser.add_argument("--sae-record", **FILE, help="its record (sae.json)")
    parser.add_argument("--lm-record", **FILE, help="record of its model (lm.json)")
    parser.add_argument("--context-length", type=int, required=True, help="of the text it was trained on, BOS included")
    parser.add_argument("--output", **FILE, help="folder to write")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    record, lm = read_json(args.sae_record), read_json(args.lm_record)
    origin = Origin(record["model"], parse_site(record["site"], lm["n_layers"]), args.context_length, record)
    fields = {name: record[name] for name in ("dictionary", "model", "site", "digest", "lm_digest")}
    with replacing(args.output) as tmp:
        tmp.mkdir()
        WRITERS[args.format](tmp, load_sae(args.sae), origin)
        write_record(tmp / "monosem.json", fields, args=args)


if __name__ == "__main__":
    main()
