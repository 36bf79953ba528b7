"""Chunked arrays on disk, read so that damage is an error: a chunk that is not there Zarr would take for zeros.

Every chunk carries a checksum. Arrays are chunked along their first axis only.
"""

from pathlib import Path

import numpy as np
import zarr


def open_array(path: Path, rule: str) -> zarr.Array:
    """An array of which no chunk is missing; `rule` is what writes it. Raises ValueError naming what is wrong."""
    try:
        array = zarr.open_array(path, mode="r")
    except (FileNotFoundError, ValueError, KeyError) as error:
        raise ValueError(f"{path}: not a Zarr array ({error}); delete the store and rerun {rule}") from None
    if array.nchunks_initialized != array.nchunks:
        missing = [number for number in range(array.nchunks) if not chunk_file(array, path, number).exists()]
        raise ValueError(
            f"{path}: {len(missing)} of {array.nchunks} chunks are missing, chunk {missing[0]} first; "
            f"delete the store and rerun {rule}"
        )
    return array


def read_chunk(array: zarr.Array, path: Path, number: int, rule: str) -> np.ndarray:
    """One whole chunk of the array at `path`; raises ValueError when it is damaged or is not there any more."""
    size = array.chunks[0]
    try:
        rows = array[number * size : (number + 1) * size]
    except (ValueError, RuntimeError) as error:
        reason = f"damaged ({error})"
    else:
        if chunk_file(array, path, number).exists():
            return rows
        reason = "missing"
    raise ValueError(f"{path} chunk {number}: {reason}; delete the store and rerun {rule}")


def chunk_file(array: zarr.Array, path: Path, number: int) -> Path:
    assert array.chunks[1:] == array.shape[1:], f"{path}: chunks {array.chunks} of {array.shape}"
    return path / array.metadata.encode_chunk_key((number, *[0] * (array.ndim - 1)))
