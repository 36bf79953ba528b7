#!/usr/bin/env python3
"""Take a GPT-2 style model from a Hugging Face folder, as one of the run's models.

The folder has config.json (`model_type: gpt2`; ReLU, GELU or its tanh form; embeddings tied or not), model.safetensors
(or several, with their index) and tokenizer.json, as save_pretrained writes them. Other architectures (rotary
positions, RMSNorm, gated MLPs) are refused. The run's text must be in the model's own tokens; ids beyond
the tokenizer's, which fill the vocabulary up, are left out.

Example:
  python scripts/import_lm.py --folder models/gpt2 --tokenizer results/tokens/tokenizer.json \\
      --val results/tokens/val.zarr --name gpt2 --val-tokens 100000 --threads 1 \\
      --output results/gpt2/lm/weights.safetensors --output-record results/gpt2/lm/lm.json
"""

import argparse
from dataclasses import asdict

from monosem.ground.artefacts import sha256, write_record
from monosem.ground.devices import use_device
from monosem.ground.flags import FILE, parser_of
from monosem.interchange.gpt2 import read_gpt2, weight_files, without_padding
from monosem.interchange.tokenizer_files import check_same_tokenizer
from monosem.lm.training import read_validation, validated
from monosem.lm.transformer import save_lm
from monosem.text.tokenizer import count_ids, load_tokenizer
from monosem.text.tokens import read_record


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--folder", **FILE, help="Hugging Face folder of the model")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json of the run")
    parser.add_argument("--val", **FILE, help="held-out token store (.zarr)")
    parser.add_argument("--name", required=True, help="name of the model in tables")
    parser.add_argument("--val-tokens", type=int, required=True, help="tokens to measure its loss on")
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--output", **FILE, help="its weights in our form (.safetensors)")
    parser.add_argument("--output-record", **FILE, help="their record (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    use_device("cpu", args.threads)
    check_same_tokenizer(args.folder, args.tokenizer)
    n_tokens = count_ids(load_tokenizer(args.tokenizer)[0])
    whole = read_gpt2(args.folder)
    model = without_padding(whole, n_tokens, args.folder)
    size, val = model.config, read_record(args.val)
    if val["context_length"] > size.context_length:
        raise ValueError(f"{args.folder}: {size.context_length} positions; set tokens: context_length to that or less")
    save_lm(args.output, model)
    fields = {
        "model": args.name,
        **asdict(size),
        "n_parameters": sum(parameter.numel() for parameter in model.parameters()),
        **validated(model, read_validation(args.val, args.val_tokens), val["bos"]),
        "imported": args.folder.as_posix(),
        "padding_left_out": whole.config.vocab_size - n_tokens,
        "digest": sha256(args.output)[:16],
    }
    inputs = [*weight_files(args.folder), args.tokenizer, args.val.with_suffix(".json")]
    write_record(args.output_record, fields, inputs=inputs, args=args)


if __name__ == "__main__":
    main()
