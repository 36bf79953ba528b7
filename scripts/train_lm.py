#!/usr/bin/env python3
"""Train a small transformer to predict the next token: the model whose neurons the project takes apart.

One attention and one MLP block by default, as in the paper. The loss appears as it falls; `train.tsv` keeps it. A run
that is interrupted goes on where its last checkpoint was when the same command is given again, and ends with the
same weights as one that was not interrupted. Started by torchrun, several processes share the batch of every step,
with the same result but for rounding; another number of them may go on from a checkpoint.

Example:
  python scripts/train_lm.py --train results/tokens/train.zarr --val results/tokens/val.zarr --name A --seed 1 \\
      --n-layers 1 --d-model 128 --n-heads 4 --d-mlp 512 --tokens 12000000 --batch 64 --lr 0.004 --warmup 0.05 \\
      --weight-decay 0.01 --grad-clip 1 --val-every 50 --val-tokens 131072 --data-seed 0 --precision auto \\
      --compile yes --threads 2 --output results/A/lm/weights.safetensors --output-log results/A/lm/train.tsv \\
      --output-record results/A/lm/lm.json
"""

import argparse
from dataclasses import asdict

import pandas as pd
import torch

from monosem.ground.artefacts import sha256, write_record, write_table
from monosem.ground.checkpoints import Checkpoint, Stoppable, run_key
from monosem.ground.devices import PRECISIONS, resolved, use_device
from monosem.ground.flags import FILE, parser_of
from monosem.ground.parallel import Team, processes_here, team
from monosem.lm.training import LMTraining, read_validation, train_lm, validated
from monosem.lm.transformer import LanguageModel, LMConfig, save_lm
from monosem.text.tokens import map_contexts, read_record


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--train", **FILE, help="token store to train on (.zarr)")
    parser.add_argument("--val", **FILE, help="token store to validate on (.zarr)")
    parser.add_argument("--name", required=True, help="name of the model in tables, e.g. A")
    parser.add_argument("--seed", type=int, required=True, help="initial weights; A and B differ in this alone")
    parser.add_argument("--n-layers", type=int, required=True, help="blocks of attention and MLP")
    parser.add_argument("--d-model", type=int, required=True, help="width of the residual stream")
    parser.add_argument("--n-heads", type=int, required=True, help="attention heads a block")
    parser.add_argument("--d-mlp", type=int, required=True, help="neurons a block")
    parser.add_argument("--tokens", type=int, required=True, help="tokens to train on, BOS included")
    parser.add_argument("--batch", type=int, required=True, help="contexts a step, of all processes together")
    parser.add_argument("--micro-batch", type=int, help="contexts that a process takes at once; default: its share")
    parser.add_argument("--lr", type=float, required=True, help="peak learning rate of AdamW")
    parser.add_argument("--warmup", type=float, required=True, help="share of the steps with rising learning rate")
    parser.add_argument("--weight-decay", type=float, required=True, help="on matrices")
    parser.add_argument("--grad-clip", type=float, required=True, help="largest gradient norm")
    parser.add_argument("--val-every", type=int, required=True, help="steps between two validation losses")
    parser.add_argument("--val-tokens", type=int, required=True, help="tokens of the final validation loss")
    parser.add_argument("--data-seed", type=int, required=True, help="order of the contexts")
    parser.add_argument(
        "--precision", choices=PRECISIONS, required=True, help="of matrix products; weights are float32"
    )
    parser.add_argument("--compile", choices=["yes", "no"], required=True, help="use torch.compile where it works")
    parser.add_argument("--threads", type=int, required=True, help="CPU threads of all processes of a machine")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--checkpoint-s", type=float, default=60, help="seconds between two checkpoints")
    parser.add_argument("--output", **FILE, help="weights (.safetensors)")
    parser.add_argument("--output-log", **FILE, help="loss curve (.tsv)")
    parser.add_argument("--output-record", **FILE, help="record (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    args.threads = max(1, args.threads // processes_here())
    device = use_device(args.device, args.threads, processes_here())
    args.device, args.precision = device.type, resolved(args.precision, device)  # a checkpoint is of this machine's
    with team(device) as together:
        train(args, device, together)


def train(args: argparse.Namespace, device: torch.device, together: Team) -> None:
    tokens = read_record(args.train)
    size = (args.n_layers, args.d_model, args.n_heads, args.d_mlp)
    config = LMConfig(tokens["vocab_size"], tokens["context_length"], *size)
    given = ("tokens", "batch", "lr", "warmup", "weight_decay", "grad_clip", "val_every", "precision", "micro_batch")
    settings = LMTraining(
        **{name: getattr(args, name) for name in given},
        seed=args.data_seed,
        bos=tokens["bos"],
        compile=args.compile == "yes",
    )
    model = LanguageModel(config, seed=args.seed).to(device)
    val_SL = read_validation(args.val, args.val_tokens)
    inputs = [args.train.with_suffix(".json"), args.val.with_suffix(".json")]
    checkpoint = Checkpoint(args.output, run_key(args, inputs), every_s=args.checkpoint_s)
    with checkpoint if together.leads else Stoppable() as state:
        rows = train_lm(model, map_contexts(args.train), val_SL, settings, state, together)
        if not together.leads:
            return
        write_table(args.output_log, pd.DataFrame(rows), digits=None)
        save_lm(args.output, model)
        fields = {
            "model": args.name,
            **asdict(config),
            "n_parameters": sum(parameter.numel() for parameter in model.parameters()),
            "matmul_dtype": args.precision,
            **validated(model, val_SL, settings.bos),
            "tokens_trained": rows[-1]["tokens"],
            "digest": sha256(args.output)[:16],
        }
        write_record(args.output_record, fields, inputs=inputs, args=args)


if __name__ == "__main__":
    main()
