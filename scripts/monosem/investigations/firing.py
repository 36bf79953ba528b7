"""What features fire on: the share of a feature's activation that falls on each token and on each kind of text.

Shape suffixes: T held-out tokens, F features, V labels: tokens of the vocabulary, or categories of text.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from monosem.codes import Codes
from monosem.tokens import counted, read_contexts, read_record

N_TOP = 5  # tokens that a feature is shown by


class Text(NamedTuple):
    """Tokens that codes are of, and the category of the document that each stands in."""

    token_T: np.ndarray
    category_T: np.ndarray
    categories: list[str]


def read_text(path: Path, codes_record: dict[str, Any]) -> Text:
    """The tokens of the store at `path` that the codes of a record are of; raises ValueError if they are others."""
    record, n_contexts = read_record(path), codes_record["n_contexts"]
    if record["digest"] != codes_record["tokens_digest"]:
        raise ValueError(f"{path}: not the tokens that the codes were made from; encode these tokens again")
    tokens_SL = read_contexts(path, n_contexts)
    counted_SL = counted(tokens_SL, record["bos"])
    category_SL = read_contexts(path, n_contexts, "category")
    return Text(tokens_SL[counted_SL], category_SL[counted_SL], record["categories"])


def shares(codes: Codes, label_T: np.ndarray, n_labels: int) -> csr_array:
    """Share of each feature's activation on tokens of each label, [F, V]; rows sum to 1, or to 0 if it never fires."""
    parts = (np.ones(label_T.size), label_T.astype(np.int64), np.arange(label_T.size + 1))
    one_TV = csr_array(parts, shape=(label_T.size, n_labels))
    sum_FV = (codes.matrix.T.astype(np.float64) @ one_TV).tocsr()
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


def spell(word: str, vocabulary: Sequence[str]) -> list[int]:
    """Tokens that are the word, whatever the case, with or without space around it."""
    return [token for token, text in enumerate(vocabulary) if text.strip().casefold() == word.casefold()]
