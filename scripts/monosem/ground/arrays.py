"""Chunked arrays on disk, read so that damage is an error: a chunk that is not there Zarr would take for zeros.

Every chunk carries a checksum. Arrays are chunked along their first axis only.
"""

from pathlib import Path

import numpy as np
import zarr
from zarr.codecs import BytesCodec, Crc32cCodec

MAPPABLE = (BytesCodec, Crc32cCodec)  # a chunk's file is its rows, and the checksum behind them


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


class MappedRows:
    """Rows of an uncompressed array, by numbers, in memory only while the operating system has room for them.

    Every chunk is held against its checksum first. Processes of one machine share what they read.
    Raises ValueError naming what is wrong, as `open_array` and `read_chunk` do.
    """

    def __init__(self, path: Path, rule: str) -> None:
        array = open_array(path, rule)
        if tuple(map(type, array.metadata.codecs)) != MAPPABLE:
            raise ValueError(f"{path}: compressed, so rows cannot be mapped; delete the store and rerun {rule}")
        self.shape, self.size = array.shape, array.chunks[0]
        self.chunks = []
        for number in range(array.nchunks):
            read_chunk(array, path, number, rule)
            file = chunk_file(array, path, number)
            self.chunks.append(np.memmap(file, dtype=array.dtype, mode="r", shape=array.chunks))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, numbers_S: np.ndarray) -> np.ndarray:
        rows = np.empty((len(numbers_S), *self.shape[1:]), dtype=self.chunks[0].dtype)
        chunk_S, place_S = np.divmod(numbers_S, self.size)
        for chunk in np.unique(chunk_S):
            here_S = chunk_S == chunk
            rows[here_S] = self.chunks[chunk][place_S[here_S]]
        return rows
