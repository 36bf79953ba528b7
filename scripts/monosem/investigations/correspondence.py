"""Features of one dictionary paired one-to-one with those of another, so that the sum of their correlations is largest.

Correlations are those of `universality`, whose best match several features may share; a partner here is a feature's
own. Only positive correlations pair, and of each feature only its `candidates` best: with all of them as candidates the
result is that of the Hungarian method on the whole matrix.

Shape suffixes: A features of the first side, B of the second, K candidates, E pairs that may be made.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from monosem.ground.summary import summarise
from monosem.measures.codes import Codes
from monosem.measures.matched_draws import medians
from monosem.measures.resampling import with_ends
from monosem.measures.universality import THRESHOLDS, Side, best_matches, logit_correlations, side

COLUMNS = ["feature", "status", "partner", "correlation", "best_correlation", "logit_correlation"]
SHARED = max(THRESHOLDS)  # correlation from which a feature counts as found again
ALONE = 1.0  # what a pair weighs beyond its correlation, since the solver takes a weight of 0 for no edge


def one_to_one(partner_AK: np.ndarray, correlation_AK: np.ndarray, n_b: int) -> tuple[np.ndarray, np.ndarray]:
    """Each feature's own partner, -1 for none, and their correlation, NaN for none.

    Every feature of A may also stay alone, at no gain: it has a place of its own beside the features of B.
    """
    n_a = len(partner_AK)
    row_E, place_E = np.nonzero(correlation_AK > 0)
    column_E = partner_AK[row_E, place_E]
    alone_A = np.arange(n_a)
    weights = np.concatenate([ALONE + correlation_AK[row_E, place_E], np.full(n_a, ALONE)])
    edges = (np.concatenate([row_E, alone_A]), np.concatenate([column_E, n_b + alone_A]))
    graph = csr_array(coo_array((weights, edges), shape=(n_a, n_b + n_a)))
    _, chosen_A = min_weight_full_bipartite_matching(graph, maximize=True)
    gain_A = np.asarray(graph[alone_A, chosen_A]).ravel() - ALONE
    paired_A = chosen_A < n_b
    return np.where(paired_A, chosen_A, -1).astype(np.int32), np.where(paired_A, gain_A, np.nan)


def pair_table(a: Side, codes_b: Codes, candidates: int, logits: tuple[Path, Path]) -> pd.DataFrame:
    """One row a feature of A. status: paired, alone (no partner was left that correlates), or dead (never varies)."""
    b = side(codes_b)
    partner_AK, correlation_AK = best_matches(a, b, candidates)
    partner_A, correlation_A = one_to_one(partner_AK, correlation_AK, b.codes.n_features)
    status_A = np.where(a.norm_F > 0, np.where(partner_A >= 0, "paired", "alone"), "dead")
    columns = (np.arange(partner_A.size), status_A, partner_A, correlation_A, correlation_AK[:, 0])
    return pd.DataFrame(dict(zip(COLUMNS, (*columns, logit_correlations(*logits, partner_A)), strict=True)))


def pair_summary(table: pd.DataFrame, drawn_WF: np.ndarray | None = None) -> dict[str, Any]:
    """Over the features of A that fire, one that stays alone counting as 0; None where no feature has a partner.

    found_again: the share that correlates by SHARED at least. Both have an interval over documents where the
    correlations of those that are paired are given for draws of these.
    """
    paired, fires = table["status"] == "paired", table["status"] != "dead"
    correlation = table.loc[fires, "correlation"].fillna(0.0).to_numpy() if paired.any() else np.empty(0)
    found_again = float((correlation >= SHARED).mean()) if correlation.size else None
    ends = {}
    if drawn_WF is not None and paired.any():
        alone_WF = np.zeros((len(drawn_WF), int((fires & ~paired).sum())), dtype=np.float32)
        all_WF = np.concatenate([drawn_WF, alone_WF], axis=1)
        ends = with_ends({"median": medians(all_WF), "found_again": (all_WF >= SHARED).mean(axis=1)})
    return {
        "n_paired": int(paired.sum()),
        "n_alone": int((fires & ~paired).sum()),
        "n_dead": int((~fires).sum()),
        "correlation": {**summarise(correlation), "found_again": found_again, **ends},
        "best_correlation": summarise(table["best_correlation"].to_numpy()),
        "logit_correlation": summarise(table["logit_correlation"].to_numpy()),
    }


def feature_table(tables: Mapping[str, pd.DataFrame], features: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """One row a feature of A: what it is like, how well it is explained, and how closely each other side has it."""
    known = features.merge(scores[["feature", "spearman"]], on="feature", how="left", validate="one_to_one")
    for name, table in tables.items():
        known[f"{name}_correlation"] = table["correlation"]
        known[f"{name}_logit_correlation"] = table["logit_correlation"]
    return known


def group_summary(known: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """What features of A are like that another model has, and those that it has not (`model_correlation`)."""
    fires = known["density"] > 0
    shared = known["model_correlation"].fillna(0) >= SHARED
    return {name: described(known[fires & chosen]) for name, chosen in (("shared", shared), ("not_shared", ~shared))}


def described(features: pd.DataFrame) -> dict[str, Any]:
    again = features["seed_correlation"].fillna(0) >= SHARED
    return {
        "n": len(features),
        "density": summarise(features["density"].to_numpy()),
        "spearman": summarise(features["spearman"].to_numpy(dtype=float)),
        "share_that_another_seed_has": float(again.mean()) if len(features) else None,
    }
