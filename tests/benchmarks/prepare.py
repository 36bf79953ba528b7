"""Writes what every trainer of the benchmark is given: activations, and weights to start from.

Runs with the package on its path; `sae_training.py` calls it.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from monosem.acts.store import Store, open_store
from monosem.sae.architectures.relu import Relu
from monosem.sae.autoencoder import geometric_median

MEDIAN_ROWS = 8192  # vectors the decoder bias starts as the geometric median of
SEED = 1


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--acts", type=Path, required=True, help="activation store (.zarr)")
    parser.add_argument("--rows", type=int, required=True, help="vectors to train on")
    parser.add_argument("--heldout", type=int, required=True, help="other vectors, to measure on")
    parser.add_argument("--width", type=int, nargs="*", required=True, help="features of the weights to start from")
    parser.add_argument("--folder", type=Path, required=True, help="where to write them")
    return parser.parse_args()


def write_rows(store: Store, path: Path, first: int, n_rows: int) -> None:
    """Rows [first, first + n_rows) as float32, in the store's scaled units."""
    if path.exists():
        return
    size = store.acts_TN.chunks[0]
    if first + n_rows > store.acts_TN.shape[0]:
        raise ValueError(f"{store.path}: {store.acts_TN.shape[0]} vectors, {first + n_rows} asked for; lower --rows")
    acts_TN = np.lib.format.open_memmap(f"{path}.tmp", "w+", np.float32, (n_rows, store.width))
    for number in range(first // size, -(-(first + n_rows) // size)):
        start, part_RN = number * size, store.chunk(number)
        low, high = max(first, start), min(first + n_rows, start + len(part_RN))
        acts_TN[low - first : high - first] = part_RN[low - start : high - start].astype(np.float32) * store.scale
    acts_TN.flush()
    Path(f"{path}.tmp").rename(path)


def write_start(path: Path, acts_TN: np.ndarray, width: int) -> None:
    """The untrained autoencoder that the package begins with."""
    if path.exists():
        return
    median_N = geometric_median(torch.from_numpy(acts_TN[:MEDIAN_ROWS].copy()))
    weights = Relu(l1=0.0).start(width, median_N, torch.Generator().manual_seed(SEED))
    np.savez(path, **{name: tensor.numpy() for name, tensor in weights.items()})


def main() -> None:
    args = parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    store = open_store(args.acts)
    write_rows(store, args.folder / "train.npy", 0, args.rows)
    write_rows(store, args.folder / "heldout.npy", args.rows, args.heldout)
    acts_TN = np.load(args.folder / "train.npy", mmap_mode="r")
    for width in args.width:
        write_start(args.folder / f"untrained-{width}.npz", acts_TN, width)


if __name__ == "__main__":
    main()
