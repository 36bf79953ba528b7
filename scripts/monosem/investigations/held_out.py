"""The held-out tokens that codes are of, and codes summed over groups of them.

Shape suffixes: T held-out tokens (counted positions, in the order of the codes), F features, R some of them, G groups.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from monosem.ground.artefacts import read_json
from monosem.ground.progress import progress
from monosem.ground.records import value_of
from monosem.investigations.packed import Packed, read_packed
from monosem.measures.codes import Codes, read_codes
from monosem.text.tokens import read_record

BLOCK_CODES = 1 << 22  # stored codes of a block of features, on average


class HeldOut(NamedTuple):
    token_T: np.ndarray
    category_T: np.ndarray
    context_T: np.ndarray
    categories: list[str]
    vocab_size: int
    digest: str


def read_held_out(tokens: Path, n_contexts: int) -> HeldOut:
    return flat(read_packed(tokens, n_contexts), read_record(tokens))


def flat(packed: Packed, record: dict[str, Any]) -> HeldOut:
    """The counted tokens of a text, one after the other; `record` is its store's."""
    counted_SL = packed.counted_SL
    labels = (of_SL[counted_SL].astype(np.int64) for of_SL in (packed.tokens_SL, packed.category_SL))
    return HeldOut(*labels, np.nonzero(counted_SL)[0], packed.categories, record["vocab_size"], record["digest"])


def read_codes_of(codes: Path, record: Path, held_out: HeldOut) -> Codes:
    """Raises ValueError when the codes are of other tokens."""
    if value_of(read_json(record), "tokens_digest", record) != held_out.digest:
        raise ValueError(f"{codes}: made from other tokens than are given; encode these tokens again")
    found = read_codes(codes)
    if found.n_tokens != held_out.token_T.size:
        raise ValueError(f"{codes}: {found.n_tokens} tokens, not {held_out.token_T.size}; encode them again")
    return found


def members(group_T: np.ndarray, n_groups: int) -> csr_array:
    """A one in the column of each token's group, [T, G]."""
    ones_T = np.ones(group_T.size)
    return csr_array((ones_T, group_T, np.arange(group_T.size + 1)), shape=(group_T.size, n_groups))


def blocks(codes: Codes) -> Iterator[tuple[slice, csr_array]]:
    """Blocks of features with their activations above zero, float64 [R, T]."""
    by_feature = codes.by_feature()
    usual = max(1, by_feature.nnz // codes.n_features)
    n_rows = max(1, BLOCK_CODES // usual)
    for start in progress(range(0, codes.n_features, n_rows), desc="summing", unit="block"):
        rows = slice(start, min(start + n_rows, codes.n_features))
        values_RT = by_feature[:, rows].T.tocsr().astype(np.float64)
        values_RT.data = np.maximum(values_RT.data, 0.0)
        values_RT.eliminate_zeros()
        yield rows, values_RT
