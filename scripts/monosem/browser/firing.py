"""The tokens that features fire on most, to be searched and shown in a line.

Shape suffixes: T held-out tokens, Z stored activations of one feature, V vocabulary.
"""

from collections.abc import Sequence

import numpy as np

from monosem.browser.examples import Activity


def tokens_fired_on(activity: Activity, token_T: np.ndarray, shown: Sequence[str], count: int) -> list[str]:
    """Of each feature, the `count` tokens with most of its activation, in one line."""
    matrix = activity.by_feature
    lines = []
    for feature in range(matrix.shape[1]):
        rows_Z, values_Z = activity.of(feature)
        total_V = np.bincount(token_T[rows_Z], values_Z, minlength=count)
        best = np.argpartition(-total_V, count - 1)[:count]
        best = best[np.argsort(-total_V[best], kind="stable")]
        lines.append(" ".join(shown[token] for token in best if total_V[token] > 0))
    return lines
