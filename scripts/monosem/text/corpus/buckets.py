"""Documents sorted on disk, without duplicates, in memory that stays bounded however many they are.

They are put into files of near hashes next to the output, which are then sorted one at a time. These buckets are only
appended to, so a checkpoint is how long each was, and the place in the stream of documents.
"""

import hashlib
import pickle
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

from monosem.ground.checkpoints import Checkpoint, say
from monosem.ground.progress import progress
from monosem.ground.scratch import remove
from monosem.text.corpus.documents import Part, json_line, split_parts
from monosem.text.corpus.streams import Stream

BUCKETS = 128  # open files at once; the paper's 100 B tokens would make about 3 GB a bucket
ZSTD_LEVEL = 3


@contextmanager
def buckets_of(path: Path, checkpoint: Checkpoint) -> Iterator[list[Path]]:
    """The buckets of the documents `path`. They stay only when what comes out of this leaves a checkpoint of them."""
    folder, is_done = path.with_name(f".{path.name}.buckets"), False
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield [folder / f"{number}" for number in range(BUCKETS)]
        is_done = True
    finally:
        if is_done or not checkpoint.path.exists():
            remove(folder)


def fill(
    buckets: list[Path], stream: Stream, checkpoint: Checkpoint, *, val_fraction: float, piece_chars: int
) -> dict[str, Any]:
    """Spreads the parts of all documents over the buckets, from the checkpoint on; returns the state at the end."""
    state = checkpoint.load()
    if state and not all(map(holds, buckets, state["lengths"])):
        say(f"ignoring checkpoint {checkpoint.path}: its files in {buckets[0].parent} are cut or gone")
        state = None
    state = state or {"step": 0, "place": stream.place(), "lengths": [0] * len(buckets)}
    stream.go_on(state["place"])
    with ExitStack() as stack:
        files = [stack.enter_context(opened(*bucket)) for bucket in zip(buckets, state["lengths"], strict=True)]
        bar = progress(stream, desc="reading documents", unit=" documents", initial=state["step"])
        for number, document in enumerate(bar, start=state["step"] + 1):
            for part in split_parts(document, val_fraction, piece_chars):
                pickle.dump(tuple(part), files[part.key[0] * len(files) // 256])
            if checkpoint.due():
                checkpoint.save({"step": number, "place": stream.place(), "lengths": lengths(files)})
        return {"step": bar.n, "place": stream.place(), "lengths": lengths(files)}


def holds(bucket: Path, length: int) -> bool:
    return bucket.exists() and bucket.stat().st_size >= length


def opened(bucket: Path, length: int) -> BinaryIO:
    """For appending, without what was written after the checkpoint."""
    file = bucket.open("ab")
    file.truncate(length)
    file.seek(length)
    return file


def lengths(files: list[BinaryIO]) -> list[int]:
    for file in files:
        file.flush()
    return [file.tell() for file in files]


def merge(buckets: list[Path], path: Path, checkpoint: Checkpoint, state: dict[str, Any]) -> dict[str, Any]:
    """Writes `path` (.jsonl.zst) from full buckets and returns its summary, the fields of corpus.json.

    Of equal texts one is kept, before anything is written: no val text is also a train text.
    """
    digest, dropped = hashlib.sha256(), 0
    counts = {field: defaultdict(Counter) for field in ("category", "origin", "split")}
    compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True)
    with path.open("wb") as file, compressor.stream_writer(file) as compressed:
        for bucket in progress(buckets, desc="sorting documents", unit=" buckets"):
            previous = b""
            for part in sorted(parts_in(bucket)):
                if part.key == previous:
                    dropped += 1
                    continue
                previous = part.key
                line = json_line(part)
                digest.update(line)
                compressed.write(line)
                for field, groups in counts.items():
                    groups[getattr(part, field)].update(documents=1, bytes=len(part.text.encode()))
            if checkpoint.due():
                checkpoint.save(state)
    by = {field: {name: dict(groups[name]) for name in sorted(groups)} for field, groups in counts.items()}
    return {
        "n_documents": sum(count["documents"] for count in by["split"].values()),
        "n_bytes": sum(count["bytes"] for count in by["split"].values()),
        "categories": by["category"],
        "splits": by["split"],
        "sources": by["origin"],
        "dropped_duplicates": dropped,
        "digest": digest.hexdigest(),
    }


def parts_in(bucket: Path) -> Iterator[Part]:
    with bucket.open("rb") as file:
        while file.peek(1):
            yield Part(*pickle.load(file))


def check_splits(summary: dict[str, Any], val_fraction: float) -> None:
    """Raises ValueError when a split is left empty."""
    for split in ("train", "val"):
        if split not in summary["splits"]:
            raise ValueError(
                f"val fraction {val_fraction}: of {summary['n_documents']} documents none fell into the {split} split; "
                "give more documents or another fraction"
            )
