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
