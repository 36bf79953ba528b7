"""Universality: for each feature of one model its best match in another, by correlation of their activations.

Follows "Towards Monosemanticity" (section on universality): Pearson correlation over the same held-out tokens, zeros
included. The paper's number is the median over features, 0.72 (of neurons 0.46): here among the quartiles of `summary`.
The sum over tokens in `sum(a b) - T mean(a) mean(b)` is taken over the tokens where a is active and the features of B
active there, one feature of A at a time, and only its best matches are kept: neither a dense T x F nor an F x F matrix
is ever held. Codes too dense for that (neurons) go through dense blocks of tokens, to the same result.

Shape suffixes: T held-out tokens, F features of one side, A features of the first side, B of the second, R some rows of
A, Z active tokens of one feature, K matches kept, V vocabulary.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monosem.ground.progress import progress
from monosem.ground.summary import defined, summarise
from monosem.ground.tensors import open_tensor
from monosem.measures.codes import Codes
from monosem.measures.matched_draws import drawn_correlations, medians
from monosem.measures.metrics import correlation_of
from monosem.measures.resampling import with_ends

SPARSE_TOKENS = 1 << 18  # active tokens of a feature taken at once
DENSE_ENTRIES = 1 << 22  # tokens times features of B in a dense block
DENSE_ROWS = 2048  # features of A in one pass over the dense blocks
# Where more than this share of the triples (feature of A, feature of B, token) is active on both sides, dense products
# are faster: 10 ns for each active triple against 0.02 ns for any, measured on two cores.
DENSE_ABOVE = 0.002
STATUSES = ("ok", "dead", "constant", "no_partner")
THRESHOLDS = (0.5, 0.7)  # correlations from which shares of matched features are recorded


class Side(NamedTuple):
    """One dictionary's codes; of each feature, over all tokens: mean, norm of the deviations from it (0: it never
    varies), and whether it is ever active."""

    codes: Codes
    mean_F: np.ndarray
    norm_F: np.ndarray
    active_F: np.ndarray


def side(codes: Codes) -> Side:
    indices, n_features = codes.matrix.indices, codes.n_features
    values = codes.matrix.data.astype(np.float64)
    mean_F = np.bincount(indices, values, minlength=n_features) / codes.n_tokens
    squares_F = np.bincount(indices, values**2, minlength=n_features)
    variation_F = squares_F - codes.n_tokens * mean_F**2
    norm_F = np.sqrt(np.where(variation_F > 1e-12 * squares_F, variation_F, 0.0))
    return Side(codes, mean_F, norm_F, squares_F > 0)


def best_matches(a: Side, b: Side, top_k: int) -> tuple[np.ndarray, np.ndarray]:
    """Partners in B of each feature of A and their correlations, [A, K] each, best first, K = min(top_k, width of B).

    Partner -1 with correlation NaN where there is none: when either feature never varies over the tokens.
    """
    n_kept = min(top_k, b.codes.n_features)
    partner_AK = np.full((a.codes.n_features, n_kept), -1, dtype=np.int32)
    correlation_AK = np.full(partner_AK.shape, np.nan)
    for feature, covariance_B in covariances(a, b):
        correlation_B = correlations(covariance_B, a.norm_F[feature], b.norm_F)
        best = np.argpartition(-correlation_B, n_kept - 1)[:n_kept]
        best = best[np.lexsort((best, -correlation_B[best]))]
        best = best[np.isfinite(correlation_B[best])]
        partner_AK[feature, : best.size] = best
        correlation_AK[feature, : best.size] = correlation_B[best]
    return partner_AK, correlation_AK


def correlations(covariance_B: np.ndarray, norm: float, norm_B: np.ndarray) -> np.ndarray:
    """Pearson correlations of one feature of A with every feature of B; -inf for those that never vary."""
    varies_B = norm_B > 0
    correlation_B = covariance_B / (norm * np.where(varies_B, norm_B, 1.0))
    return np.where(varies_B, np.clip(correlation_B, -1.0, 1.0), -np.inf)


def covariances(a: Side, b: Side) -> Iterator[tuple[int, np.ndarray]]:
    """For each feature of A that varies: sums over tokens of its deviation from the mean times each of B's."""
    densities = [side.codes.matrix.nnz / np.prod(side.codes.matrix.shape) for side in (a, b)]
    rows = dense_covariances(a, b) if np.prod(densities) > DENSE_ABOVE else sparse_covariances(a, b)
    return ((feature, covariance_B) for feature, covariance_B in rows if a.norm_F[feature] > 0)


def sparse_covariances(a: Side, b: Side) -> Iterator[tuple[int, np.ndarray]]:
    by_feature, matrix_b = a.codes.by_feature(), b.codes.matrix
    for feature in progress(range(a.codes.n_features), desc="matching", unit="feature"):
        covariance_B = -a.codes.n_tokens * a.mean_F[feature] * b.mean_F
        first, last = by_feature.indptr[feature : feature + 2]
        for start in range(first, last, SPARSE_TOKENS):
            chunk = slice(start, min(start + SPARSE_TOKENS, last))
            rows = matrix_b[by_feature.indices[chunk]]
            values_Z = by_feature.data[chunk].astype(np.float64)
            products = np.repeat(values_Z, np.diff(rows.indptr)) * rows.data
            covariance_B += np.bincount(rows.indices, products, minlength=covariance_B.size)
        yield feature, covariance_B


def dense_covariances(a: Side, b: Side) -> Iterator[tuple[int, np.ndarray]]:
    matrix_b, n_tokens = b.codes.matrix, max(1, DENSE_ENTRIES // b.codes.n_features)
    for start in range(0, a.codes.n_features, DENSE_ROWS):
        rows = slice(start, start + DENSE_ROWS)
        matrix_a, mean_a = a.codes.matrix[:, rows], a.mean_F[rows]
        covariance_RB = np.zeros((mean_a.size, b.mean_F.size))
        for token in progress(range(0, a.codes.n_tokens, n_tokens), desc="multiplying", unit="block"):
            tokens = slice(token, token + n_tokens)
            covariance_RB += (matrix_a[tokens].toarray() - mean_a).T @ (matrix_b[tokens].toarray() - b.mean_F)
        yield from enumerate(covariance_RB, start=start)


def match_table(a: Side, b: Side, top_k: int) -> pd.DataFrame:
    """One row a feature of A: its best match, its `top_k` best as lists, and a status where it has none."""
    partner_AK, correlation_AK = best_matches(a, b, top_k)
    status_A = np.where(partner_AK[:, 0] >= 0, "ok", "no_partner")
    return pd.DataFrame(
        {
            "feature": np.arange(status_A.size, dtype=np.int32),
            "status": np.where(a.norm_F > 0, status_A, np.where(a.active_F, "constant", "dead")),
            "match": partner_AK[:, 0],
            "correlation": correlation_AK[:, 0],
            "logit_correlation": np.nan,
            "matches": list(partner_AK),
            "correlations": list(correlation_AK.astype(np.float32)),
        }
    )


def summary(table: pd.DataFrame, a: Side, b: Side, document_T: np.ndarray | None = None) -> dict[str, Any]:
    """The fields of the record: quartiles and shares are over the features of A that have a match; of the median also
    the ends of its interval over the tokens' documents, where those are told."""
    correlation = defined(table["correlation"])
    shares = {f"share_at_least_{t}": float((correlation >= t).mean()) if correlation.size else None for t in THRESHOLDS}
    ends = {}
    if correlation.size and document_T is not None:
        drawn_WF = drawn_correlations(a.codes, b.codes, table["match"].to_numpy(), document_T)
        ends = with_ends({"median": medians(drawn_WF)})
    return {
        "n_tokens": a.codes.n_tokens,
        "n_features_a": a.codes.n_features,
        "n_features_b": b.codes.n_features,
        "n_alive_a": int(a.active_F.sum()),
        "n_alive_b": int(b.active_F.sum()),
        "status_counts": {status: int((table["status"] == status).sum()) for status in STATUSES},
        "correlation": {**summarise(correlation), **shares, **ends},
        "logit_correlation": summarise(table["logit_correlation"].to_numpy()),
    }


def logit_correlations(path_a: Path, path_b: Path, partner_A: np.ndarray) -> np.ndarray:
    """Pearson correlation over the vocabulary of each feature's logit weights with its partner's; NaN without partner.

    Reads row by row. Raises ValueError naming the file that is missing or does not fit.
    """
    correlation_A = np.full(partner_A.size, np.nan)
    rows_a, rows_b = (open_tensor(path, "logit_weights") for path in (path_a, path_b))
    (n_features, n_vocab), (n_partners, n_vocab_b) = rows_a.get_shape(), rows_b.get_shape()
    if (n_features, n_vocab) != (partner_A.size, n_vocab_b) or partner_A.max(initial=-1) >= n_partners:
        raise ValueError(
            f"{path_a} {[n_features, n_vocab]} and {path_b} {[n_partners, n_vocab_b]}: one row a feature and one "
            "column a token expected; write the logit weights of these codes again"
        )
    for feature in np.flatnonzero(partner_A >= 0).tolist():
        partner = int(partner_A[feature])
        row_a, row_b = rows_a[feature : feature + 1][0], rows_b[partner : partner + 1][0]
        correlation_A[feature] = correlation_of(row_a.astype(np.float64), row_b.astype(np.float64))
    return correlation_A
