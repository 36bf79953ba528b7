"""Documents: cut into pieces, well mixed, all those of a document on one side of the train/val split.

documents.jsonl.zst holds one JSON object a line, {"text", "category", "source", "document", "split"}, ordered by a hash
of the text. So a model that reads some of it has pieces of most documents, not all of a few. The same documents give
the same bytes, in whatever order they come.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import zstandard


class Document(NamedTuple):
    text: str
    category: str
    source: str  # where exactly it is from
    origin: str  # what the record counts it under


class Part(NamedTuple):
    """A document, or a piece of one, with the hash it is sorted by; fields in sorting order."""

    key: bytes
    text: str
    category: str
    source: str
    origin: str
    document: int  # a number that pieces of one document share, and hardly any two documents
    split: str


def parts(text: str, most: int) -> Iterator[str]:
    """Pieces of at most so many characters, cut at the last paragraph, line or word end in their second half."""
    start = 0
    while len(text) - start > most:
        end = cut(text, start, most)
        yield text[start:end].strip("\n")
        start = end
    yield text[start:].strip("\n")


def cut(text: str, start: int, most: int) -> int:
    for separator in ("\n\n", "\n", " "):
        end = text.rfind(separator, start + most // 2, start + most)
        if end >= 0:
            return end
    return start + most


def number_of(text: str) -> int:
    """Of a whole document; 31 bits, which token stores have room for."""
    return int.from_bytes(identity(text)[:4], "big") >> 1


def identity(text: str, *, purpose: bytes = b"order") -> bytes:
    """16 bytes, the same for texts that differ in white space only, unrelated for another purpose."""
    return hashlib.blake2b(" ".join(text.split()).encode(), digest_size=16, person=purpose).digest()


def split_of(text: str, val_fraction: float) -> str:
    """Which split a document belongs to, by a hash of its whole text: so all its parts fall on the same side, and
    neither other documents nor their order matter."""
    share = int.from_bytes(identity(text, purpose=b"split"), "big") / 2**128
    return "val" if share < val_fraction else "train"


def split_parts(document: Document, val_fraction: float, piece_chars: int) -> Iterator[Part]:
    text, *rest = (
        field.encode(errors="replace").decode() for field in document
    )  # lone surrogates of JSON are no UTF-8
    split, number = split_of(text, val_fraction), number_of(text)
    for part in parts(text, piece_chars):
        if part.strip():
            yield Part(identity(part), part, *rest, number, split)


def json_line(part: Part) -> bytes:
    fields = {"text": part.text, "category": part.category, "source": part.source}
    fields |= {"document": part.document, "split": part.split}
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
