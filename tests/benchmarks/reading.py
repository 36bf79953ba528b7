#!/usr/bin/env python3
"""Time how long the steps of a training wait for their batches, which a thread reads and decompresses ahead.

The store's files are dropped from the page cache first, so they come from the disk. `waiting` is the share of the time
in which the training stood still for want of a batch; `reading` is the time that reading alone takes, as a share.

Example:
  python tests/benchmarks/reading.py --acts results/A/mlp_post/acts.zarr --width 512 4096
"""

import argparse
import os
import sys
import time
from pathlib import Path

import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from monosem.acts.store import Store, open_store
from monosem.sae.architectures.relu import Relu
from monosem.sae.recipe import Products, Recipe
from monosem.sae.training import advance, first_inputs, start

CPU = torch.device("cpu")


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--acts", type=Path, required=True, help="activation store (.zarr)")
    parser.add_argument("--width", type=int, nargs="+", default=[512, 4096], help="numbers of features")
    parser.add_argument("--batch", type=int, default=2048, help="vectors a step")
    parser.add_argument("--vectors", type=int, default=400_000, help="vectors to train on")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of the steps")
    return parser.parse_args()


def drop_cached(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def recipe_of(width: int, args: argparse.Namespace) -> Recipe:
    return Recipe(
        architecture=Relu(l1=3.2), n_features=width, vectors=args.vectors, batch=args.batch, lr=2e-3, beta1=0.9,
        beta2=0.999, warmup=0.02, decay=0.2, ramp=0.0, grad_clip=None, resample_at=(), resample_inputs=0,
        dead_window=1.0, log_every=1, seed=0,
    )  # fmt: skip


def reading_alone(store: Store, recipe: Recipe) -> float:
    """Seconds that reading the training's batches takes when nothing is done with them."""
    drop_cached(store.path)
    batches = store.batches(recipe.batch, first=0, seed=recipe.seed)
    started = time.perf_counter()
    for _ in range(recipe.steps):
        next(batches)
    batches.close()
    return time.perf_counter() - started


def training(store: Store, recipe: Recipe) -> tuple[float, float]:
    """Seconds of all steps, and those among them of waiting for batches; the first batch is not counted."""
    run = start(first_inputs(store, 8192).mean(dim=0), recipe, CPU)
    products = Products.of("float32", CPU)
    drop_cached(store.path)
    batches = store.batches(recipe.batch, first=0, seed=recipe.seed)
    x_BN, waited, started = next(batches), 0.0, time.perf_counter()
    for _ in range(recipe.steps - 1):
        advance(run, torch.from_numpy(x_BN), recipe, products)
        asked = time.perf_counter()
        x_BN = next(batches)
        waited += time.perf_counter() - asked
    batches.close()
    return time.perf_counter() - started, waited


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    store, rows = open_store(args.acts), []
    for width in args.width:
        recipe = recipe_of(width, args)
        alone, (seconds, waited) = reading_alone(store, recipe), training(store, recipe)
        step_ms = 1000 * seconds / recipe.steps
        rows.append({"width": width, "step_ms": step_ms, "waiting": waited / seconds, "reading": alone / seconds})
    print(pd.DataFrame(rows).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
