"""Text to packed contexts of token ids, and back to readable tokens.

A context is BOS followed by a slice of one long stream in which BOS also separates documents. Every statistic of the
project is over *counted* positions, those whose token is not BOS: BOS has no text before it, and its outsized norm
would dominate means, variances and dashboards. Shape suffixes: S contexts, L position, V vocabulary.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from monosem.ground.arrays import MappedRows, open_array, read_chunk
from monosem.ground.artefacts import read_json

RULE = "pack_tokens"  # which writes token stores
BOS = "<|bos|>"
BOS_NAMES = (BOS, "<|endoftext|>", "<s>", "<bos>", "[CLS]")
ARRAYS = ("tokens", "category", "document")


def train_bpe(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    """A byte-level BPE of exactly `vocab_size` tokens or fewer where the text does not hold enough; BOS is id 0."""
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    if vocab_size <= len(alphabet):
        raise ValueError(f"vocabulary size {vocab_size}: at least {len(alphabet) + 1} (BOS and every byte) expected")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=[BOS], initial_alphabet=sorted(alphabet), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def load_tokenizer(path: Path) -> tuple[Tokenizer, int]:
    """A `tokenizer.json` and its BOS id. Text that spells a special token is encoded as text."""
    try:
        text = path.read_text(encoding="utf-8")
        if "model" not in json.loads(text):
            raise TypeError("it has no `model`")
        tokenizer = Tokenizer.from_str(text)
    except FileNotFoundError:
        raise ValueError(f"tokenizer {path}: no such file; give the path of a tokenizer.json") from None
    except (json.JSONDecodeError, ValueError, TypeError) as error:
        raise ValueError(f"tokenizer {path}: not a tokenizer.json ({error})") from None
    tokenizer.encode_special_tokens = True
    for name in BOS_NAMES:
        bos = tokenizer.token_to_id(name)
        if bos is not None:
            return tokenizer, bos
    raise ValueError(f"tokenizer {path}: has none of {', '.join(BOS_NAMES)}; add one to mark document starts")


def load_vocabulary(path: Path) -> list[str]:
    """Readable text of every token id; a byte that is not valid UTF-8 by itself is shown as \\xd8."""
    return [token.decode("utf-8", "backslashreplace") for token in load_bytes(path)]


def load_bytes(path: Path) -> list[bytes]:
    """The bytes of every token id, which may hold parts of characters; of an added token, its name's."""
    tokenizer, _ = load_tokenizer(path)
    byte_of = bytes_of_characters()
    names = [tokenizer.id_to_token(token) or "" for token in range(tokenizer.get_vocab_size())]
    if not isinstance(tokenizer.decoder, decoders.ByteLevel):
        return [name.encode() for name in names]
    return [
        bytes(byte_of[c] for c in name) if name not in BOS_NAMES and set(name) <= byte_of.keys() else name.encode()
        for name in names
    ]


def bytes_of_characters() -> dict[str, int]:
    """GPT-2's map of printable characters to bytes (https://github.com/openai/gpt-2, encoder.py)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(others)}


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
    tokenizer: Tokenizer, documents: Iterable[tuple[int, str, str]], batch: int = 256
) -> Iterator[tuple[int, str, list[int]]]:
    """(line, category, text) in, (line, category, ids) out, encoded `batch` documents at a time on all cores."""
    waiting: list[tuple[int, str, str]] = []
    for document in documents:
        waiting.append(document)
        if len(waiting) == batch:
            yield from encode_batch(tokenizer, waiting)
            waiting = []
    yield from encode_batch(tokenizer, waiting)


def encode_batch(tokenizer: Tokenizer, documents: list[tuple[int, str, str]]) -> Iterator[tuple[int, str, list[int]]]:
    encodings = tokenizer.encode_batch_fast([text for _, _, text in documents], add_special_tokens=False)
    for (line, category, _), encoding in zip(documents, encodings, strict=True):
        yield line, category, encoding.ids


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
        read_SL[first : first + len(part_SL)] = part_SL[: n_contexts - first]
    return read_SL


def map_contexts(path: Path) -> MappedRows:
    """The tokens [S, L] of a store that may be larger than memory, by numbers of contexts; errors as above."""
    rows = MappedRows(path / "tokens", RULE)
    check_shape(path, "tokens", rows.shape)
    return rows


def check_shape(path: Path, array: str, shape: tuple[int, ...]) -> None:
    record = read_record(path)
    if shape != (record["n_contexts"], record["context_length"]):
        raise ValueError(f"{path}/{array}: shape {shape} differs from its record; delete it and rerun {RULE}")
