"""The activation store: vectors of one site, which `shuffling` has put in random order, read by whole chunks.

Shape suffixes: T stored rows, R rows of a block, N site width.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec

from monosem.ground.arrays import open_array, read_chunk
from monosem.ground.artefacts import read_json
from monosem.ground.finite import all_finite, check_finite, check_ids

RULE = "store_acts"  # which writes stores
CHUNK_BYTES = 8 << 20
COLUMNS = {"token": "uint32", "context": "uint32", "position": "uint16"}
DTYPES = {"float16": np.float16, "float32": np.float32}
# Of the default run's activations lz4 leaves 0.53 and zstd 0.34, which takes twice as long to read and to write.
COMPRESSORS = (BloscCodec(cname="lz4", clevel=5, shuffle="shuffle"), Crc32cCodec())


def row_dtype(width: int, dtype: str) -> np.dtype:
    """One stored row: its activations and where they came from."""
    return np.dtype([("acts", DTYPES[dtype], (width,)), *COLUMNS.items()])


def rows_of(acts_RN: np.ndarray, columns: dict[str, np.ndarray], dtype: str) -> np.ndarray:
    """Structured rows; raises ValueError where a float16 cannot hold an activation."""

    for name, column in columns.items():
        check_ids(column, COLUMNS[name], name)
    narrow_RN = cast(acts_RN, dtype)
    if not all_finite(narrow_RN):
        raise ValueError(
            f"activation {np.abs(acts_RN).max():.6g}: not finite as {dtype}; set the store's dtype: float32"
        )
    rows = np.empty(len(acts_RN), dtype=row_dtype(acts_RN.shape[1], dtype))
    rows["acts"] = narrow_RN
    for name in COLUMNS:
        rows[name] = columns[name]
    return rows


def cast(acts_RN: np.ndarray, dtype: str) -> np.ndarray:
    """In another type, rounded to nearest; over its range is infinity. Torch does this ten times faster than numpy."""
    cast_RN = np.empty(acts_RN.shape, dtype=DTYPES[dtype])
    torch.from_numpy(cast_RN).copy_(torch.from_numpy(np.ascontiguousarray(acts_RN)))
    return cast_RN


def check_disk(n_vectors: int, width: int, dtype: str, disk_gib: float) -> float:
    """GiB before compression; raises ValueError when that is over the limit."""
    gib = n_vectors * row_dtype(width, dtype).itemsize / 2**30
    if gib > disk_gib:
        raise ValueError(
            f"activation store: up to {gib:.2f} GiB for {n_vectors} vectors of {width} {dtype}, "
            f"over disk_gib {disk_gib}; raise disk_gib or lower n_vectors"
        )
    return gib


class StoreWriter:
    """Writes shuffled rows as arrays of equal chunking, a chunk at a time, and sums them up for the store's record.

    From a `state` it goes on where the writer of that state was. A sum of floats depends on its order; this is that of
    the store, which is the same however it was collected.
    """

    def __init__(self, path: Path, n_rows: int, row: np.dtype, state: dict[str, Any] | None = None) -> None:
        if state is None:
            create_arrays(path, n_rows, row)
            state = {"start": 0, "pending": "", "norm": 0.0, "sum_N": [0.0] * row["acts"].shape[0]}
        # Zarr would not write a chunk of nothing but zeros, which then could not be told from a lost one.
        config: Any = {"write_empty_chunks": True}
        self.arrays = {name: zarr.open_array(path / name, mode="r+").with_config(config) for name in ("acts", *COLUMNS)}
        self.n_rows, self.chunk = n_rows, self.arrays["acts"].chunks[0]
        self.pending, self.start = np.frombuffer(bytes.fromhex(state["pending"]), dtype=row), state["start"]
        self.norm, self.sum_N = state["norm"], np.array(state["sum_N"])

    def state(self) -> dict[str, Any]:
        sums = {"norm": float(self.norm), "sum_N": self.sum_N.tolist()}
        return {"start": self.start, "pending": self.pending.tobytes().hex(), **sums}

    def write(self, rows: np.ndarray) -> None:
        check_finite(rows["acts"], "activations collected", "delete the parts and collect again")
        for first in range(0, len(rows), 8192):
            acts_RN = cast(rows["acts"][first : first + 8192], "float32")
            self.norm += np.linalg.norm(acts_RN, axis=1).sum(dtype=np.float64)
            self.sum_N += acts_RN.sum(axis=0, dtype=np.float64)
        self.pending = np.concatenate([self.pending, rows])
        while len(self.pending) >= self.chunk or 0 < len(self.pending) == self.n_rows - self.start:
            part, self.pending = self.pending[: self.chunk], self.pending[self.chunk :]
            for name, array in self.arrays.items():
                array[self.start : self.start + len(part)] = part[name]
            self.start += len(part)


def create_arrays(path: Path, n_rows: int, row: np.dtype) -> None:
    group, width = zarr.create_group(path), row["acts"].shape[0]
    chunk = min(n_rows, max(1, CHUNK_BYTES // (width * row["acts"].base.itemsize)))
    for name, dtype in {"acts": row["acts"].base, **COLUMNS}.items():
        rest = row[name].shape
        shapes: dict[str, Any] = {"shape": (n_rows, *rest), "chunks": (chunk, *rest)}
        group.create_array(name, dtype=dtype, compressors=COMPRESSORS, **shapes)


@dataclass(frozen=True)
class Store:
    """An opened store; `scale` times an activation vector has mean norm sqrt(N) over the store."""

    path: Path
    record: dict[str, Any]
    acts_TN: zarr.Array

    @property
    def scale(self) -> float:
        return self.record["scale"]

    @property
    def width(self) -> int:
        return self.acts_TN.shape[1]

    def chunk(self, number: int) -> np.ndarray:
        """One whole chunk [R, N]; raises ValueError when it is damaged, missing or not finite."""
        acts_RN = read_chunk(self.acts_TN, self.path / "acts", number, RULE)
        check_finite(acts_RN, f"{self.path}/acts chunk {number}", f"delete the store and rerun {RULE}")
        return acts_RN

    def scaled(self, number: int) -> np.ndarray:
        """One whole chunk [R, N] as float32, times the scale."""
        acts_RN = cast(self.chunk(number), "float32")
        acts_RN *= np.float32(self.scale)
        return acts_RN

    def batches(self, batch: int, *, first: int, seed: int) -> Iterator[np.ndarray]:
        """Endless scaled batches [batch, N] from whole chunks, read ahead by one; `first` skips that many batches.

        Rows are shuffled already; each epoch takes the chunks in a new order drawn from the seed.
        """
        rows_a_chunk, n_rows = self.acts_TN.chunks[0], self.acts_TN.shape[0]
        epoch, skip = divmod(first * batch, n_rows)
        with ThreadPoolExecutor(max_workers=1) as reader:
            pending = np.empty((0, self.width), dtype=np.float32)
            for number in read_order(-(-n_rows // rows_a_chunk), epoch, seed):
                size = min(rows_a_chunk, n_rows - number * rows_a_chunk)
                if skip >= size:
                    skip -= size
                    continue
                future = reader.submit(self.scaled, number)
                while len(pending) >= batch:
                    yield pending[:batch]
                    pending = pending[batch:]
                pending, skip = np.concatenate([pending, future.result()[skip:]]), 0


def read_order(n_chunks: int, epoch: int, seed: int) -> Iterator[int]:
    """Chunk numbers, epoch after epoch without end."""
    while True:
        yield from np.random.default_rng([seed, epoch]).permutation(n_chunks).tolist()
        epoch += 1


def open_store(path: Path) -> Store:
    """Raises ValueError when the record is missing or differs from the arrays, or when a chunk is not there."""
    record = read_json(path.with_suffix(".json"))
    arrays = {name: open_array(path / name, RULE) for name in ("acts", *COLUMNS)}
    for name, array in arrays.items():
        if array.shape[0] != record["n_vectors"]:
            raise ValueError(
                f"{path}/{name}: {array.shape[0]} rows, record says {record['n_vectors']}; delete and rerun {RULE}"
            )
    return Store(path, record, arrays["acts"])
