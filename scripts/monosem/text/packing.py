"""Text to packed contexts of token ids, as a store that is written once.

A context is BOS followed by a slice of one long stream in which BOS also separates documents. Shape suffixes:
S contexts, L position.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from tokenizers import Tokenizer
from zarr.codecs import BloscCodec, Crc32cCodec

from monosem.ground.finite import check_ids
from monosem.text.tokenizer import encode_texts
from monosem.text.tokens import ARRAYS

CHUNK = 8192  # contexts a chunk: 2 MiB of 16-bit tokens at length 128
# Tokens compress to two thirds at best; of what is not compressed, rows are read without reading all (`MappedRows`).
COMPRESSORS = {name: (BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"), Crc32cCodec()) for name in ARRAYS}
COMPRESSORS["tokens"] = (Crc32cCodec(),)
BLOCK = 65536  # contexts shuffled among themselves, in memory


@dataclass
class Packer:
    """Cuts a stream of documents into contexts [BOS, t1 .. tL-1]."""

    length: int
    bos: int
    pending: dict[str, list[np.ndarray]] = field(default_factory=lambda: {name: [] for name in ARRAYS})
    n_pending: int = 0

    def add(self, ids: list[int], category: int, document: int) -> None:
        columns = {"tokens": [self.bos, *ids], "category": category, "document": document}
        for name, values in columns.items():
            self.pending[name].append(np.broadcast_to(np.asarray(values, dtype=np.int64), (len(ids) + 1,)))
        self.n_pending += len(ids) + 1

    def take(self) -> dict[str, np.ndarray]:
        """All whole contexts of what was added, {name: int64 [S, L]}; the rest stays for the next call.

        A context's BOS carries the category and document of the token after it.
        """
        body = self.length - 1
        n_contexts = self.n_pending // body
        packed = {}
        for name in ARRAYS:
            stream = np.concatenate([*self.pending[name], np.empty(0, dtype=np.int64)])
            rows_SL = stream[: n_contexts * body].reshape(n_contexts, body)
            first_S1 = np.full((n_contexts, 1), self.bos) if name == "tokens" else rows_SL[:, :1]
            packed[name] = np.concatenate([first_S1, rows_SL], axis=1)
            self.pending[name] = [stream[n_contexts * body :]]
        self.n_pending -= n_contexts * body
        return packed


def encode_documents(
    tokenizer: Tokenizer, bos: int, documents: Iterable[tuple[int, str, str]], batch: int = 256
) -> Iterator[tuple[int, str, list[int]]]:
    """(document, category, text) in, (document, category, ids) out, encoded `batch` at a time on all cores."""
    waiting: list[tuple[int, str, str]] = []
    for document in documents:
        waiting.append(document)
        if len(waiting) == batch:
            yield from encode_batch(tokenizer, bos, waiting)
            waiting = []
    yield from encode_batch(tokenizer, bos, waiting)


def encode_batch(
    tokenizer: Tokenizer, bos: int, documents: list[tuple[int, str, str]]
) -> Iterator[tuple[int, str, list[int]]]:
    found = encode_texts(tokenizer, bos, [text for _, _, text in documents])
    for (number, category, _), ids in zip(documents, found, strict=True):
        yield number, category, ids


class ContextWriter:
    """Writes contexts to a new Zarr group of known length, each block in a new order, and hashes the tokens."""

    def __init__(self, path: Path, n_contexts: int, length: int, vocab_size: int, *, seed: int) -> None:
        kinds = {"tokens": "uint16" if vocab_size <= 1 << 16 else "uint32", "category": "uint16", "document": "int32"}
        group = zarr.create_group(path)
        options: dict[str, Any] = {"config": {"write_empty_chunks": True}}
        options |= {"shape": (n_contexts, length), "chunks": (min(CHUNK, n_contexts), length)}
        self.arrays = {
            name: group.create_array(name, dtype=kinds[name], compressors=COMPRESSORS[name], **options)
            for name in ARRAYS
        }
        self.n_contexts, self.n_written, self.hash = n_contexts, 0, hashlib.sha256()
        self.rng = np.random.default_rng(seed)

    def write(self, packed: dict[str, np.ndarray]) -> int:
        """Writes as many of the contexts as there is room for, shuffled among themselves; returns how many."""
        for name, array in self.arrays.items():
            check_ids(packed[name], array.dtype, name)
        n_rows = min(len(packed["tokens"]), self.n_contexts - self.n_written)
        order_S = self.rng.permutation(n_rows)
        for name, array in self.arrays.items():
            first, size = self.n_written, array.chunks[0]
            # A chunk at a time: of several at once, Zarr would go on to write some after another has failed.
            for part_SL in np.split(packed[name][order_S], range(size - first % size, n_rows, size)):
                array[first : first + len(part_SL)] = part_SL
                first += len(part_SL)
        self.hash.update(packed["tokens"][order_S].astype("<u4").tobytes())
        self.n_written += n_rows
        return n_rows
