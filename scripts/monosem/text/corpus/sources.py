"""Local files and rows as documents.

.txt is one document, its category the folder's name. .jsonl and .jsonl.zst hold one JSON object a line, with its text
under "text" or another name. Its category is under "category" or The Pile's {"meta": {"pile_set_name": ...}}, else the
file's name.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from monosem.ground.local_files import TEXT
from monosem.text.corpus.documents import Document

CHUNK = 1 << 20  # bytes


class Rows(NamedTuple):
    """Where rows have their text, and whether one that has none there is left out; else it stops the work."""

    text_column: str = "text"
    skip_bad: bool = False

    def read(self, document: Callable[[str], Document]) -> Document | None:
        try:
            return document(self.text_column)
        except BadRowError:
            if not self.skip_bad:
                raise
        return None


class BadRowError(ValueError):
    """One row of many has no text."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}; set text_column to the column with the text, or on_bad_row to skip")


def local_documents(files: Iterable[Path], origin: str, rows: Rows) -> Iterator[Document | None]:
    """None for each row that is left out. Raises ValueError naming file and line for whatever else cannot be read."""
    for file in files:
        if file.suffix == TEXT:
            yield text_file(file, origin)
        else:
            yield from lines_file(file, origin, rows)


def text_file(file: Path, origin: str) -> Document:
    text = strict_utf8(file.read_bytes(), file)
    if not text.strip():
        raise ValueError(f"{file}: empty; expected text")
    return Document(text, file.parent.name or "text", str(file), origin)


def lines_file(file: Path, origin: str, rows: Rows) -> Iterator[Document | None]:
    number = 0
    for number, line in enumerate(raw_lines(file), start=1):
        yield rows.read(partial(line_document, line, file, number, origin))
    if number == 0:
        raise ValueError(f"{file}: empty; expected one JSON object a line")


def line_document(line: bytes, file: Path, number: int, origin: str, text_column: str) -> Document:
    where = f"{file} line {number}"
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadRowError(where, f"not UTF-8 ({error.reason})") from None
    except json.JSONDecodeError as error:
        raise BadRowError(where, f"not JSON ({error.msg}), expected one object a line") from None
    except (RecursionError, ValueError) as error:  # nested a thousand deep; numbers of thousands of digits
        raise BadRowError(where, f"JSON that cannot be read ({error})") from None
    return row_document(row, where, file.name.split(".")[0], origin, text_column)


def row_document(row: Any, where: str, default_category: str, origin: str, text_column: str) -> Document:  # noqa: ANN401
    if not isinstance(row, dict):
        raise BadRowError(where, f'{type(row).__name__}, expected an object like {{"{text_column}": "..."}}')
    if text_column not in row:
        raise BadRowError(where, f'no "{text_column}" among its columns ({", ".join(row)[:200] or "none"})')
    text = row[text_column]
    if not isinstance(text, str):
        raise BadRowError(where, f'"{text_column}" is {"null" if text is None else type(text).__name__}, not text')
    meta = row.get("meta")
    pile_set = meta.get("pile_set_name") if isinstance(meta, dict) else None
    return Document(text, str(row.get("category") or pile_set or default_category), where, origin)


def strict_utf8(content: bytes, file: Path) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        raise ValueError(f"{file} line {line}: not UTF-8 ({error.reason}); convert the file") from None
    return text.replace("\r\n", "\n")


def raw_lines(file: Path) -> Iterator[bytes]:
    """Lines of a plain or zstd file, without their ends."""
    if file.suffix != ".zst":
        with file.open("rb") as lines:
            yield from (line.rstrip(b"\r\n") for line in lines)
        return
    rest, number = b"", 0
    try:
        for chunk in decompressed(file):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                number += 1
                yield line
    except (zstandard.ZstdError, EOFError) as error:
        raise ValueError(f"{file} after line {number}: damaged zstd data ({error}); fetch the file again") from None
    if rest:
        yield rest


def decompressed(file: Path) -> Iterator[bytes]:
    """Raises EOFError at the end of a truncated file, which the library's own reader would take for a whole one."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=2**31)
    frame = None
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            while chunk:
                frame = frame or decompressor.decompressobj()
                yield frame.decompress(chunk)
                chunk = frame.unused_data
                frame = None if frame.eof else frame
    if frame:
        raise EOFError("the file ends inside a frame")
