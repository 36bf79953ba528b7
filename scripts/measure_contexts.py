#!/usr/bin/env python3
"""Find the feature of each context, such as Arabic script or DNA, and measure what the paper claims about it.

A context is a list of Unicode blocks, an alphabet, or just a category of documents. Text is in an alphabet or a script
to the degree of the paper's proxy: the largest log P(s | context) / P(s) over stretches of text s that end at a token,
where P(s) comes from how often each token occurs in training text. The feature whose activation correlates best with
the proxy is chosen on one half of the held-out documents; on the other half are measured: this correlation
(sensitivity), the share of its active tokens within the context (specificity), the same for the best neuron and the
neuron nearest to it, whether it promotes the context's tokens, its match in the other model, and whether it fires in
documents of the context's category, which is the truth that the proxies stand for.

Example:
  D=results/A/mlp_post; python scripts/measure_contexts.py --seed 0 --min-tokens 50 --rare 10 --train-tokens 5000000 \\
      --contexts '{"Arabic": {"category": "arabic", "blocks": ["0600-06FF"]}, "licences": {"category": "legal"}}' \\
      --codes $D/relu-w2048/codes.safetensors --record $D/relu-w2048/codes.json \\
      --logits $D/relu-w2048/logits.safetensors --neurons $D/neurons/codes.safetensors \\
      --neurons-record $D/neurons/codes.json --matches results/universality/mlp_post/relu-w2048.parquet \\
      --tokens results/tokens/val.zarr --training results/tokens/train.zarr --tokenizer results/tokens/tokenizer.json \\
      --output contexts.tsv --output-histograms histograms.tsv --output-record contexts.json
"""

import argparse
import json

import pandas as pd

from monosem.ground.artefacts import read_json, write_record, write_table
from monosem.ground.flags import FILE, parser_of
from monosem.ground.records import MATCH_COLUMNS, read_table
from monosem.investigations.contexts import Dictionary, Limits, learn, measure
from monosem.investigations.proxies import parse_contexts
from monosem.measures.codes import read_codes_of, read_held_out
from monosem.text.packed import read_packed
from monosem.text.tokenizer import load_bytes
from monosem.text.tokens import contexts_for


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--contexts", type=json.loads, required=True, help="JSON: by name, category, blocks, alphabet")
    parser.add_argument("--seed", type=int, required=True, help="which documents are chosen on")
    parser.add_argument("--min-tokens", type=int, required=True, help="fewest tokens of a context in either half")
    parser.add_argument("--rare", type=int, required=True, help="tokens that occur less often have no logit weight")
    parser.add_argument(
        "--train-tokens", type=int, required=True, help="training tokens that occurrences are counted in"
    )
    parser.add_argument("--codes", **FILE, help="activations of the dictionary (codes.safetensors)")
    parser.add_argument("--record", **FILE, help="their record (codes.json)")
    parser.add_argument("--logits", **FILE, help="its logit weights (logits.safetensors)")
    parser.add_argument("--neurons", **FILE, help="activations of the neurons")
    parser.add_argument("--neurons-record", **FILE, help="their record")
    parser.add_argument("--matches", **FILE, help="table of match_features.py for the dictionary")
    parser.add_argument("--tokens", **FILE, help="held-out tokens (val.zarr)")
    parser.add_argument("--training", **FILE, help="training tokens (train.zarr)")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json")
    parser.add_argument("--output", **FILE, help="one row a context (.tsv)")
    parser.add_argument("--output-histograms", **FILE, help="activations and logit weights (.tsv)")
    parser.add_argument("--output-record", **FILE, help="the numbers of each context (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    asked, limits = parse_contexts(args.contexts), Limits(args.min_tokens, args.rare, args.seed)
    record = read_json(args.record)
    held_out = read_held_out(args.tokens, args.record)
    features = read_codes_of(args.codes, args.record, held_out)
    neurons = read_codes_of(args.neurons, args.neurons_record, held_out)
    training = read_packed(args.training, contexts_for(args.train_tokens, args.training))
    known = learn(asked, held_out, training, load_bytes(args.tokenizer), limits)
    dictionary = Dictionary(features, neurons, args.logits, read_table(args.matches, MATCH_COLUMNS))
    rows, counts = measure(asked, known, dictionary, limits)
    for table, path in ((pd.DataFrame(rows).convert_dtypes(), args.output), (counts, args.output_histograms)):
        write_table(path, table)
    fields = {name: record[name] for name in ("model", "site", "dictionary", "n_tokens", "tokens_digest")}
    fields |= {"investigation": "contexts", "n_measured": int(known.half_T.sum())}
    fields |= {"contexts": {row.pop("context"): row for row in rows}}
    write_record(args.output_record, fields, args=args)


if __name__ == "__main__":
    main()
