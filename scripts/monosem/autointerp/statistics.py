"""Medians and shares over the features of a dictionary, with intervals by the bootstrap, and their differences.

An interval holds the middle 95 % of the values that a statistic takes when as many features are drawn again, with
replacement, from those that were measured. It tells how far a value depends on which features a dictionary happens to
have, not on the seed of a training. Features whose value is undefined (NaN) are left out of it and of `n`.

Shape suffixes: X features with a value, R resamples.
"""

import zlib
from collections.abc import Iterator
from itertools import permutations
from typing import NamedTuple

import numpy as np
import pandas as pd

from monosem.autointerp.scores import MEASURES
from monosem.ground.records import DIFFERENCE_COLUMNS, ESTIMATE_COLUMNS, RUN, Run

N_RESAMPLES = 2000
INTERVAL = (0.025, 0.975)
STATISTICS = {**dict.fromkeys(MEASURES, "median"), "zero_share_random": "mean", "single_token": "mean"}
STRATIFIED = "spearman"  # the measure that is also given by stratum
ALL = "all"
DECADES = (1e-4, 1e-3, 1e-2, 1e-1)  # densities between which features are put together
STRATA = (
    "density under 1e-4",
    "density 1e-4 to 1e-3",
    "density 1e-3 to 1e-2",
    "density 1e-2 to 1e-1",
    "density over 1e-1",
)


class Estimate(NamedTuple):
    """A statistic of n values; NaN where n is 0."""

    n: int
    value: float
    low: float
    high: float
    replicates_R: np.ndarray

    def row(self) -> dict[str, float]:
        return {"n": self.n, "value": self.value, "low": self.low, "high": self.high}


def estimate(values: np.ndarray, statistic: str, rng: np.random.Generator) -> Estimate:
    values_X = np.sort(values[~np.isnan(values)])
    if values_X.size == 0:
        return Estimate(0, np.nan, np.nan, np.nan, np.full(N_RESAMPLES, np.nan))
    if statistic == "median":
        value, replicates_R = float(np.median(values_X)), resampled_medians(values_X, rng)
    else:
        value, replicates_R = float(values_X.mean()), resampled_means(values_X, rng)
    return Estimate(values_X.size, value, *interval(replicates_R), replicates_R)


def interval(replicates_R: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(replicates_R, INTERVAL).tolist()
    return low, high


def resampled_medians(sorted_X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Medians of resamples, drawn from their exact distribution without drawing the resamples.

    A resample is n uniform numbers, each of which points at a value. Its median is pointed at by the middle ones: the
    m-th smallest of n uniform numbers has distribution Beta(m, n - m + 1), and given that, the n - m above it are
    uniform between it and 1, which gives the next. (With n odd both are the same one.)
    """
    n, middle = sorted_X.size, (sorted_X.size + 1) // 2
    lower_R = rng.beta(middle, n - middle + 1, N_RESAMPLES)
    upper_R = lower_R
    if n % 2 == 0:
        upper_R = 1 - (1 - lower_R) * rng.random(N_RESAMPLES) ** (1 / (n - middle))
    places = np.minimum((np.stack([lower_R, upper_R]) * n).astype(np.int64), n - 1)
    return sorted_X[places].mean(axis=0)


def resampled_means(values_X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.array([rng.choice(values_X, values_X.size).mean() for _ in range(N_RESAMPLES)])


def estimates(table: pd.DataFrame, seed: int) -> dict[tuple[Run, str, str], Estimate]:
    """By run, stratum and measure. `table` has a row a feature: its run, density and the STATISTICS' columns.

    The draws for one entry do not depend on what else is there.
    """
    found = {}
    for key, rows in table.groupby(RUN, sort=False, observed=True):
        run = Run(*key)
        for stratum, measure, values in columns_of(rows):
            text = "/".join([*run, stratum, measure])
            rng = np.random.default_rng([seed, zlib.crc32(text.encode())])
            found[run, stratum, measure] = estimate(values, STATISTICS[measure], rng)
    return found


def columns_of(rows: pd.DataFrame) -> Iterator[tuple[str, str, np.ndarray]]:
    """What is estimated of one run: stratum, measure, values."""
    single = rows["single_token"].astype("boolean").to_numpy(dtype=float, na_value=np.nan)
    for measure in STATISTICS:
        yield ALL, measure, single if measure == "single_token" else rows[measure].to_numpy(dtype=float)
    values = rows[STRATIFIED].to_numpy(dtype=float)
    decade = np.digitize(rows["density"], DECADES)
    for number, stratum in enumerate(STRATA):
        yield stratum, STRATIFIED, values[decade == number]
    for stratum, wanted in (("single-token", 1), ("not single-token", 0)):
        yield stratum, STRATIFIED, values[single == wanted]


def estimates_table(found: dict[tuple[Run, str, str], Estimate], sizes: dict[Run, int]) -> pd.DataFrame:
    """`sizes` is the number of features of each run, scored or not."""
    rows = []
    for (run, stratum, measure), entry in found.items():
        what = {"n_features": sizes[run], "stratum": stratum, "measure": measure, "statistic": STATISTICS[measure]}
        rows.append({**run._asdict(), **what, **entry.row()})
    return pd.DataFrame(rows, columns=ESTIMATE_COLUMNS)


def differences_table(found: dict[tuple[Run, str, str], Estimate]) -> pd.DataFrame:
    """For each two runs at one site, in either order, left minus right; the features of both are drawn again."""
    rows = []
    for measure in STATISTICS:
        runs = [run for run, stratum, name in found if (stratum, name) == (ALL, measure)]
        for left, right in permutations(runs, 2):
            if left.site == right.site:
                one, other = found[left, ALL, measure], found[right, ALL, measure]
                values = (one.value - other.value, *interval(one.replicates_R - other.replicates_R))
                rows.append((measure, str(left), str(right), one.n, other.n, *values))
    return pd.DataFrame(rows, columns=DIFFERENCE_COLUMNS)
