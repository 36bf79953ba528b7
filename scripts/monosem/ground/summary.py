"""What records say about a column of numbers, some of which may be undefined."""

import numpy as np


def summarise(values: np.ndarray) -> dict[str, int | float | None]:
    """n, mean, quartiles of the values that are not NaN; None where there is none, because JSON has no NaN."""
    defined = values[~np.isnan(values)]
    names = ("mean", "q1", "median", "q3")
    if defined.size == 0:
        return {"n": 0, **dict.fromkeys(names)}
    numbers = [defined.mean(), *np.quantile(defined, [0.25, 0.5, 0.75])]
    return {"n": int(defined.size), **{name: float(number) for name, number in zip(names, numbers, strict=True)}}


def defined(value: float) -> float | None:
    """None for NaN, which JSON has not."""
    return None if np.isnan(value) else float(value)


def most(values_RC: np.ndarray, count: int) -> np.ndarray:
    """Columns of the `count` highest of each row, or of all, highest first, [R, K]."""
    count = min(count, values_RC.shape[1])
    best_RK = np.argpartition(-values_RC, count - 1, axis=1)[:, :count]
    order_RK = np.argsort(-np.take_along_axis(values_RC, best_RK, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best_RK, order_RK, axis=1)
