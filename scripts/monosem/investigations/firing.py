"""What features fire on: the share of a feature's activation that falls on each token and on each kind of text.

Shape suffixes: T held-out tokens, F features, V labels: tokens of the vocabulary, or categories of text.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from monosem.measures.codes import Codes, members

N_TOP = 5  # tokens that a feature is shown by


def shares(codes: Codes, label_T: np.ndarray, n_labels: int) -> csr_array:
    """Share of each feature's activation on tokens of each label, [F, V]; rows sum to 1, or to 0 if it never fires."""
    sum_FV = (codes.matrix.T.astype(np.float64) @ members(label_T, n_labels)).tocsr()
    total_F = sum_FV.sum(axis=1)
    sum_FV.data /= np.repeat(total_F, np.diff(sum_FV.indptr))
    return sum_FV


def top_labels(share_FV: csr_array, n_top: int) -> list[list[int]]:
    """The labels with the largest shares of each feature, largest first."""
    top = []
    for first, last in zip(share_FV.indptr[:-1], share_FV.indptr[1:], strict=True):
        label, share = share_FV.indices[first:last], share_FV.data[first:last]
        top.append(label[np.lexsort((label, -share))[:n_top]].tolist())
    return top


def tokens_fired_on(share_FV: csr_array, vocabulary: Sequence[str], n_top: int = N_TOP) -> list[list[str]]:
    """Of each feature the tokens with most of its activation, as text."""
    return [[vocabulary[token] for token in tokens] for tokens in top_labels(share_FV, n_top)]


def main_category(share_FV: csr_array, categories: Sequence[str]) -> dict[str, Any]:
    """Columns of a table: the category with most of each feature's activation, and the share that it has."""
    dense_FV = share_FV.toarray()
    names = [categories[label] for label in dense_FV.argmax(axis=1)]
    return {"category": names, "category_share": dense_FV.max(axis=1, initial=0)}


def spell(word: str, vocabulary: Sequence[str]) -> list[int]:
    """Tokens that are the word, whatever the case, with or without space around it."""
    return [token for token, text in enumerate(vocabulary) if text.strip().casefold() == word.casefold()]
