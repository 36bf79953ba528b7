"""What records say about a column of numbers, some of which may be undefined.

NaN in a column is 'there is none' only where a table's reader says so (records.py); it is left out here, by name, and
nowhere else: means and the like carry it on.
"""

from typing import Any

import numpy as np

Z_95 = 1.96  # standard errors on either side of a 95 % interval


def defined(values: Any) -> np.ndarray:  # noqa: ANN401
    """Those that are not undefined, of an array, a column or several, in one row."""
    numbers = np.asarray(values, dtype=np.float64).ravel()
    return numbers[~np.isnan(numbers)]


def or_none(value: float) -> float | None:
    """What JSON has for the undefined."""
    return None if np.isnan(value) else float(value)


def middle(values: Any) -> float | None:  # noqa: ANN401
    """Median of the defined ones; None where there is none."""
    known = defined(values)
    return float(np.median(known)) if known.size else None


def summarise(values: np.ndarray) -> dict[str, int | float | None]:
    """n, mean, quartiles of the defined ones, and the ends of 95 % intervals of mean and median over others like them;
    None where there is none, or where there are too few for an end."""
    known = np.sort(values[~np.isnan(values)]).astype(np.float64)
    names = ("mean", "q1", "median", "q3")
    found = dict.fromkeys((*names, "mean_low", "mean_high", "median_low", "median_high"))
    if known.size:
        found |= dict(zip(names, [known.mean(), *np.quantile(known, [0.25, 0.5, 0.75])], strict=True))
    if known.size > 1:
        half = Z_95 * known.std(ddof=1) / np.sqrt(known.size)
        found |= {"mean_low": known.mean() - half, "mean_high": known.mean() + half}
    if (rank := median_rank(known.size)) > 0:
        found |= {"median_low": known[rank - 1], "median_high": known[-rank]}
    return {"n": int(known.size), **{name: None if value is None else float(value) for name, value in found.items()}}


def median_rank(n: int) -> int:
    """From below and from above, the place of the values that a 95 % interval of the median lies between, counted from
    1: how many of n lie under it is binomial, whatever they are (Conover, Practical Nonparametric Statistics, 1999,
    3.2). Not above 0 where n is too small."""
    return int(np.floor(n / 2 - Z_95 * np.sqrt(n) / 2))


def most(values_RC: np.ndarray, count: int) -> np.ndarray:
    """Columns of the `count` highest of each row, or of all, highest first, [R, K]."""
    count = min(count, values_RC.shape[1])
    best_RK = np.argpartition(-values_RC, count - 1, axis=1)[:, :count]
    order_RK = np.argsort(-np.take_along_axis(values_RC, best_RK, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best_RK, order_RK, axis=1)
