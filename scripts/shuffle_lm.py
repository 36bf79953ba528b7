#!/usr/bin/env python3
"""Make the control model: a trained one with the entries of each weight matrix shuffled.

The paper asks whether dictionaries find structure that the model learnt or structure that any model would show. The
control has the size and the weight distribution of a trained model and has unlearnt everything; it goes through the
same steps. Biases and LayerNorm scales stay.

Example:
  python scripts/shuffle_lm.py --model results/A/lm/weights.safetensors --val results/tokens/val.zarr --name control \\
      --seed 3 --val-tokens 100000 --threads 1 --output results/control/lm/weights.safetensors \\
      --output-record results/control/lm/lm.json
"""

import argparse
from dataclasses import asdict

from monosem.ground.artefacts import sha256, write_record
from monosem.ground.devices import use_device
from monosem.ground.flags import FILE, parser_of
from monosem.lm.training import read_validation, validated
from monosem.lm.transformer import load_lm, save_lm, shuffle_weights
from monosem.text.tokens import read_record


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--model", **FILE, help="weights of the trained model")
    parser.add_argument("--val", **FILE, help="held-out token store (.zarr)")
    parser.add_argument("--name", required=True, help="name of the control in tables")
    parser.add_argument("--seed", type=int, required=True, help="of the shuffle")
    parser.add_argument("--val-tokens", type=int, required=True, help="tokens to measure its loss on")
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--output", **FILE, help="shuffled weights (.safetensors)")
    parser.add_argument("--output-record", **FILE, help="their record (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    use_device("cpu", args.threads)
    model = load_lm(args.model)
    shuffle_weights(model, seed=args.seed)
    save_lm(args.output, model)
    val_SL, bos = read_validation(args.val, args.val_tokens), read_record(args.val)["bos"]
    fields = {
        "model": args.name,
        **asdict(model.config),
        **validated(model, val_SL, bos),
        "digest": sha256(args.output)[:16],
    }
    write_record(args.output_record, fields, args=args)


if __name__ == "__main__":
    main()
