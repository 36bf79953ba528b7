"""What explanations of a dictionary cost and how good they are, by its size, and the curves through both.

    cost = factor * features ^ exponent                     seconds = start + each * features
    score = at one + per doubling * log2 features

A client is what explains: the token table (`offline`), or a language model by its name. Cost is counted where it can
be: tokens that the token table predicts, tokens asked of and answered by a language model. Seconds are of whole jobs.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monosem.autointerp.statistics import Estimate, estimate, interval
from monosem.ground.records import NEURONS, OFFLINE
from monosem.ground.summary import or_none

COLUMNS = [
    "client",
    "model",
    "site",
    "dictionary",
    "n_features",
    "n_asked",
    "n_scored",
    "score",
    "score_low",
    "score_high",
]
COLUMNS += ["calls", "tokens_in", "tokens_out", "work", "seconds", "usd_paid", "usd_at_price"]


class Named(NamedTuple):
    """One dictionary (or the neurons) explained by one client."""

    client: str
    model: str
    site: str
    dictionary: str
    n_features: int
    n_asked: int  # features that an explanation was asked of
    scores_F: np.ndarray  # NaN where there is none
    calls: int
    tokens_in: int
    tokens_out: int
    work_F: np.ndarray  # of each feature that was explained
    seconds: float
    usd: float

    def row(self, median: Estimate, prices: tuple[float, float]) -> tuple:
        priced = (self.tokens_in * prices[0] + self.tokens_out * prices[1]) / 1e6
        shown = (self.client, self.model, self.site, self.dictionary, self.n_features, self.n_asked, median.n)
        scores = (median.value, median.low, median.high)
        counts = (self.calls, self.tokens_in, self.tokens_out, self.work_F.sum(), self.seconds, self.usd, priced)
        return (*shown, *scores, *counts)


def tabulated(
    named: Sequence[Named], prices: tuple[float, float], seed: int
) -> tuple[pd.DataFrame, dict[str, dict[str, Any]]]:
    """A row a dictionary and client, and of each client its curves, over the dictionaries that are not the neurons."""
    medians = [estimate(one.scores_F, "median", np.random.default_rng([seed, at])) for at, one in enumerate(named)]
    table = pd.DataFrame([one.row(median, prices) for one, median in zip(named, medians, strict=True)], columns=COLUMNS)
    curves = {}
    for client, rows in table[table["dictionary"] != NEURONS].groupby("client", sort=False):
        rows = rows.sort_values("n_features")
        curves[client] = {
            "n_sizes": rows["n_features"].nunique(dropna=False),
            "n_asked": int(rows["n_asked"].sum(skipna=False)),
            **costs_of(client, rows, np.concatenate([named[at].work_F for at in rows.index])),
            "quality": by_doubling(rows["n_features"], [medians[at] for at in rows.index]),
        }
    return table, curves


def costs_of(client: str, rows: pd.DataFrame, work_X: np.ndarray) -> dict[str, dict[str, float | None]]:
    """Of the token table, which explains whole dictionaries, through their sizes; of a language model, which was asked
    of some features drawn at random, in proportion: each costs the same, so a dictionary costs that times its size."""
    asked = rows["n_asked"].sum(skipna=False)
    each = {
        name: {"factor": float(rows[name].sum(skipna=False) / asked), "exponent": 1.0}
        for name in ("usd_at_price", "calls")
    }
    if client == OFFLINE:
        seconds = power_law(rows["n_features"], rows["seconds"]) | line(rows["n_features"], rows["seconds"])
        return {**each, "work": power_law(rows["n_features"], rows["work"]), "seconds": seconds}
    error = float(work_X.std(ddof=1) / work_X.size**0.5) if work_X.size > 1 else None
    work = {"factor": float(work_X.mean()), "factor_se": error, "exponent": 1.0}
    return {**each, "work": work, "seconds": {"start": 0.0, "each": float(rows["seconds"].sum(skipna=False) / asked)}}


def power_law(n_F: pd.Series, cost_F: pd.Series) -> dict[str, float | None]:
    """Through logarithms, by least squares; None where there are too few sizes, or costs of zero, to tell."""
    nothing = dict.fromkeys(("factor", "exponent", "exponent_se"))
    if n_F.nunique(dropna=False) < 2 or (cost_F <= 0).any():
        return nothing
    slope, start, error = straight(np.log(n_F.to_numpy(float)), np.log(cost_F.to_numpy(float)))
    return {"factor": float(np.exp(start)), "exponent": slope, "exponent_se": error}


def line(n_F: pd.Series, seconds_F: pd.Series) -> dict[str, float | None]:
    if n_F.nunique(dropna=False) < 2:
        return dict.fromkeys(("start", "each"))
    each, start, _ = straight(n_F.to_numpy(float), seconds_F.to_numpy(float))
    return {"start": start, "each": each}


def straight(x_F: np.ndarray, y_F: np.ndarray) -> tuple[float, float, float | None]:
    """Slope, value at 0, and the slope's standard error, which takes a third point."""
    x = x_F - x_F.mean()
    slope = float(x @ y_F / (x @ x))
    start = float(y_F.mean() - slope * x_F.mean())
    left = y_F - start - slope * x_F
    error = float(np.sqrt(left @ left / (len(x) - 2) / (x @ x))) if len(x) > 2 else None
    return slope, start, error


def by_doubling(n_F: pd.Series, medians: Sequence[Estimate]) -> dict[str, float | None]:
    """Slope of medians against log2 features; its interval from the medians of features drawn again."""
    if n_F.nunique(dropna=False) < 2 or any(median.n == 0 for median in medians):
        return dict.fromkeys(("per_doubling", "at_one", "low", "high"))
    x_F = np.log2(n_F.to_numpy(float))
    slope, start, _ = straight(x_F, np.array([median.value for median in medians]))
    drawn_RF = np.stack([median.replicates_R for median in medians], axis=1)
    x = x_F - x_F.mean()
    low, high = interval(drawn_RF @ x / (x @ x))
    return {"per_doubling": slope, "at_one": start, "low": low, "high": high}


def against(scores_F: pd.Series, offline_F: pd.Series, seed: int) -> dict[str, float | None]:
    """Mean of a client's score less the token table's, of the features that have both."""
    found = estimate((scores_F - offline_F).to_numpy(dtype=float), "mean", np.random.default_rng(seed))
    values = {"difference": found.value, "low": found.low, "high": found.high}
    return {"n": found.n, **{name: or_none(value) for name, value in values.items()}}


def drawn_out(curves: dict[str, dict[str, Any]], sizes: Sequence[int]) -> dict[str, dict[str, dict[str, float]]]:
    """Of each client what dictionaries of these sizes would cost."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for client, of_client in curves.items():
        found[client] = {}
        for size in sizes:
            costs = {
                name: of_client[name]["factor"] * size ** of_client[name]["exponent"]
                for name in ("work", "calls", "usd_at_price")
                if of_client[name]["factor"] is not None
            }
            seconds = of_client["seconds"]
            if seconds["each"] is not None:
                costs["seconds"] = seconds["start"] + seconds["each"] * size
            found[client][str(size)] = costs
    return found
