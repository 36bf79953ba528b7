#!/usr/bin/env python3
"""Write a language model and its tokenizer in the format of another package; it gives the same logits.

  huggingface       AutoModelForCausalLM.from_pretrained(folder), a GPT-2 with ReLU and untied embeddings, and
                    AutoTokenizer.from_pretrained(folder)
  transformer_lens  cfg.json and model.safetensors for a HookedTransformer, beside the same tokenizer; how to load them:
                    scripts/monosem/interchange/transformer_lens.py

Contexts begin with BOS, which neither tokenizer adds by itself.

Example:
  python scripts/export_lm.py --format huggingface --model results/A/lm/weights.safetensors \\
      --model-record results/A/lm/lm.json --tokenizer results/tokens/tokenizer.json \\
      --output results/export/huggingface/A
"""

import argparse

from monosem.ground.artefacts import read_json, replacing, write_record
from monosem.ground.flags import FILE, parser_of
from monosem.interchange.gpt2 import write_gpt2
from monosem.interchange.tokenizer_files import write_tokenizer
from monosem.interchange.transformer_lens import write_transformer_lens
from monosem.lm.transformer import load_lm
from monosem.text.tokenizer import load_tokenizer


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument(
        "--format", choices=["huggingface", "transformer_lens"], required=True, help="package that is to read it"
    )
    parser.add_argument("--model", **FILE, help="weights of the language model")
    parser.add_argument("--model-record", **FILE, help="their record (lm.json)")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json")
    parser.add_argument("--output", **FILE, help="folder to write")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    record = read_json(args.model_record)
    model = load_lm(args.model, record["digest"])
    with replacing(args.output) as tmp:
        tmp.mkdir()
        if args.format == "huggingface":
            write_gpt2(tmp, model, bos=load_tokenizer(args.tokenizer)[1])
        else:
            write_transformer_lens(tmp, model, record["model"])
        write_tokenizer(tmp, args.tokenizer, model.config.context_length)
        fields = {name: record[name] for name in ("model", "digest")}
        write_record(tmp / "monosem.json", fields, args=args)


if __name__ == "__main__":
    main()
