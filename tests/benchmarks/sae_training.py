#!/usr/bin/env python3
"""Time the training of sparse autoencoders by this project and by other packages, on the same activations.

Each package is installed from PyPI into an environment of its own (once, in --folder) and does its own training step:
forward, backward, optimizer, normalisation. All start from the same weights, sparse as in most of a training, at the
same penalty, learning rate, batch and threads, one after the other, and all of them again in each repeat. `x_encoder`
is the time of a step in multiples of one float32 encoder product, measured anew in each repeat. Peak memory is that of
the trainer's process, `start_mib` of it before the first step, most of that its packages. `cores` is the CPU time used
per second: well under --threads for a trainer that had it in another repeat, the machine was busy with other things.

With --whole, trainings from untrained weights instead: the time to the same held-out loss, at the largest width.

Example:
  python tests/benchmarks/sae_training.py --width 512 4096 --peers all --repeats 3 --json sae_training.json
  python tests/benchmarks/sae_training.py --whole --width 4096 --peers sae_lens --json whole.json
"""

import argparse
import json
import statistics
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import torch
from data import prepared
from measuring import Settings, encoder_product, run, score, steady_start, weights_path
from trainers import CACHE, OURS, Trainer, chosen
from whole import compare_trainings

REPOSITORY = Path(__file__).parents[2]
STORE = REPOSITORY / "results" / "A" / "mlp_post" / "acts.zarr"
REPORTED = ("activations_per_s", "x_encoder", "cores", "start_mib", "peak_mib", "loss", "l0", "explained_variance")


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--width", type=int, nargs="+", default=[512, 4096], help="numbers of features")
    parser.add_argument("--peers", nargs="+", default=["all"], help="none, all, or names; --whole needs relu ones")
    parser.add_argument("--repeats", type=int, default=3, help="of everything, in turn")
    parser.add_argument("--seconds", type=float, default=20, help="at least, and at least 3 steps, of each timed run")
    parser.add_argument("--acts", type=Path, default=STORE, help="activation store (.zarr)")
    parser.add_argument("--rows", type=int, default=400_000, help="vectors of the store to train on")
    parser.add_argument("--l1", type=float, default=3.3, help="sparsity penalty, in scaled units")
    parser.add_argument("--k", type=int, default=32, help="codes a vector, for top-k")
    parser.add_argument("--lr", type=float, default=0.002, help="learning rate of Adam, constant")
    parser.add_argument("--batch", type=int, default=8192, help="vectors a step")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--whole", action="store_true", help="time whole trainings")
    parser.add_argument("--whole-vectors", type=int, default=2_000_000, help="vectors of a whole training")
    parser.add_argument("--folder", type=Path, default=CACHE, help="environments, data and start weights are kept here")
    parser.add_argument("--json", type=Path, help="write the rows here")
    return parser.parse_args(argv)


def timed_runs(args: argparse.Namespace, width: int, settings: Settings) -> list[dict[str, Any]]:
    """Medians over the repeats, a row for each trainer."""
    start = steady_start(width, settings)
    found: dict[Trainer, list[dict[str, float]]] = {}
    with TemporaryDirectory() as folder:
        for _ in range(args.repeats):
            product = encoder_product(settings, width)
            for trainer in [*OURS, *chosen(args.peers)]:
                output = Path(folder) / trainer.name
                report = run(trainer, start, output, settings)
                reached = score(weights_path(output, report["steps"]), trainer.architecture, settings)
                seconds = report["seconds"] / report["steps"]
                cost = {"activations_per_s": args.batch / seconds, "x_encoder": seconds / product}
                found.setdefault(trainer, []).append({**report, **cost, **reached})
    return [summary(trainer, width, runs) for trainer, runs in found.items()]


def summary(trainer: Trainer, width: int, runs: list[dict[str, float]]) -> dict[str, Any]:
    columns = {name: [run[name] for run in runs] for name in REPORTED}
    return {
        "trainer": trainer.name,
        "package": trainer.package,
        "architecture": trainer.architecture,
        "precision": trainer.precision,
        "width": width,
        **{name: statistics.median(values) for name, values in columns.items()},
        "spread": {name: [min(values), max(values)] for name, values in columns.items()},
    }


def table(rows: list[dict[str, Any]]) -> str:
    shown = pd.DataFrame(rows).drop(columns=["package", "start_mib", "curve", "peer_curve"], errors="ignore")
    if "spread" in shown:
        for name in ("activations_per_s", "x_encoder"):
            shown[f"{name} min-max"] = [f"{low:.4g}-{high:.4g}" for low, high in (s[name] for s in shown["spread"])]
        shown = shown.drop(columns="spread")
    return shown.to_string(index=False, float_format=lambda value: f"{value:.4g}")


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    torch.set_num_threads(args.threads)
    shared = {name: getattr(args, name) for name in ("l1", "k", "lr", "batch", "threads", "seconds")}
    settings = Settings(data=prepared(args), environments=args.folder, **shared)
    if args.whole:
        rows = compare_trainings(chosen(args.peers), max(args.width), args.whole_vectors, settings)
    else:
        rows = [row for width in args.width for row in timed_runs(args, width, settings)]
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1))
    print(table(rows))


if __name__ == "__main__":
    main()
