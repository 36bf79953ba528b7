"""What records say about a column of numbers, some of which may be undefined.

NaN in a column is 'there is none' only where a table's reader says so (records.py); it is left out here, by name, and
nowhere else: means and the like carry it on.
"""

from typing import Any

import numpy as np


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
    """n, mean, quartiles of the defined ones; None where there is none."""
    known = values[~np.isnan(values)]
    names = ("mean", "q1", "median", "q3")
    if known.size == 0:
        return {"n": 0, **dict.fromkeys(names)}
    numbers = [known.mean(), *np.quantile(known, [0.25, 0.5, 0.75])]
    return {"n": int(known.size), **{name: float(number) for name, number in zip(names, numbers, strict=True)}}


def most(values_RC: np.ndarray, count: int) -> np.ndarray:
    """Columns of the `count` highest of each row, or of all, highest first, [R, K]."""
    count = min(count, values_RC.shape[1])
    best_RK = np.argpartition(-values_RC, count - 1, axis=1)[:, :count]
    order_RK = np.argsort(-np.take_along_axis(values_RC, best_RK, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best_RK, order_RK, axis=1)
