"""How well a few numbers tell two kinds of features apart.

Shape suffixes: F features, D numbers of each.
"""

import numpy as np

from monosem.measures.metrics import roc_area

FEWEST = 10  # of either kind


def apart(value_F: np.ndarray, chosen_F: np.ndarray) -> float | None:
    """`roc_area` of the chosen; None when there are too few of either kind."""
    n_chosen = int(chosen_F.sum())
    return None if min(n_chosen, chosen_F.size - n_chosen) < FEWEST else roc_area(value_F, chosen_F)


def best_direction(values_FD: np.ndarray, chosen_F: np.ndarray) -> np.ndarray:
    """Fisher's linear discriminant, [F]: the one combination of the numbers in which the two kinds lie furthest apart,
    in units of the spread within them. It rises towards the chosen."""
    kinds = values_FD[chosen_F], values_FD[~chosen_F]
    within_DD = sum(np.cov(kind, rowvar=False, bias=True).reshape(len(values_FD[0]), -1) * len(kind) for kind in kinds)
    between_D = kinds[0].mean(axis=0) - kinds[1].mean(axis=0)
    return values_FD @ np.linalg.pinv(within_DD) @ between_D


def apart_together(values_FD: np.ndarray, chosen_F: np.ndarray) -> float | None:
    """`apart` in their best combination, which was found on the same features."""
    if apart(values_FD[:, 0], chosen_F) is None:
        return None
    scale_D = values_FD.std(axis=0)
    return apart(best_direction(values_FD / np.where(scale_D > 0, scale_D, 1.0), chosen_F), chosen_F)
