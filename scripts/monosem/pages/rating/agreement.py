"""Agreement between raters. Shape suffixes: U units (what is rated), R raters."""

import numpy as np


def krippendorff_alpha(values_UR: np.ndarray) -> float | None:
    """Krippendorff's alpha for interval data: 1 for full agreement, 0 for what chance gives, below 0 for less.

    NaN marks what a rater did not rate; units with one rating say nothing. alpha = 1 - D_o / D_e, with D_o the mean
    squared difference of two ratings of one unit and D_e that of any two. None where it is undefined: no unit with two
    ratings, or all ratings equal. (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability")
    """
    values_UR = values_UR[(~np.isnan(values_UR)).sum(axis=1) >= 2]
    values = values_UR[~np.isnan(values_UR)]
    if values.size == 0 or np.ptp(values) == 0:
        return None
    ratings_U = (~np.isnan(values_UR)).sum(axis=1)
    # The squared differences of all ordered pairs of m numbers sum to 2 m times their squared deviations from the mean.
    observed = (2 * ratings_U / (ratings_U - 1) * ratings_U * np.nanvar(values_UR, axis=1)).sum() / values.size
    expected = 2 * values.size / (values.size - 1) * values.var()
    return float(1 - observed / expected)
