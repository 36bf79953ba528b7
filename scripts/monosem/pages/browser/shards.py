"""Data as the browser reads it: a page opened from disk may load scripts but no other files, so a shard is a script.

A site has, below one folder, which the page's scripts know as well:

  data/{model}/{site}/{dictionary}/table.js        numbers of all features, a list a column
  data/{model}/{site}/{dictionary}/texts-{k}.js    explanation and tokens of ROWS_A_TEXT features
  data/{model}/{site}/{dictionary}/features-{k}.js all else of FEATURES_A_SHARD features
  text/vocabulary.js, text/contexts-{k}.js         tokens as they are shown; held-out text, CONTEXTS_A_SHARD a file

Budgets, in bytes: what the app takes, what opening one feature reads, and what a dictionary takes on disk.
"""

from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path

import numpy as np

from monosem.ground.finite import write_numbers

FEATURES_A_SHARD = 16
ROWS_A_TEXT = 512
CONTEXTS_A_SHARD = 64

APP_BYTES = 128 << 10
PAGE_BYTES = 2 << 20  # of a feature: app, its shard, and a vocabulary of 50,000 tokens; a third of it for one of 4,096
ROW_BYTES, TEXT_BYTES = 72, 640  # a feature in table.js and in texts
FEATURE_BYTES = 48 << 10  # in features, where a neuron is active on every token; 10 KiB for one active on few
DICTIONARY_BYTES = ROW_BYTES + TEXT_BYTES + FEATURE_BYTES  # a feature, on disk
FIXED_BYTES = 4096  # that each file may take beside


def write_shard(path: Path, data: object) -> int:
    """One script that hands `data` to the page; returns its bytes. Text is never code: JSON quotes it."""
    dumped = write_numbers(data, path, ensure_ascii=False, separators=(",", ":"))
    content = f"monosem.receive({dumped});\n".encode(errors="backslashreplace")
    path.write_bytes(content)
    return len(content)


def write_shards(folder: Path, name: str, n_rows: int, size: int, rows_of: Callable[[range], object]) -> int:
    """`{name}-{k}.js` for every `size` rows; `rows_of` gives those of a range. Returns the bytes of all."""
    written = 0
    for k, rows in enumerate(ranges(n_rows, size)):
        written += write_shard(folder / f"{name}-{k}.js", rows_of(rows))
    return written


def ranges(n_rows: int, size: int) -> Iterator[range]:
    for k in range(ceil(n_rows / size)):
        yield range(k * size, min(n_rows, (k + 1) * size))


def numbers(values: np.ndarray, digits: int = 3) -> list[float | int | None]:
    """Rounded to significant digits, as short as JSON can say them; None where there is no finite number."""
    return [short(value, digits) for value in np.asarray(values, dtype=np.float64).tolist()]


def short(value: float, digits: int = 3) -> float | int | None:
    if not np.isfinite(value):
        return None
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded == int(rounded) else rounded
