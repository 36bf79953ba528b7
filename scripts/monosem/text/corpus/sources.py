"""Local files as documents.

.txt is one document, its category the folder's name. .jsonl and .jsonl.zst hold one JSON object a line with "text" and,
for the category, "category" or The Pile's {"meta": {"pile_set_name": ...}}, else the file's name.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import zstandard

from monosem.text.corpus.documents import Document

LINES = (".jsonl", ".jsonl.zst")
CHUNK = 1 << 20  # bytes


def local_files(source: str) -> list[Path]:
    """Files of a path or glob (** for any depth), sorted. Raises ValueError for none and for an unknown ending."""
    path = Path(source)
    anchor = Path(path.anchor)
    files = [path] if path.is_file() else sorted(anchor.glob(str(path.relative_to(anchor))))
    files = [file for file in files if file.is_file()]
    if not files:
        raise ValueError(f"source {source}: no such file; give `packages`, hf:DATASET, or a path or quoted glob")
    for file in files:
        if not file.name.endswith((".txt", *LINES)):
            raise ValueError(
                f"source {file}: expected a .txt, .jsonl or .jsonl.zst file; convert it or narrow the glob"
            )
    return files


def local_documents(files: Iterable[Path], origin: str) -> Iterator[Document]:
    """Raises ValueError naming file and line for whatever cannot be read."""
    for file in files:
        if file.suffix == ".txt":
            yield text_file(file, origin)
        else:
            yield from lines_file(file, origin)


def text_file(file: Path, origin: str) -> Document:
    text = strict_utf8(file.read_bytes(), file, first_line=1)
    if not text.strip():
        raise ValueError(f"{file}: empty; expected text")
    return Document(text, file.parent.name or "text", str(file), origin)


def lines_file(file: Path, origin: str) -> Iterator[Document]:
    number = 0
    for number, line in enumerate(raw_lines(file), start=1):
        where = f"{file} line {number}"
        try:
            row = json.loads(strict_utf8(line, file, first_line=number))
        except json.JSONDecodeError as error:
            raise ValueError(f"{where}: not JSON ({error.msg}); expected one object a line") from None
        yield row_document(row, where, file.name.split(".")[0], origin)
    if number == 0:
        raise ValueError(f"{file}: empty; expected one JSON object a line")


def row_document(row: object, where: str, default_category: str, origin: str) -> Document:
    if not isinstance(row, dict) or "text" not in row:
        raise ValueError(f'{where}: no "text"; expected an object like {{"text": "..."}}')
    if not isinstance(row["text"], str):
        raise ValueError(f'{where}: "text" is {type(row["text"]).__name__}; expected a string')
    meta = row.get("meta")
    pile_set = meta.get("pile_set_name") if isinstance(meta, dict) else None
    return Document(row["text"], str(row.get("category") or pile_set or default_category), where, origin)


def strict_utf8(content: bytes, file: Path, *, first_line: int) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = first_line + content.count(b"\n", 0, error.start)
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
