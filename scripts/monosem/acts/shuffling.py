"""Activations are shuffled here, once and globally, on their way from the jobs that collect them to the store.

Jobs collect parts of it side by side, each from its share of the contexts. Shuffling follows Rao (1961) and Sandelius
(1962): every row goes to a uniformly drawn bucket on disk, then each bucket is permuted in memory. The result is a
uniform permutation, in two sequential passes, with one bucket in memory.

Rows are numbered in the order in which one job would collect them, and one generator draws all their buckets: a job
takes it up where the job before it leaves off. A bucket is what the parts hold of it, part after part. So the store is
the same, byte for byte, however many jobs collect it. Shape suffix: R rows of a block.
"""

import resource
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from monosem.acts.store import StoreWriter, row_dtype
from monosem.ground.artefacts import VOLATILE, read_json
from monosem.ground.checkpoints import Checkpoint
from monosem.ground.progress import progress
from monosem.ground.scratch import remove

BUCKET_BYTES = 256 << 20
MAX_BUCKETS = 1024  # files that a job has open at once; a store over 256 GiB has larger buckets
OWN_FIELDS = ("n_rows", *VOLATILE)  # in which the parts of one store may differ
OWN_FLAGS = ("job", "threads", "disk_gib")


def count_buckets(n_vectors: int, row: np.dtype) -> int:
    return min(MAX_BUCKETS, ceil(n_vectors * row.itemsize / BUCKET_BYTES))


def bucket_rng(seed: int, n_buckets: int, n_rows: int) -> np.random.Generator:
    """The generator of buckets, with the draws for the first `n_rows` rows behind it.

    They are drawn again: a draw may take more than one number, so their place cannot be computed. It takes nanoseconds.
    """
    rng = np.random.default_rng([seed, 2])
    for start in range(0, n_rows, 1 << 20):
        rng.integers(n_buckets, size=min(1 << 20, n_rows - start))
    return rng


def bucket_path(folder: Path, number: int) -> Path:
    return folder / f"bucket-{number:04d}"


def scatter(blocks: Iterable[np.ndarray], folder: Path, n_buckets: int, rng: np.random.Generator) -> None:
    """First pass: append every row to a uniformly drawn bucket file in a new folder."""
    allow_open_files(n_buckets)
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        files = [stack.enter_context(bucket_path(folder, i).open("wb")) for i in range(n_buckets)]
        for rows in blocks:
            bucket_R = rng.integers(n_buckets, size=len(rows))
            order_R = np.argsort(bucket_R, kind="stable")
            edges = np.searchsorted(bucket_R[order_R], np.arange(n_buckets + 1))
            for i, file in enumerate(files):
                file.write(rows[order_R[edges[i] : edges[i + 1]]])  # `tofile` does not say that a disk is full


def allow_open_files(number: int) -> None:
    """Raise this process's limit as far as needed, with room for what else is open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = number + 128
    if needed > soft:
        if hard != resource.RLIM_INFINITY and needed > hard:
            raise ValueError(
                f"{number} buckets: this system lets {hard} files be open; raise `ulimit -Hn` over {needed}"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def gather(
    folders: list[Path], n_buckets: int, row: np.dtype, rng: np.random.Generator, first: int = 0
) -> Iterator[np.ndarray]:
    """Second pass: each bucket from `first` on, of all folders together, permuted."""
    for i in range(first, n_buckets):
        rows = np.concatenate([np.fromfile(bucket_path(folder, i), dtype=row) for folder in folders])
        yield rows[rng.permutation(len(rows))]


@dataclass(frozen=True)
class Part:
    """A folder of bucket files and the record of the job that wrote it."""

    path: Path
    record: dict[str, Any]

    @property
    def job(self) -> tuple[int, int]:
        return self.record["flags"]["job"], self.record["flags"]["jobs"]

    @property
    def common(self) -> dict[str, Any]:
        """What the record says of the store, which all its parts say alike."""
        fields = {name: value for name, value in self.record.items() if name not in OWN_FIELDS}
        return {**fields, "flags": {name: flag for name, flag in fields["flags"].items() if name not in OWN_FLAGS}}

    @property
    def row(self) -> np.dtype:
        return row_dtype(self.record["width"], self.record["dtype"])

    def check(self) -> None:
        size = sum(file.stat().st_size for file in self.path.glob("bucket-*"))
        expected = self.record["n_rows"] * self.row.itemsize
        if size != expected:
            raise ValueError(f"{self.path}: buckets of {size} bytes, {expected} expected; delete it and collect again")


def read_parts(folders: Iterable[Path]) -> list[Part]:
    """All parts of one store, in order. Raises ValueError when one is missing, damaged, or of another store."""
    parts = sorted((Part(folder, read_json(folder / "part.json")) for folder in folders), key=lambda part: part.job)
    for part in parts:
        part.check()
        if part.common != parts[0].common:
            raise ValueError(
                f"{part.path}: collected with other flags, inputs or code than {parts[0].path}; collect both again"
            )
    jobs = parts[0].job[1]
    if [part.job for part in parts] != [(job, jobs) for job in range(jobs)]:
        raise ValueError(f"{', '.join(str(part.path) for part in parts)}: one part of each of {jobs} jobs expected")
    return parts


def shuffle(parts: list[Part], path: Path, checkpoint: Checkpoint) -> StoreWriter:
    """Writes all rows, in random order, as a store; goes on with what an interrupted run left of it."""
    of, row = parts[0].common, parts[0].row
    rng, first = bucket_rng(of["flags"]["seed"], of["n_buckets"], of["n_vectors"]), 0
    state = checkpoint.load() if path.exists() else None
    if state is None:
        remove(path)
    else:
        first, rng.bit_generator.state = state["step"], state["rng"]
    writer = StoreWriter(path, of["n_vectors"], row, state)
    buckets = gather([part.path for part in parts], of["n_buckets"], row, rng, first)
    bar = progress(buckets, desc="shuffle activations", unit="bucket", initial=first, total=of["n_buckets"])
    for done, rows in enumerate(bar, start=first + 1):
        writer.write(rows)
        if checkpoint.due():
            checkpoint.save({"step": done, "rng": rng.bit_generator.state, **writer.state()})
    assert writer.start == of["n_vectors"], f"{writer.start} of {of['n_vectors']} rows written"
    return writer
