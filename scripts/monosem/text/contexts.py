"""Writing of token stores. Shape suffixes: S contexts, L position."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec

from monosem.ground.finite import check_ids
from monosem.text.tokens import ARRAYS

CHUNK = 8192  # contexts a chunk: 2 MiB of 16-bit tokens at length 128
# Tokens compress to two thirds at best; of what is not compressed, rows are read without reading all (`MappedRows`).
COMPRESSORS = {name: (BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"), Crc32cCodec()) for name in ARRAYS}
COMPRESSORS["tokens"] = (Crc32cCodec(),)
BLOCK = 65536  # contexts shuffled among themselves, in memory


class ContextWriter:
    """Writes contexts to a new Zarr group of known length, each block in a new order, and hashes the tokens."""

    def __init__(self, path: Path, n_contexts: int, length: int, vocab_size: int, *, seed: int) -> None:
        kinds = {"tokens": "uint16" if vocab_size <= 1 << 16 else "uint32", "category": "uint16", "document": "int32"}
        group = zarr.create_group(path)
        options: dict[str, Any] = {"config": {"write_empty_chunks": True}}
        options |= {"shape": (n_contexts, length), "chunks": (min(CHUNK, n_contexts), length)}
        self.arrays = {
            name: group.create_array(name, dtype=kinds[name], compressors=COMPRESSORS[name], **options)
            for name in ARRAYS
        }
        self.n_contexts, self.n_written, self.hash = n_contexts, 0, hashlib.sha256()
        self.rng = np.random.default_rng(seed)

    def write(self, packed: dict[str, np.ndarray]) -> int:
        """Writes as many of the contexts as there is room for, shuffled among themselves; returns how many."""
        for name, array in self.arrays.items():
            check_ids(packed[name], array.dtype, name)
        n_rows = min(len(packed["tokens"]), self.n_contexts - self.n_written)
        order_S = self.rng.permutation(n_rows)
        for name, array in self.arrays.items():
            first, size = self.n_written, array.chunks[0]
            # A chunk at a time: of several at once, Zarr would go on to write some after another has failed.
            for part_SL in np.split(packed[name][order_S], range(size - first % size, n_rows, size)):
                array[first : first + len(part_SL)] = part_SL
                first += len(part_SL)
        self.hash.update(packed["tokens"][order_S].astype("<u4").tobytes())
        self.n_written += n_rows
        return n_rows
