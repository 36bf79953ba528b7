"""Packed contexts with what is known of their documents, held-out or to learn from, in memory; and the same without
BOS, one counted token after the other, as codes have their rows.

Shape suffixes: S packed contexts, L position, T counted tokens, V vocabulary.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from monosem.text.tokens import counted, read_contexts, read_record


@dataclass(frozen=True, eq=False)
class Packed:
    """Packed contexts, each with the category and the document that a token is of."""

    tokens_SL: np.ndarray
    category_SL: np.ndarray
    document_SL: np.ndarray
    categories: list[str]
    bos: int
    vocab_size: int
    digest: str  # of the store; "" for text that is of none

    @cached_property
    def counted_SL(self) -> np.ndarray:
        return counted(self.tokens_SL, self.bos)

    @cached_property
    def token_T(self) -> np.ndarray:
        return self.tokens_SL[self.counted_SL].astype(np.int64)

    @cached_property
    def category_T(self) -> np.ndarray:
        return self.category_SL[self.counted_SL].astype(np.int64)

    @cached_property
    def document_T(self) -> np.ndarray:
        return self.document_SL[self.counted_SL]

    @cached_property
    def context_T(self) -> np.ndarray:
        return np.nonzero(self.counted_SL)[0]

    @cached_property
    def position_T(self) -> np.ndarray:
        return np.nonzero(self.counted_SL)[1]

    @cached_property
    def n_tokens(self) -> int:
        return int(self.counted_SL.sum())

    @cached_property
    def seen_V(self) -> np.ndarray:
        """How often each token of the vocabulary occurs."""
        return np.bincount(self.token_T, minlength=self.vocab_size)

    def is_of(self, category: str) -> np.ndarray:
        """Bool [S, L]; nothing is of a category that this text does not know."""
        return np.isin(self.category_SL, [place for place, name in enumerate(self.categories) if name == category])


def read_packed(path: Path, n_contexts: int) -> Packed:
    """The first contexts of a token store, or all if it has fewer."""
    record = read_record(path)
    arrays = (
        read_contexts(path, min(n_contexts, record["n_contexts"]), name) for name in ("tokens", "category", "document")
    )
    return Packed(*arrays, record["categories"], record["bos"], record["vocab_size"], record["digest"])
