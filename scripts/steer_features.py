#!/usr/bin/env python3
"""Pin the feature of a context while the model writes, and measure how much of what it writes is in the context.

As in the paper the feature is set to its highest activation observed, times each of --multiples, at every position
after a prefix that says nothing of the context. Of --texts texts, by the proxy that the feature was found with, the
share of tokens in the context is measured, with and without steering; so is the share in the other contexts, since a
feature of one should not bring about another; and the perplexity of the texts under the model left alone, which is what
steering costs. All texts are drawn with the same random numbers.

Example:
  D=results/A/mlp_post/relu-w2048; python scripts/steer_features.py --model results/A/lm/weights.safetensors \\
    --acts-record results/A/mlp_post/acts.json --sae $D/sae.safetensors --features $D/features.parquet \\
    --contexts results/investigations/contexts/contexts.json --training results/tokens/train.zarr \\
    --tokenizer results/tokens/tokenizer.json --steer Arabic DNA --multiples 0.5 1 2 --prefix 1,2,3 --texts 64 \\
    --length 32 --seed 0 --threads 1 --output steering.tsv --output-texts texts.parquet --output-record steering.json

Output: steering.tsv, a row a condition and context (`pinned` is empty without steering): share, its standard error over
texts, perplexity; texts.parquet, all that was written; and a record with each context's gain by its own feature.
"""

import argparse

from monosem.ground.artefacts import read_json, write_record, write_table
from monosem.ground.devices import device_of
from monosem.ground.flags import FILE, device_flags, parser_of
from monosem.ground.records import read_table, value_of
from monosem.investigations.proxies import Proxies
from monosem.investigations.steered_text import PAPER_MULTIPLE, conditions, record_fields, steerable, write_all
from monosem.investigations.steering import Writer
from monosem.lm.sites import parse_site
from monosem.lm.transformer import load_lm
from monosem.sae.autoencoder import load_sae
from monosem.text.packed import read_packed
from monosem.text.tokenizer import encode_texts, load_bytes, load_tokenizer
from monosem.text.tokens import contexts_for

NAME = "steering"


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--model", **FILE, help="weights of the language model")
    parser.add_argument("--acts-record", **FILE, help="record of the activation store (acts.json)")
    parser.add_argument("--sae", **FILE, help="the dictionary (sae.safetensors)")
    parser.add_argument("--features", **FILE, help="its table of features (features.parquet)")
    parser.add_argument("--contexts", **FILE, help="record of measure_contexts.py (contexts.json)")
    parser.add_argument("--training", **FILE, help="training tokens (train.zarr)")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json")
    parser.add_argument("--steer", nargs="*", required=True, help="contexts whose feature is pinned")
    parser.add_argument(
        "--multiples", type=float, nargs="+", required=True, help="of its highest activation (paper: 1)"
    )
    parser.add_argument("--prefix", required=True, help="text that comes before (paper: 1,2,3,4,5,6,7,8,9,10)")
    parser.add_argument("--texts", type=int, required=True, help="texts of each condition")
    parser.add_argument("--length", type=int, required=True, help="tokens written of each")
    parser.add_argument("--seed", type=int, required=True, help="of the drawing of tokens")
    device_flags(parser)
    parser.add_argument("--output", **FILE, help="a row a condition and context (.tsv)")
    parser.add_argument("--output-texts", **FILE, help="a row a text (.parquet)")
    parser.add_argument("--output-record", **FILE, help="what each feature brings about (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    if PAPER_MULTIPLE not in args.multiples:
        raise ValueError(f"--multiples {args.multiples}: {PAPER_MULTIPLE:g}, the paper's, expected among them; add it")
    device = device_of(args)
    acts, found = read_json(args.acts_record), read_json(args.contexts)
    contexts = steerable(found, args.steer, args.contexts)
    n_contexts = contexts_for(value_of(found, "flags.train_tokens", args.contexts), args.training)
    known = Proxies.learn(contexts, read_packed(args.training, n_contexts), load_bytes(args.tokenizer))
    model = load_lm(args.model, acts["lm_digest"]).to(device)
    tokenizer, bos = load_tokenizer(args.tokenizer)
    prefix = [bos, *encode_texts(tokenizer, bos, [args.prefix])[0]]
    site = parse_site(acts["site"], model.config.n_layers)
    writer = Writer(model, site, prefix, args.texts, args.length, args.seed)
    features = {context.name: found["contexts"][context.name]["feature"] for context in contexts}
    highest_F = read_table(args.features, ["max_act"])["max_act"].to_numpy()
    wanted = conditions(contexts, features, highest_F, args.multiples)
    table, texts = write_all(writer, load_sae(args.sae).to(device), known, wanted, tokenizer)
    write_table(args.output, table)
    write_table(args.output_texts, texts)
    fields = {name: found[name] for name in ("model", "site", "dictionary")}
    fields |= {"n_texts": args.texts, **record_fields(table)}
    write_record(args.output_record, {"investigation": NAME, **fields}, args=args)


if __name__ == "__main__":
    main()
