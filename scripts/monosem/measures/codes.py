"""Codes: the sparse activations of a dictionary on held-out tokens, one file that needs no torch to read; the text that
they are of, and sums of them over groups of its tokens.

Shape suffixes: T held-out tokens (row-major over contexts, counted positions only), F features, R some of them,
G groups, Z stored entries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import save_file
from scipy.sparse import csc_array, csr_array

from monosem.ground.artefacts import read_json, replacing
from monosem.ground.finite import check_finite
from monosem.ground.progress import progress
from monosem.ground.records import value_of
from monosem.ground.tensors import load_tensors
from monosem.text.packed import Packed, read_packed

BLOCK_CODES = 1 << 22  # stored codes of a block of features, on average


@dataclass(frozen=True)
class Codes:
    """Activations above zero (or not equal to zero, for neurons of a signed site) as one CSR matrix [T, F], float32."""

    matrix: csr_array

    @property
    def n_tokens(self) -> int:
        return self.matrix.shape[0]

    @property
    def n_features(self) -> int:
        return self.matrix.shape[1]

    def by_feature(self) -> csc_array:
        """The same matrix with each feature's active tokens side by side and in order."""
        return self.matrix.tocsc()


def write_codes(path: Path, codes: Codes) -> None:
    check_finite(codes.matrix.data, f"codes for {path}", "a weight of the dictionary is too large; train it again")
    tensors = {
        "indptr": codes.matrix.indptr.astype(np.int64),
        "indices": codes.matrix.indices.astype(np.int32),
        "values": codes.matrix.data.astype(np.float32),
        "shape": np.array(codes.matrix.shape, dtype=np.int64),
    }
    with replacing(path) as tmp:
        save_file(tensors, tmp)


def read_codes(path: Path) -> Codes:
    """Raises ValueError naming the file when it is missing, cut short, or not a codes file."""
    try:
        tensors = load_tensors(path)
        narrow = np.int32 if tensors["values"].size < 1 << 31 else np.int64  # scipy widens both to the wider
        parts_Z = (tensors["values"], tensors["indices"], tensors["indptr"].astype(narrow))
        matrix = csr_array(parts_Z, shape=tuple(tensors["shape"].tolist()))
        matrix.check_format(full_check=True)
        return Codes(matrix)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; run the rule that writes it") from None
    except (SafetensorError, KeyError, ValueError) as error:
        raise ValueError(f"{path}: not a codes file ({error}); delete it and rerun") from None


def read_held_out(tokens: Path, record: Path) -> Packed:
    """Of a token store, the contexts that codes are of, as their record (codes.json) tells; see `read_codes_of`."""
    return read_packed(tokens, value_of(read_json(record), "n_contexts", record))


def read_codes_of(codes: Path, record: Path, held_out: Packed) -> Codes:
    """Raises ValueError when the codes are of other tokens."""
    if value_of(read_json(record), "tokens_digest", record) != held_out.digest:
        raise ValueError(f"{codes}: made from other tokens than are given; encode these tokens again")
    found = read_codes(codes)
    if found.n_tokens != held_out.n_tokens:
        raise ValueError(f"{codes}: {found.n_tokens} tokens, not {held_out.n_tokens}; encode them again")
    return found


def shifted(act_TF: csr_array) -> csr_array:
    """Passed by half of the tokens, so that what fires together does so by chance.

    Neighbouring tokens stay neighbours: features fire in runs as long as before.
    """
    n_tokens = act_TF.shape[0]
    return act_TF[np.roll(np.arange(n_tokens), n_tokens // 2)]


def members(group_T: np.ndarray, n_groups: int) -> csr_array:
    """A one in the column of each token's group, [T, G]."""
    ones_T = np.ones(group_T.size)
    return csr_array((ones_T, group_T, np.arange(group_T.size + 1)), shape=(group_T.size, n_groups))


def blocks(codes: Codes) -> Iterator[csr_array]:
    """Blocks of features with their activations above zero, float64 [R, T]."""
    by_feature = codes.by_feature()
    usual = max(1, by_feature.nnz // codes.n_features)
    n_rows = max(1, BLOCK_CODES // usual)
    for start in progress(range(0, codes.n_features, n_rows), desc="summing", unit="block"):
        values_RT = by_feature[:, start : start + n_rows].T.tocsr().astype(np.float64)
        values_RT.data = np.maximum(values_RT.data, 0.0)
        values_RT.eliminate_zeros()
        yield values_RT
