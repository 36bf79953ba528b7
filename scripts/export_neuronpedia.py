#!/usr/bin/env python3
"""Write a scored dictionary as Neuronpedia imports it: features, their examples and explanations, as JSON lines.

In the output folder is a folder `{layer}-{site}-{dictionary}`, to be put where a Neuronpedia looks for sources
(v1/{model}/ of its data). Examples are the top ones and those of the intervals, on held-out text.

Example:
  D=results/A/mlp_post/relu-w2048; python scripts/export_neuronpedia.py --sae $D/sae.safetensors \\
      --sae-record $D/sae.json --lm-record results/A/lm/lm.json \\
      --codes $D/codes.safetensors --codes-record $D/codes.json --logits $D/logits.safetensors \\
      --features $D/features.parquet --examples $D/autointerp/examples.parquet \\
      --explanations $D/autointerp/explanations.parquet --tokenizer results/tokens/tokenizer.json --intervals 13 \\
      --context-length 128 --output results/export/neuronpedia/A/mlp_post/relu-w2048
"""

import argparse

from monosem.ground.artefacts import read_json, replacing, write_record
from monosem.ground.flags import FILE, parser_of
from monosem.interchange.forms import Origin
from monosem.interchange.neuronpedia import Source
from monosem.interchange.neuronpedia_files import Tables, write_neuronpedia
from monosem.lm.sites import parse_site
from monosem.text.tokenizer import load_vocabulary


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--sae", **FILE, help="the dictionary (sae.safetensors)")
    parser.add_argument("--sae-record", **FILE, help="its record (sae.json)")
    parser.add_argument("--lm-record", **FILE, help="record of its model (lm.json)")
    parser.add_argument("--codes", **FILE, help="its codes (codes.safetensors)")
    parser.add_argument("--codes-record", **FILE, help="their record (codes.json)")
    parser.add_argument("--logits", **FILE, help="its logit weights (logits.safetensors)")
    parser.add_argument("--features", **FILE, help="its table of features (features.parquet)")
    parser.add_argument("--examples", **FILE, help="its examples (examples.parquet)")
    parser.add_argument("--explanations", **FILE, help="its explanations (explanations.parquet)")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json")
    parser.add_argument("--intervals", type=int, required=True, help="of activation, that the examples were drawn from")
    parser.add_argument("--context-length", type=int, required=True, help="of the text, BOS included")
    parser.add_argument("--output", **FILE, help="folder to write")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    record, lm, codes = read_json(args.sae_record), read_json(args.lm_record), read_json(args.codes_record)
    source = Source(
        origin=Origin(record["model"], parse_site(record["site"], lm["n_layers"]), args.context_length, record),
        **{name: lm[name] for name in ("d_model", "d_mlp", "n_layers")},
        n_contexts=codes["n_contexts"],
        vocabulary=load_vocabulary(args.tokenizer),
        n_intervals=args.intervals,
        written=codes["written"],
    )
    tables = Tables(args.sae, args.codes, args.logits, args.features, args.examples, args.explanations)
    with replacing(args.output) as tmp:
        tmp.mkdir()
        write_neuronpedia(tmp / source.id, source, tables)
        fields = {name: record[name] for name in ("dictionary", "model", "site", "digest", "lm_digest")}
        write_record(tmp / "monosem.json", fields, args=args)


if __name__ == "__main__":
    main()
