"""Token stores as they are read: packed contexts of token ids, each beginning with BOS (packing.py writes them).

Every statistic of the project is over *counted* positions, those whose token is not BOS: BOS has no text before it, and
its outsized norm would dominate means, variances and dashboards. Shape suffixes: S contexts, L position.
"""

from pathlib import Path
from typing import Any

import numpy as np

from monosem.ground.arrays import MappedRows, open_array, read_chunk
from monosem.ground.artefacts import read_json
from monosem.ground.finite import check_within

RULE = "pack_tokens"  # which writes token stores
ARRAYS = ("tokens", "category", "document")


def counted(tokens_SL: np.ndarray, bos: int) -> np.ndarray:
    """The one mask of the project, bool [S, L]: positions that enter the store, the metrics and the pages."""
    return tokens_SL != bos


def read_record(path: Path) -> dict[str, Any]:
    """The record beside `train.zarr` or `val.zarr`."""
    return read_json(path.with_suffix(".json"))


def contexts_for(n_tokens: int, path: Path) -> int:
    """How many contexts of a store hold so many tokens, BOS included; one at least."""
    return max(1, n_tokens // read_record(path)["context_length"])


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
