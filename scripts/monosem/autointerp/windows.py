"""Windows: short token windows of a feature with its activations, and the file that holds them.

Shape suffixes: E windows (examples), W positions in a window.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from monosem.ground.finite import AGAIN, check_finite, check_within

ROLES = ("explain", "score")  # seen by the explainer; held back to score its explanation
EXPLAIN, SCORE = range(len(ROLES))
KINDS = ("top", "interval", "random", "out_of_context")
TOP, INTERVAL, RANDOM, OUT_OF_CONTEXT = range(len(KINDS))
UNOBSERVED = -1  # token of a window position that has no activation: BOS, or out of the document or context


class Windows(NamedTuple):
    """Rows ordered by feature. `role` and `kind` are places in ROLES and KINDS, `interval` is -1 for a window that was
    not drawn from one, `context` and `position` say where the centre stands; for `weight` see examples.py."""

    feature_E: np.ndarray
    role_E: np.ndarray
    kind_E: np.ndarray
    interval_E: np.ndarray
    context_E: np.ndarray
    position_E: np.ndarray
    tokens_EW: np.ndarray
    activations_EW: np.ndarray
    weight_E: np.ndarray

    def where(self, mask_E: np.ndarray) -> "Windows":
        return Windows(*(column[mask_E] for column in self))

    @property
    def observed_EW(self) -> np.ndarray:
        return self.tokens_EW != UNOBSERVED


def concatenate(parts: list[Windows]) -> Windows:
    return Windows(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def schema(width: int) -> pa.Schema:
    names = pa.dictionary(pa.int8(), pa.string())
    return pa.schema(
        {
            "feature": pa.int32(),
            "role": names,
            "kind": names,
            "interval": pa.int8(),
            "context": pa.int32(),
            "position": pa.int16(),
            "tokens": pa.list_(pa.int32(), width),
            "activations": pa.list_(pa.float32(), width),
            "weight": pa.float32(),
        }
    )


def to_table(windows: Windows) -> pa.Table:
    width = windows.tokens_EW.shape[1]
    arrays = []
    for field, column in zip(schema(width), windows, strict=True):
        if pa.types.is_dictionary(field.type):
            arrays.append(pa.DictionaryArray.from_arrays(column.astype(np.int8), names_of(field)))
        elif pa.types.is_fixed_size_list(field.type):
            flat = pa.array(column.ravel(), type=field.type.value_type)
            arrays.append(pa.FixedSizeListArray.from_arrays(flat, width))
        else:
            arrays.append(pa.array(column, type=field.type))
    return pa.Table.from_arrays(arrays, schema=schema(width))


def from_table(table: pa.Table) -> Windows:
    columns = []
    for field in table.schema:
        column = table.column(field.name).combine_chunks()
        if pa.types.is_dictionary(field.type):
            column = pc.index_in(column.dictionary_decode(), names_of(field))
        if pa.types.is_fixed_size_list(field.type):
            columns.append(column.flatten().to_numpy().reshape(len(column), field.type.list_size))
        else:
            columns.append(column.to_numpy())
    return Windows(*columns)


def names_of(field: pa.Field) -> pa.Array:
    return pa.array(ROLES if field.name == "role" else KINDS)


def write_windows(path: Path, blocks: Iterator[Windows], width: int) -> int:
    """Write one row group a block, each with whole features; returns the number of windows."""
    n_windows = 0
    with pq.ParquetWriter(path, schema(width), compression="zstd") as writer:
        for windows in blocks:
            writer.write_table(to_table(windows))
            n_windows += windows.feature_E.size
    return n_windows


def read_windows(path: Path) -> Iterator[Windows]:
    """The blocks of a windows file, each with whole features, in order of features.

    Raises ValueError naming the file when it is missing or was not written by `write_windows`.
    """
    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; run scripts/sample_examples.py, which writes it") from None
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path}: not a Parquet file ({error}); delete it and rerun") from None
    with file:
        if file.schema_arrow.names != schema(1).names:
            raise ValueError(
                f"{path}: columns {file.schema_arrow.names}; a file of scripts/sample_examples.py expected"
            )
        for group in range(file.num_row_groups):
            table, what = file.read_row_group(group), f"{path} row group {group}"
            empty = [name for name in table.column_names if pc.any(pc.is_null(table[name])).as_py()]
            if empty:
                raise ValueError(f"{what} column {empty[0]}: an empty cell; {AGAIN}")
            windows = from_table(table)
            check_windows(windows, what)
            yield windows


def check_windows(windows: Windows, what: str) -> None:
    """Raises ValueError for what is not finite, and for places that there are none of."""
    for name, column in zip(schema(1).names, windows, strict=True):
        check_finite(column, f"{what} column {name}")
        if name in ("feature", "context", "position"):
            check_within(column, 1 << 31, f"{what} column {name}:")
