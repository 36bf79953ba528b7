"""Correlations of small whole numbers, for many features at once, from how often each pair of levels occurs.

Shape suffixes: O observations, G features, I levels of the truth, J levels of the prediction.
"""

import numpy as np

N_LEVELS = 10  # activations and predictions are 0 to 9, as in the paper


def quantise(values: np.ndarray, maximum: np.ndarray) -> np.ndarray:
    """Levels 0-9: level k holds values in [k, k+1) tenths of the maximum, and the maximum is 9; below 0 is 0."""
    return np.clip(np.floor(values / maximum * N_LEVELS), 0, N_LEVELS - 1).astype(np.int64)


def joint_counts(
    group_O: np.ndarray, truth_O: np.ndarray, predicted_O: np.ndarray, n_groups: int, weight_O: np.ndarray | None = None
) -> np.ndarray:
    """How often each truth meets each prediction, per feature [G, I, J]; with weights, their sums."""
    cell_O = (group_O * N_LEVELS + truth_O) * N_LEVELS + predicted_O
    counts = np.bincount(cell_O, weight_O, minlength=n_groups * N_LEVELS**2)
    return counts.reshape(n_groups, N_LEVELS, N_LEVELS)


def is_constant(counts_GI: np.ndarray) -> np.ndarray:
    """True where one level at most occurs, so that no correlation exists."""
    return (counts_GI > 0).sum(axis=1) <= 1


def pearson(counts_GIJ: np.ndarray) -> np.ndarray:
    """Pearson correlation of the levels, per feature; NaN where truth or prediction is constant."""
    levels_I = np.broadcast_to(np.arange(N_LEVELS, dtype=np.float64), counts_GIJ.shape[:2])
    return correlation(counts_GIJ, levels_I, levels_I)


def spearman(counts_GIJ: np.ndarray) -> np.ndarray:
    """Spearman correlation, ties given their mean rank, per feature; NaN where truth or prediction is constant."""
    return correlation(counts_GIJ, mean_ranks(counts_GIJ.sum(axis=2)), mean_ranks(counts_GIJ.sum(axis=1)))


def mean_ranks(counts_GI: np.ndarray) -> np.ndarray:
    return np.cumsum(counts_GI, axis=1) - counts_GI / 2


def correlation(counts_GIJ: np.ndarray, x_GI: np.ndarray, y_GJ: np.ndarray) -> np.ndarray:
    """Correlation of x and y, which give each level its value."""
    counts_GI, counts_GJ = counts_GIJ.sum(axis=2), counts_GIJ.sum(axis=1)
    undefined_G = is_constant(counts_GI) | is_constant(counts_GJ)
    total_G1 = np.where(undefined_G, 1.0, counts_GI.sum(axis=1))[:, None]
    x_GI = x_GI - (counts_GI * x_GI).sum(axis=1, keepdims=True) / total_G1
    y_GJ = y_GJ - (counts_GJ * y_GJ).sum(axis=1, keepdims=True) / total_G1
    covariance_G = np.einsum("gij,gi,gj->g", counts_GIJ, x_GI, y_GJ)
    variances_G = (counts_GI * x_GI**2).sum(axis=1) * (counts_GJ * y_GJ**2).sum(axis=1)
    return np.where(undefined_G, np.nan, covariance_G / np.sqrt(np.where(undefined_G, 1.0, variances_G)))
