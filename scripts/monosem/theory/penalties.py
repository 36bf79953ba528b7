"""Dictionaries that differ in their sparsity penalty alone: loss, L0 and interpretability, side by side.

The identity on n neurons takes 2 n half-lines, relu(x_i) and relu(-x_i), of which a half is on at a time; behind a ReLU
the neurons themselves do; and with biases, any n directions that are always on. An autoencoder without a penalty has no
reason to choose between these and any other way to give its input back.
"""

from typing import Any

import numpy as np
import pandas as pd

from monosem.autointerp.statistics import estimate
from monosem.ground.records import DIRECTIONS, NEURONS
from monosem.ground.summary import defined, or_none

MEASURED = ["explained_variance", "loss_recovered"]


def row_of(
    penalty: float, record: dict[str, Any], features: pd.DataFrame, scores_F: np.ndarray, seed: int
) -> dict[str, float]:
    """One dictionary: means over the held-out tokens, medians over its features. NaN where neurons have no such thing.

    `cosine` is of a feature's encoder and decoder rows, `single` the greatest weight of its decoder row, which is 1
    where it is one neuron.
    """
    alive = features[features["status"] != "dead"]
    median = estimate(scores_F, "median", np.random.default_rng(seed))
    quartiles = np.quantile(defined(scores_F), [0.25, 0.75]) if median.n else [np.nan, np.nan]
    of_rows = {
        name: float(alive[column].median(skipna=False)) if column in alive else np.nan
        for name, column in (("cosine", "enc_dec_cosine"), ("single", "dec_top_weight"), ("density", "density"))
    }
    return {
        "dictionary": record["dictionary"],
        "penalty": penalty,
        "n_features": record["n_features"],
        "l0": record["l0"],
        "share_on": record["l0"] / record["n_features"],
        **{name: record.get(name, np.nan) for name in MEASURED},
        "n_scored": median.n,
        "score": median.value,
        "score_low": median.low,
        "score_high": median.high,
        "score_q1": quartiles[0],
        "score_q3": quartiles[1],
        "dead": 1 - len(alive) / len(features),
        **of_rows,
    }


def summary(table: pd.DataFrame, usual: float) -> dict[str, Any]:
    """Of the dictionary without a penalty, the one with the usual, and those of no training."""
    swept = table[table["penalty"].notna()].sort_values("penalty", ascending=False)
    if usual not in set(swept["penalty"]):
        listed = ", ".join(f"{penalty:g}" for penalty in swept["penalty"])
        raise ValueError(f"--usual {usual:g}: not one of the penalties {listed}; train a dictionary with it")
    if swept["penalty"].iloc[-1] != 0:
        least = swept.iloc[-1]
        raise ValueError(f"{least['dictionary']}: the least penalty is {least['penalty']:g}, not 0; train one without")
    named = {
        "none": swept.iloc[-1],
        "usual": swept[swept["penalty"] == usual].iloc[0],
        **{name: table[table["dictionary"].str.startswith(name)].iloc[0] for name in (NEURONS, DIRECTIONS)},
    }
    steps = {
        "smallest_gain": float(np.min(np.diff(swept["loss_recovered"]))),
        "smallest_fall": float(np.min(-np.diff(swept["score"]))),  # NaN where a median is: no step may be passed over
    }
    kept = [name for name in table.columns if name != "dictionary"]
    return {
        **{name: {key: or_none(row[key]) for key in kept} for name, row in named.items()},
        "steps": {name: or_none(value) for name, value in steps.items()},
    }
