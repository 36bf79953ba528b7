"""Sources read one after the other, from wherever an interrupted run had got to.

The `place` of a source or stream is JSON: where it is after the document it gave last. `go_on` takes it up again.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Protocol

from monosem.text.corpus.documents import Document
from monosem.text.corpus.sources import Rows, row_document


class Source(Protocol):
    """`skipped`: bad rows left out so far, which a Stream keeps with the place."""

    name: str
    skipped: int

    def place(self) -> Any: ...  # noqa: ANN401

    def go_on(self, place: Any) -> None: ...  # noqa: ANN401

    def __iter__(self) -> Iterator[Document]: ...


class Repeatable:
    """Documents that come in the same order each time: to go on is to pass over as many. None is a bad row left out."""

    def __init__(self, documents: Iterable[Document | None], name: str = "") -> None:
        self.documents, self.name = iter(documents), name
        self.n_read, self.skipped = 0, 0

    def place(self) -> int:
        return self.n_read

    def go_on(self, place: int) -> None:
        self.n_read = sum(1 for _ in islice(self.documents, place))

    def __iter__(self) -> Iterator[Document]:
        for document in self.documents:
            self.n_read += 1
            if document:
                yield document
            else:
                self.skipped += 1


class HuggingFace:
    """Streams hf:DATASET[:CONFIG[:SPLIT]] (split: train). Raises ValueError without the library or the dataset.

    To go on it reads again from the start of the file it was in, not of the dataset
    (https://huggingface.co/docs/datasets/stream#save-a-dataset-checkpoint-and-resume-iteration).
    """

    def __init__(self, source: str, rows: Rows = Rows()) -> None:  # noqa: B008
        name, config, split = [*source.removeprefix("hf:").split(":"), "", ""][:3]
        try:
            from datasets import load_dataset
        except ImportError:
            raise ValueError(f"source {source}: needs the package `datasets`; pip install datasets") from None
        try:
            self.rows = load_dataset(name, config or None, split=split or "train", streaming=True)
        except (OSError, ValueError) as error:
            raise ValueError(f"source {source}: cannot be opened ({error}); check its name and the network") from None
        self.name, self.category, self.reading = source, name.split("/")[-1], rows
        self.number, self.skipped = 0, 0

    def place(self) -> dict[str, Any]:
        return {"row": self.number, "rows": self.rows.state_dict()}

    def go_on(self, place: dict[str, Any]) -> None:
        self.number = place["row"]
        self.rows.load_state_dict(place["rows"])

    def __iter__(self) -> Iterator[Document]:
        for row in self.rows:
            self.number += 1
            where = f"{self.name} row {self.number}"
            if document := self.reading.read(partial(row_document, row, where, self.category, self.name)):
                yield document
            else:
                self.skipped += 1


class Stream:
    """Of each source its first documents, up to and with the one that completes `max_mb` megabytes of UTF-8."""

    def __init__(self, sources: Sequence[Source], max_mb: float | None = None) -> None:
        self.sources, self.limit = sources, math.inf if max_mb is None else max_mb * 1e6
        self.current, self.taken = 0, 0

    def place(self) -> dict[str, Any]:
        within = self.sources[self.current].place() if self.current < len(self.sources) else None
        skipped = [source.skipped for source in self.sources]
        return {"source": self.current, "bytes": self.taken, "within": within, "skipped": skipped}

    def go_on(self, place: dict[str, Any]) -> None:
        self.current, self.taken = place["source"], place["bytes"]
        if self.current < len(self.sources):
            self.sources[self.current].go_on(place["within"])
        for source, skipped in zip(self.sources, place["skipped"], strict=True):
            source.skipped = skipped

    def __iter__(self) -> Iterator[Document]:
        while self.current < len(self.sources):
            source = self.sources[self.current]
            documents = iter(source)
            while self.taken < self.limit and (document := next(documents, None)):
                self.taken += len(document.text.encode(errors="replace"))
                yield document
            if source.skipped and not self.taken:
                raise ValueError(
                    f"source {source.name}: all of its {source.skipped} rows are bad; set text_column to the column "
                    "with the text, or on_bad_row to stop, which says what is wrong with the first"
                )
            self.current, self.taken = self.current + 1, 0
