"""Kin features: those of two dictionaries that fire alike, by the masked cosine of their activations.

Follows "Towards Monosemanticity" (section on feature splitting). A feature of a wide dictionary may fire on a part of
the tokens of a narrow one's, so their plain cosine would be low; a cosine over the support of one of them is not:

    cos_a(a, b) = sum_t a_t b_t / ( |a| sqrt(sum of b_t^2 over the tokens where a is active) )

and the masked cosine is the larger of cos_a and cos_b. The three sums are products of sparse matrices, a block of
features of the first dictionary at a time; only pairs above the threshold are kept.

Shape suffixes: T held-out tokens, F features, A features of the first dictionary, B of the second, R some rows of A.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from monosem.ground.progress import progress
from monosem.measures.codes import Codes

BLOCK_ENTRIES = 1 << 21  # pairs of features whose cosines are held at once


class Activity(NamedTuple):
    """Activations [T, F] of the features that are looked at, and which features of the dictionary these are."""

    values: csr_array
    feature_F: np.ndarray


def activity(codes: Codes, min_active: int) -> Activity:
    """Of the features that are active on `min_active` tokens or more.

    Of one that is active on a single token, every feature active there is perfect kin, which says nothing.
    """
    n_active_F = np.bincount(codes.matrix.indices, minlength=codes.n_features)
    feature_F = np.flatnonzero(n_active_F >= min_active)
    return Activity(codes.matrix[:, feature_F].astype(np.float64), feature_F)


def where_active(values: csr_array) -> csr_array:
    """1 wherever there is an activation."""
    return csr_array((np.ones_like(values.data), values.indices, values.indptr), shape=values.shape)


def masked_cosines(a: Activity, b: Activity) -> Iterator[tuple[slice, np.ndarray]]:
    """Blocks of the masked cosines of all features of A with all of B: which rows, and their cosines [R, B]."""
    n_rows = max(1, BLOCK_ENTRIES // max(1, b.feature_F.size))
    by_feature = a.values.T.tocsr()
    active_b, squares_b = where_active(b.values), b.values.power(2)
    whole_b_B = squares_b.sum(axis=0)
    for start in progress(range(0, a.feature_F.size, n_rows), desc="comparing", unit="block"):
        rows = slice(start, start + n_rows)
        values = by_feature[rows]
        squares = values.power(2)
        dot_RB = (values @ b.values).toarray()
        square_a_RB, square_b_RB = (squares @ active_b).toarray(), (where_active(values) @ squares_b).toarray()
        whole_a_R = squares.sum(axis=1)
        # The larger cosine has the smaller product of norms; where that is 0 the features share no token.
        norms_RB = np.sqrt(np.minimum(whole_a_R[:, None] * square_b_RB, square_a_RB * whole_b_B))
        yield rows, np.divide(dot_RB, norms_RB, out=np.zeros_like(dot_RB), where=norms_RB > 0)


def kin(a: Activity, b: Activity, min_cosine: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs whose masked cosine exceeds `min_cosine`: features of A, features of B, cosines; ordered by A, then B."""
    found = []
    for rows, cosine_RB in masked_cosines(a, b):
        row, column = np.nonzero(cosine_RB > min_cosine)
        found.append((a.feature_F[rows][row], b.feature_F[column], cosine_RB[row, column]))
    if not found:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    return tuple(np.concatenate(part) for part in zip(*found, strict=True))
