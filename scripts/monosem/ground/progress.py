"""Progress of long work: a bar on a terminal, a line every ten seconds in a log."""

import sys
from collections.abc import Iterable
from typing import Any, TextIO

from tqdm import tqdm


class LineWriter:
    """Turns the carriage returns of a progress bar into lines, so that logs and pipes stay readable."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> None:
        line = text.strip("\r\n ")
        if line:
            self.stream.write(line + "\n")

    def flush(self) -> None:
        self.stream.flush()


def progress(items: Iterable[Any] | None = None, *, desc: str, unit: str, **options: Any) -> tqdm:  # noqa: ANN401
    """A tqdm bar on stderr; other keyword arguments (`total`, `initial`, `unit_scale`) are tqdm's."""
    if sys.stderr.isatty():
        return tqdm(items, desc=desc, unit=unit, dynamic_ncols=True, **options)
    quiet: dict[str, Any] = {"file": LineWriter(sys.stderr), "mininterval": 10, "maxinterval": 10}
    return tqdm(items, desc=desc, unit=unit, ascii=True, ncols=100, **quiet, **options)
