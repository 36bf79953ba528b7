"""Documents on disk: split into parts, deduplicated, well mixed, each on one side of the train/val split.

documents.jsonl.zst holds one JSON object a line, {"text", "category", "source", "split"}, ordered by a hash of the
text. The same documents give the same bytes, in whatever order they come. Memory stays bounded: they go to disk, next
to the output, in buckets of near hashes, which are then sorted one at a time.
"""

import hashlib
import io
import json
import pickle
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from monosem.progress import progress
from monosem.scratch import scratch

MAX_CHARS = 24_000  # longer texts are split; a context holds about a thousand
BUCKETS = 128  # open files at once; the paper's 100 B tokens would make about 3 GB a bucket
ZSTD_LEVEL = 3


class Document(NamedTuple):
    text: str
    category: str
    source: str  # where exactly it is from
    origin: str  # what the record counts it under


class Part(NamedTuple):
    """A document, or a piece of a long one, with the hash it is sorted by; fields in sorting order."""

    key: bytes
    text: str
    category: str
    source: str
    origin: str
    split: str


def parts(text: str) -> Iterator[str]:
    """Pieces of at most MAX_CHARS characters, cut at the last paragraph, line or word end in their second half."""
    start = 0
    while len(text) - start > MAX_CHARS:
        end = cut(text, start)
        yield text[start:end].strip("\n")
        start = end
    yield text[start:].strip("\n")


def cut(text: str, start: int) -> int:
    for separator in ("\n\n", "\n", " "):
        end = text.rfind(separator, start + MAX_CHARS // 2, start + MAX_CHARS)
        if end >= 0:
            return end
    return start + MAX_CHARS


def identity(text: str, *, purpose: bytes = b"order") -> bytes:
    """16 bytes, the same for texts that differ in white space only, unrelated for another purpose."""
    return hashlib.blake2b(" ".join(text.split()).encode(), digest_size=16, person=purpose).digest()


def split_of(text: str, val_fraction: float) -> str:
    """Which split a document belongs to, by a hash of its whole text: so all its parts fall on the same side, and
    neither other documents nor their order matter."""
    share = int.from_bytes(identity(text, purpose=b"split"), "big") / 2**128
    return "val" if share < val_fraction else "train"


def split_parts(documents: Iterable[Document], val_fraction: float) -> Iterator[Part]:
    for document in documents:
        text = document.text.encode(errors="replace").decode()  # lone surrogates of JSON are no UTF-8
        split = split_of(text, val_fraction)
        for part in parts(text):
            if part.strip():
                yield Part(identity(part), part, *document[1:], split)


def write_documents(documents: Iterable[Document], path: Path, *, val_fraction: float) -> dict[str, Any]:
    """Write `path` (.jsonl.zst) and return its summary, the fields of corpus.json.

    Of equal texts one is kept, before anything is written: no val text is also a train text. Raises ValueError when
    a split is left empty.
    """
    with scratch(path.with_suffix(".buckets")) as folder:
        folder.mkdir()
        buckets = [folder / f"{number}" for number in range(BUCKETS)]
        spill(split_parts(documents, val_fraction), buckets)
        summary = merge(buckets, path)
    for split in ("train", "val"):
        if split not in summary["splits"]:
            raise ValueError(
                f"val fraction {val_fraction}: of {summary['n_documents']} documents none fell into the {split} split; "
                "give more documents or another fraction"
            )
    return summary


def spill(found: Iterable[Part], buckets: list[Path]) -> None:
    with ExitStack() as stack:
        files = [stack.enter_context(bucket.open("wb")) for bucket in buckets]
        for part in found:
            pickle.dump(tuple(part), files[part.key[0] * BUCKETS // 256])


def unspill(bucket: Path) -> Iterator[Part]:
    with bucket.open("rb") as file:
        while file.peek(1):
            yield Part(*pickle.load(file))


def merge(buckets: list[Path], path: Path) -> dict[str, Any]:
    """Write the buckets in order, each sorted and without duplicates; returns the summary."""
    digest, dropped = hashlib.sha256(), 0
    counts = {field: defaultdict(Counter) for field in ("category", "origin", "split")}
    compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True)
    with path.open("wb") as file, compressor.stream_writer(file) as compressed:
        for bucket in progress(buckets, desc="sorting documents", unit=" buckets"):
            previous = b""
            for part in sorted(unspill(bucket)):
                if part.key == previous:
                    dropped += 1
                    continue
                previous = part.key
                line = json_line(part)
                digest.update(line)
                compressed.write(line)
                for field, groups in counts.items():
                    groups[getattr(part, field)].update(documents=1, bytes=len(part.text.encode()))
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


def json_line(part: Part) -> bytes:
    fields = {"text": part.text, "category": part.category, "source": part.source, "split": part.split}
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def read_documents(path: Path) -> Iterator[dict[str, str]]:
    """The documents of a `documents.jsonl.zst` in order. Raises ValueError when it is missing or damaged."""
    try:
        with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
            for line in io.TextIOWrapper(stream, encoding="utf-8"):
                yield json.loads(line)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; run build_corpus first") from None
    except (zstandard.ZstdError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: damaged ({error}); delete it and run build_corpus again") from None
