"""The tokens that features fire on most, to be searched and shown in a line."""

from collections.abc import Sequence

import numpy as np

from monosem.browser.examples import Activity


def tokens_fired_on(activity: Activity, token_T: np.ndarray, shown: Sequence[str], count: int) -> list[str]:
    """Of each feature, the `count` tokens with most of its activation, in one line."""
    matrix = activity.by_feature
    lines = []
    for feature in range(matrix.shape[1]):
        rows_Z, values_Z = activity.of(feature)
        tokens, place_Z = np.unique(token_T[rows_Z], return_inverse=True)
        total = np.bincount(place_Z, np.maximum(values_Z, 0), minlength=tokens.size)
        best = tokens[np.argsort(-total, kind="stable")[:count]]
        lines.append(" ".join(shown[token] for token in best))
    return lines
