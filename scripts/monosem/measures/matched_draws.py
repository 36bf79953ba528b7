"""Correlations of matched features over draws of held-out documents, for intervals of their median and the like.

Matches stay those of the whole text: the interval says how far the correlations hang on the documents, not how much the
best of many partners is flattered by being the best on this very text.

Shape suffixes: T held-out tokens, F matched features, G groups of documents, W draws.
"""

import numpy as np

from monosem.measures.codes import Codes, members
from monosem.measures.resampling import correlations_of, times_drawn

GROUPS = 64  # of documents, drawn whole: sums over more would take much memory in wide dictionaries
TOKENS, FEATURES = 1 << 16, 1 << 12  # taken at once


def groups_of(document_T: np.ndarray) -> np.ndarray:
    """The group of each token, 0 to 63 at most; documents are dealt out in the order of their numbers."""
    _, place_T = np.unique(document_T, return_inverse=True)
    return place_T % GROUPS


def drawn_correlations(a: Codes, b: Codes, partner_A: np.ndarray, document_T: np.ndarray) -> np.ndarray:
    """Of each feature of A that has a partner in B (-1: none) their correlation in each draw, [W, F]; NaN where one of
    the two does not vary in it."""
    sums_GF = group_sums(a, b, partner_A, groups_of(document_T))
    times_WG = times_drawn(len(sums_GF["n"]))
    parts = [np.empty((len(times_WG), 0), dtype=np.float32)]
    for start in range(0, sums_GF["x"].shape[1], FEATURES):
        part_WF = {name: times_WG @ sums[:, start : start + FEATURES] for name, sums in sums_GF.items() if name != "n"}
        parts.append(correlations_of({"n": times_WG @ sums_GF["n"], **part_WF}).astype(np.float32))
    return np.concatenate(parts, axis=1)


def medians(correlation_WF: np.ndarray) -> np.ndarray:
    """Over the features that vary in a draw, [W]; NaN where none does."""
    median_W, known_W = np.full(len(correlation_WF), np.nan), np.isfinite(correlation_WF).any(axis=1)
    median_W[known_W] = np.nanmedian(correlation_WF[known_W], axis=1)
    return median_W


def group_sums(a: Codes, b: Codes, partner_A: np.ndarray, group_T: np.ndarray) -> dict[str, np.ndarray]:
    """Over each group's tokens: their number [G, 1], and of features and their partners the sums, squares, products
    [G, F]."""
    matched, n_groups = np.flatnonzero(partner_A >= 0), group_T.max(initial=-1) + 1
    sums = {name: np.zeros((n_groups, matched.size)) for name in ("x", "y", "xx", "yy", "xy")}
    for start in range(0, group_T.size, TOKENS):
        rows = slice(start, start + TOKENS)
        x, y = (
            side.matrix[rows][:, columns].astype(np.float64)
            for side, columns in ((a, matched), (b, partner_A[matched]))
        )
        of_group = members(group_T[rows], n_groups).T
        for name, values in {"x": x, "y": y, "xx": x * x, "yy": y * y, "xy": x * y}.items():
            sums[name] += (of_group @ values).toarray()
    return {"n": np.bincount(group_T, minlength=n_groups)[:, None].astype(np.float64), **sums}
