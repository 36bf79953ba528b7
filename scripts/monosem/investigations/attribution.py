"""Ablations held against what weights foretell: over all pairs, of each feature, and by what sets the pairs apart.

Where the two part, LayerNorm or the softmax is not as linear as the attribution takes it for. Each of attribution,
divided and frozen (see `ablation`) takes in more than the one before; where the correlation rises, that was missing.
Shape suffixes: Z pairs, F features, V vocabulary.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monosem.ground.summary import or_none, summarise
from monosem.investigations.ablation import MEASURES, Pairs
from monosem.investigations.logit_blocks import logit_blocks, logit_shape
from monosem.measures.metrics import correlation_of
from monosem.measures.resampling import DrawnTokens, with_ends

MIN_PAIRS = 10  # of a feature, for a correlation of its own
SIZE_PARTS = 5  # strata of size, equally many pairs in each
DECADES = (0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # edges of the strata of density
STRATA_COLUMNS = ["stratum", "low", "high", "n", *MEASURES]


def logit_weights(path: Path, pairs: Pairs) -> np.ndarray:
    """Each pair's logit weight on the token that follows [Z]. Raises ValueError when the file is of other features."""
    n_features, n_vocab = logit_shape(path)
    if pairs.feature_Z.max(initial=-1) >= n_features or pairs.next_Z.max(initial=-1) >= n_vocab:
        raise ValueError(f"{path}: {n_features} features, {n_vocab} tokens: fewer than the codes have; rerun its rule")
    weight_Z = np.empty(pairs.feature_Z.size, dtype=np.float32)
    for start, weight_RV in logit_blocks(path):
        own = np.flatnonzero((pairs.feature_Z >= start) & (pairs.feature_Z < start + len(weight_RV)))
        weight_Z[own] = weight_RV[pairs.feature_Z[own] - start, pairs.next_Z[own]]
    return weight_Z


def with_attributions(table: pd.DataFrame, weight_Z: np.ndarray) -> pd.DataFrame:
    attribution_Z = table["act"] * weight_Z
    return table.assign(attribution=attribution_Z, divided=attribution_Z / table["divisor"])


def correlations(table: pd.DataFrame) -> dict[str, float]:
    """Pearson correlation of `effect` with each measure; NaN where one of them never varies, or without pairs."""
    if table.empty:
        return dict.fromkeys(MEASURES, np.nan)
    effect_Z = table["effect"].to_numpy(np.float64)
    return {name: correlation_of(effect_Z, table[name].to_numpy(np.float64)) for name in MEASURES}


def feature_rows(table: pd.DataFrame, density_F: np.ndarray) -> pd.DataFrame:
    """One row a feature that has pairs: how many, means of effect, attribution and size, and its own correlations, NaN
    with fewer than MIN_PAIRS pairs."""
    rows = []
    for feature, own in table.groupby("feature"):
        few = len(own) < MIN_PAIRS
        means = own[["effect", "attribution", "size"]].mean(skipna=False)
        own_correlations = dict.fromkeys(MEASURES, np.nan) if few else correlations(own)
        row = {"feature": feature, "n": len(own), "density": density_F[feature]}
        row |= {f"mean_{name}": float(mean) for name, mean in means.items()}
        rows.append(row | {f"r_{name}": value for name, value in own_correlations.items()})
    columns = ["feature", "n", "density", "mean_effect", "mean_attribution", "mean_size"]
    return pd.DataFrame(rows, columns=[*columns, *(f"r_{name}" for name in MEASURES)])


def strata(table: pd.DataFrame, density_F: np.ndarray) -> pd.DataFrame:
    """Correlations within parts of the pairs: by size, and by the density of their feature."""
    rows = []
    for stratum, low, high, part in parts(table, density_F):
        rows.append({"stratum": stratum, "low": low, "high": high, "n": len(part), **correlations(part)})
    return pd.DataFrame(rows, columns=STRATA_COLUMNS)


def parts(table: pd.DataFrame, density_F: np.ndarray) -> Iterator[tuple[str, float, float, pd.DataFrame]]:
    if table.empty:
        return
    density_Z = density_F[table["feature"]]
    sizes = np.quantile(table["size"], np.linspace(0, 1, SIZE_PARTS + 1))
    for name, value_Z, edges in (("size", table["size"].to_numpy(), sizes), ("density", density_Z, DECADES)):
        place_Z = np.searchsorted(edges[1:-1], value_Z, side="right")
        for number, (low, high) in enumerate(pairwise(edges)):
            if (place_Z == number).any():
                yield name, float(low), float(high), table[place_Z == number]


def record_fields(
    table: pd.DataFrame, features: pd.DataFrame, by_stratum: pd.DataFrame, document_Z: np.ndarray
) -> dict[str, Any]:
    """`correlation` is over all pairs; `share_helpful` of the features that give the token after them, on average, more
    likelihood than it has without them. Both with an interval over the documents that the pairs are from."""
    by_size = by_stratum[by_stratum["stratum"] == "size"]
    ends = {end: by_size.iloc[place] for end, place in (("smallest", 0), ("largest", -1)) if len(by_size)}
    correlation_ends, share_ends = drawn_ends(table, document_Z) if len(table) else ({}, {})
    return {
        "n_pairs": len(table),
        "n_features": len(features),
        "correlation": {name: or_none(value) for name, value in correlations(table).items()} | correlation_ends,
        "share_helpful": float((features["mean_effect"] > 0).mean()) if len(features) else None,
        **share_ends,
        "mean_effect": float(table["effect"].mean(skipna=False)) if len(table) else None,
        "of_a_feature": {name: summarise(features[f"r_{name}"].to_numpy(np.float64)) for name in MEASURES},
        "by_size": {end: {name: or_none(row[name]) for name in MEASURES} for end, row in ends.items()},
    }


def drawn_ends(table: pd.DataFrame, document_Z: np.ndarray) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ends of the intervals of the correlations and of `share_helpful`."""
    effect_Z, drawn = table["effect"].to_numpy(np.float64), DrawnTokens(document_Z)
    found = {name: drawn.correlation(effect_Z, table[name].to_numpy(np.float64)) for name in MEASURES}
    _, column_Z = np.unique(table["feature"], return_inverse=True)
    summed_WF, n_WF = (drawn.totals(column_Z, value_Z) for value_Z in (effect_Z, np.ones_like(effect_Z)))
    share_W = ((summed_WF > 0) & (n_WF > 0)).sum(axis=1) / (n_WF > 0).sum(axis=1)
    return with_ends(found), with_ends({"share_helpful": share_W})
