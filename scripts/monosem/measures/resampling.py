"""Error bars over documents: what other documents of the same kinds might have given.

Tokens of one document are alike, so documents are drawn anew with replacement, not tokens (the cluster bootstrap; Efron
and Tibshirani, An Introduction to the Bootstrap, 1993). Whatever is asked is a function of sums over tokens, and sums
over a drawn set are sums of the documents' own. The same documents are drawn in the same order each time, so numbers of
one text may be subtracted draw by draw: what they share by being of one text is gone then.

Shape suffixes: T tokens, D documents or groups of them, W draws, K sums, F features.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from monosem.ground.summary import Z_95

Interval = tuple[float, float]  # the two ends of a 95 % interval
DRAWS, SEED = 1000, 0
MOST = 2048  # documents that are drawn one by one; of more, groups of them are, dealt out in the order of their numbers
ENDS = (0.025, 0.975)  # quantiles of the draws that a 95 % interval lies between


def times_drawn(n_documents: int) -> np.ndarray:
    """How often each document is in each draw, [W, D]; each draw has as many documents as there are."""
    shares = np.full(n_documents, 1 / n_documents)
    return np.random.default_rng(SEED).multinomial(n_documents, shares, DRAWS).astype(np.float64)


def drawn_totals(sums: pd.DataFrame) -> pd.DataFrame:
    """The columns summed over each draw, a row a draw; `sums` has a row a document, by its number."""
    sums = sums.sort_index()
    sums_DK = np.zeros((min(len(sums), MOST), sums.shape[1]))
    np.add.at(sums_DK, np.arange(len(sums)) % MOST, sums.to_numpy(dtype=np.float64))
    return pd.DataFrame(times_drawn(len(sums_DK)) @ sums_DK, columns=sums.columns)


def interval_of(values_W: np.ndarray) -> Interval | None:
    """Between the 2.5th and the 97.5th percentile of the draws; None where not all of them are defined."""
    return tuple(np.quantile(values_W, ENDS).tolist()) if np.isfinite(values_W).all() else None


def with_ends(drawn: Mapping[str, np.ndarray]) -> dict[str, float | None]:
    """Fields `NAME_low` and `NAME_high` of a record, the ends of the interval of each number that was drawn."""
    fields = {}
    for name, values_W in drawn.items():
        low, high = interval_of(values_W) or (None, None)
        fields |= {f"{name}_low": low, f"{name}_high": high}
    return fields


def with_normal_ends(numbers: Mapping[str, tuple[float | None, float]]) -> dict[str, float | None]:
    """Numbers with their standard errors as fields of a record, each with the ends of its interval; None of what is
    undefined, of an end with its number or its error."""
    fields: dict[str, float | None] = {}
    for name, (value, error) in numbers.items():
        known = value is not None and np.isfinite(error)
        low, high = (float(value - Z_95 * error), float(value + Z_95 * error)) if known else (None, None)
        fields |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return fields


def share_interval(share: float, n: int) -> Interval:
    """Of a share of n things that are drawn by themselves (Wilson, 1927, https://doi.org/10.1080/01621459.1927.10502953)."""
    square = Z_95**2
    middle, spread = share + square / (2 * n), Z_95 * np.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return float((middle - spread) / (1 + square / n)), float((middle + spread) / (1 + square / n))


def correlations_of(sums_W: Mapping[str, np.ndarray]) -> np.ndarray:
    """Pearson's from sums `n, x, y, xx, yy, xy`, of one shape; NaN where one of the two does not vary."""
    n, x, y = sums_W["n"], sums_W["x"], sums_W["y"]
    varies_x, varies_y = sums_W["xx"] - x * x / n, sums_W["yy"] - y * y / n
    ok = (varies_x > 1e-12 * sums_W["xx"]) & (varies_y > 1e-12 * sums_W["yy"])
    norm = np.sqrt(np.where(ok, varies_x * varies_y, np.nan))
    return np.clip((sums_W["xy"] - x * y / n) / norm, -1.0, 1.0)


class DrawnTokens:
    """Numbers of tokens, over draws of the documents that these tokens are from; each is [W]."""

    def __init__(self, document_T: np.ndarray) -> None:
        _, place_T = np.unique(document_T, return_inverse=True)
        self.place_T = place_T % MOST
        self.times_WD = times_drawn(self.place_T.max(initial=-1) + 1)

    def total(self, value_T: np.ndarray) -> np.ndarray:
        return self.times_WD @ np.bincount(self.place_T, value_T, minlength=self.times_WD.shape[1])

    def totals(self, column_T: np.ndarray, value_T: np.ndarray) -> np.ndarray:
        """Of each column, numbered from 0, the values of its own tokens summed, [W, F]."""
        n_columns = column_T.max(initial=-1) + 1
        flat_T, shape = self.place_T * n_columns + column_T, (self.times_WD.shape[1], n_columns)
        return self.times_WD @ np.bincount(flat_T, value_T, minlength=shape[0] * shape[1]).reshape(shape)

    def share(self, chosen_T: np.ndarray, among_T: np.ndarray) -> np.ndarray:
        """NaN where there are none to choose among in a draw."""
        among_W = self.total(among_T)
        return self.total(chosen_T & among_T) / np.where(among_W > 0, among_W, np.nan)

    def correlation(self, x_T: np.ndarray, y_T: np.ndarray) -> np.ndarray:
        # Of large numbers that hardly vary, sums of squares would tell nothing.
        x_T, y_T = x_T - x_T.mean(), y_T - y_T.mean()
        values = {"n": np.ones_like(x_T), "x": x_T, "y": y_T, "xx": x_T * x_T, "yy": y_T * y_T, "xy": x_T * y_T}
        return correlations_of({name: self.total(value_T) for name, value_T in values.items()})
