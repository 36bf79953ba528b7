"""Text to packed contexts of token ids, and back to readable tokens.

A context is BOS followed by a slice of one long stream in which BOS also separates documents. Every statistic of the
project is over *counted* positions, those whose token is not BOS: BOS has no text before it, and its outsized norm
would dominate means, variances and dashboards. Shape suffixes: S contexts, L position, V vocabulary.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from monosem.ground.arrays import MappedRows, open_array, read_chunk
from monosem.ground.artefacts import read_json
from monosem.ground.finite import check_within
from monosem.text.tokenizer import encode_texts

RULE = "pack_tokens"  # which writes token stores
ARRAYS = ("tokens", "category", "document")


def counted(tokens_SL: np.ndarray, bos: int) -> np.ndarray:
    """The one mask of the project, bool [S, L]: positions that enter the store, the metrics and the pages."""
    return tokens_SL != bos


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
    """(line, category, text) in, (line, category, ids) out, encoded `batch` documents at a time on all cores."""
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
    for (line, category, _), ids in zip(documents, found, strict=True):
        yield line, category, ids


def read_record(path: Path) -> dict[str, Any]:
    """The record beside `train.zarr` or `val.zarr`."""
    return read_json(path.with_suffix(".json"))


def read_contexts(path: Path, n_contexts: int | None = None, array: str = "tokens") -> np.ndarray:
    """The first `n_contexts` rows (None: all) of one array [S, L] of a token store.

    Raises ValueError when the store has fewer rows, differs from its record, or has lost or damaged chunks.
    """
    rows = open_array(path / array, RULE)
    check_shape(path, array, rows.shape)
    n_contexts = rows.shape[0] if n_contexts is None else n_contexts
    if n_contexts > rows.shape[0]:
        raise ValueError(f"{path}: {rows.shape[0]} contexts stored, {n_contexts} asked; raise the token count")
    read_SL = np.empty((n_contexts, rows.shape[1]), dtype=rows.dtype)
    for first in range(0, n_contexts, rows.chunks[0]):
        part_SL = read_chunk(rows, path / array, first // rows.chunks[0], RULE)
        check_known(path, array, part_SL)
        read_SL[first : first + len(part_SL)] = part_SL[: n_contexts - first]
    return read_SL


def map_contexts(path: Path) -> MappedRows:
    """The tokens [S, L] of a store that may be larger than memory, by numbers of contexts; errors as above."""
    rows = MappedRows(path / "tokens", RULE)
    check_shape(path, "tokens", rows.shape)
    for chunk in rows.chunks:
        check_known(path, "tokens", chunk)
    return rows


def check_shape(path: Path, array: str, shape: tuple[int, ...]) -> None:
    record = read_record(path)
    if shape != (record["n_contexts"], record["context_length"]):
        raise ValueError(f"{path}/{array}: shape {shape} differs from its record; delete it and rerun {RULE}")


def check_known(path: Path, array: str, part_SL: np.ndarray) -> None:
    """Raises ValueError for a token or a category that the record does not know."""
    record, cure = read_record(path), f"delete it and rerun {RULE}"
    if array == "tokens":
        check_within(part_SL, record["vocab_size"], f"{path}/tokens: id", cure)
    if array == "category":
        check_within(part_SL, len(record["categories"]), f"{path}/category: id", cure)
