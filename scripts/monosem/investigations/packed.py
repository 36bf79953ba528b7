"""Packed contexts with what is known of their documents. Shape suffixes: S packed contexts, L position."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from monosem.text.tokens import counted, read_contexts, read_record


class Packed(NamedTuple):
    """Packed contexts, each with the category of the document that a token is of."""

    tokens_SL: np.ndarray
    category_SL: np.ndarray
    document_SL: np.ndarray
    categories: list[str]
    bos: int

    @property
    def counted_SL(self) -> np.ndarray:
        return counted(self.tokens_SL, self.bos)

    def is_of(self, category: str) -> np.ndarray:
        """Bool [S, L]; nothing is of a category that this text does not know."""
        return np.isin(self.category_SL, [place for place, name in enumerate(self.categories) if name == category])


def read_packed(path: Path, n_contexts: int) -> Packed:
    """The first contexts of a token store, or all if it has fewer."""
    record = read_record(path)
    arrays = (
        read_contexts(path, min(n_contexts, record["n_contexts"]), name) for name in ("tokens", "category", "document")
    )
    return Packed(*arrays, record["categories"], record["bos"])
