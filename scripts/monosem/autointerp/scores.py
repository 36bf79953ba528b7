"""Automated interpretability, offline: explain each feature by a token table, and score what the table predicts.

Follows "Towards Monosemanticity" (#appendix-automated-setup) in all but the explainer, which is a table of tokens and
not a language model (token_table.py): activations and predictions are quantised 0-9 against the feature's maximum, and
the score is their Spearman correlation over all positions of the scored windows. A correlation that does not exist is
a status with its reason, never a number.

Shape suffixes: E windows, W positions in a window, O scored positions, G features, F all features of the dictionary,
I and J levels of truth and prediction.
"""

from typing import Any

import numpy as np
import pandas as pd

from monosem.autointerp.levels import is_constant, joint_counts, pearson, quantise, spearman
from monosem.autointerp.token_table import Shown, TokenTable, fit
from monosem.autointerp.windows import EXPLAIN, RANDOM, ROLES, TOP, Windows
from monosem.ground.summary import summarise

EXPLAINER = "token table, no language model: mean level of each pair (previous token, token), backing off to the token"
REASONS = {
    "ok": "",
    "dead": "never active on the held-out tokens",
    "too_few_examples": "active on too few tokens, or in too few documents, to explain some and score others",
    "undefined_constant_truth": "the activation has one level throughout the scored windows",
    "undefined_constant_prediction": "the token table predicts one level throughout the scored windows",
}
MEASURES = ("spearman", "pearson", "spearman_random", "spearman_weighted", "pearson_weighted")


def explain_and_score(
    windows: Windows, max_act_F: np.ndarray, shown: list[str], shrinkage: float, min_top: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Explanations and scores of the features that are active in windows of both roles, a row each, indexed by feature.

    `shown` is the quoted text of each token. With fewer than `min_top` top-interval windows it is undefined whether a
    feature is a single-token feature.
    """
    windows = with_both_roles(windows)
    features_G, group_E = np.unique(windows.feature_E, return_inverse=True)
    levels_EW = quantise(windows.activations_EW, max_act_F[windows.feature_E][:, None])
    explained_E = windows.role_E == EXPLAIN
    columns = (group_E, windows.kind_E == RANDOM, windows.tokens_EW, levels_EW)
    table = fit(Shown(*(column[explained_E] for column in columns)), features_G.size, len(shown), shrinkage)

    explanations = top_tokens(windows, group_E, shown, min_top)
    texts = [table.describe(group, shown) for group in range(features_G.size)]
    explanations.insert(0, "text", np.array(texts, dtype=object))
    scores = score(table, windows.where(~explained_E), group_E[~explained_E], levels_EW[~explained_E])
    return explanations.set_index(features_G), scores.set_index(features_G)


def with_both_roles(windows: Windows) -> Windows:
    """The windows of features that are active in text of both roles; random windows alone do not count."""
    drawn_E = windows.interval_E >= 0
    roles = [np.unique(windows.feature_E[drawn_E & (windows.role_E == role)]) for role in range(len(ROLES))]
    return windows.where(np.isin(windows.feature_E, np.intersect1d(*roles)))


def top_tokens(windows: Windows, group_E: np.ndarray, shown: list[str], min_top: int) -> pd.DataFrame:
    """The token with the highest activation in most top-interval windows, and whether it is the same in all of them,
    the paper's definition of a single-token feature (there over 20 windows); NA over fewer than `min_top` windows, or
    none: too few agree too easily."""
    n_groups = group_E.max(initial=-1) + 1
    top_E = windows.kind_E == TOP
    highest = windows.activations_EW[top_E].argmax(axis=1)
    tokens = np.take_along_axis(windows.tokens_EW[top_E], highest[:, None], axis=1)[:, 0]
    counts = pd.DataFrame({"group": group_E[top_E], "token": tokens}).value_counts(dropna=False).reset_index()
    counts = counts.sort_values(["count", "token"], ascending=[False, True], kind="stable")
    first = counts.drop_duplicates("group").set_index("group").reindex(range(n_groups))
    n_top = np.bincount(group_E[top_E], minlength=n_groups)
    single = pd.Series(first["count"].to_numpy() == n_top, dtype="boolean").mask(n_top < max(min_top, 1))
    return pd.DataFrame(
        {
            "single_token": single,
            "top_token": first["token"].map(dict(enumerate(shown))).fillna("").astype(str),
            "n_top": n_top.astype(np.int16),
        }
    )


def score(table: TokenTable, windows: Windows, group_E: np.ndarray, levels_EW: np.ndarray) -> pd.DataFrame:
    """Scores of all features of a table, whose windows these are."""
    n_groups = table.base_G.size
    observed_EW = windows.observed_EW
    predicted_O = np.rint(table.predict(group_E, windows.tokens_EW)[observed_EW]).astype(np.int64)
    truth_O = levels_EW[observed_EW]
    per_window = (group_E, windows.weight_E, windows.kind_E == RANDOM)
    group_O, weight_O, random_O = (np.repeat(column_E, observed_EW.sum(axis=1)) for column_E in per_window)

    counts_GIJ = joint_counts(group_O, truth_O, predicted_O, n_groups)
    random_GIJ = joint_counts(group_O[random_O], truth_O[random_O], predicted_O[random_O], n_groups)
    weighted_GIJ = joint_counts(group_O, truth_O, predicted_O, n_groups, weight_O)
    truth_GI, prediction_GJ = counts_GIJ.sum(axis=2), counts_GIJ.sum(axis=1)
    status = np.where(is_constant(prediction_GJ), "undefined_constant_prediction", "ok")
    return pd.DataFrame(
        {
            "status": np.where(is_constant(truth_GI), "undefined_constant_truth", status),
            "spearman": spearman(counts_GIJ),
            "pearson": pearson(counts_GIJ),
            "spearman_random": spearman(random_GIJ),
            "spearman_weighted": spearman(weighted_GIJ),
            "pearson_weighted": pearson(weighted_GIJ),
            "zero_share_random": pd.Series(random_GIJ[:, 0].sum(axis=1)) / pd.Series(random_GIJ.sum(axis=(1, 2))),
            "n_windows": np.bincount(group_E, minlength=n_groups),
            "n_predictions": truth_GI.sum(axis=1),
        }
    )


def complete(
    features: pd.DataFrame, explanations: list[pd.DataFrame], scores: list[pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables with a row for every feature of the dictionary; those not scored get the status that says why.

    `features` has columns feature and n_active. Without windows `single_token` is NA.
    """
    explained = pd.concat(explanations).reindex(features["feature"])
    explained = explained.fillna({"text": "", "top_token": "", "n_top": 0})
    explained = explained.astype({"single_token": "boolean", "n_top": np.int16})
    scored = pd.concat(scores).reindex(features["feature"])
    unscored = np.where(features["n_active"] == 0, "dead", "too_few_examples")
    scored["status"] = scored["status"].fillna(pd.Series(unscored, index=scored.index))
    scored.insert(1, "reason", scored["status"].map(REASONS))
    scored = scored.fillna({"n_windows": 0, "n_predictions": 0}).astype(
        {"n_windows": np.int32, "n_predictions": np.int32}
    )
    return explained.reset_index(), scored.reset_index()


def summary(explanations: pd.DataFrame, scores: pd.DataFrame) -> dict[str, Any]:
    """The fields of scores.json: every status counted, quartiles over the features whose status is ok."""
    status = scores["status"]
    ok, judged = status == "ok", explanations["single_token"].notna()
    single = explanations["single_token"].fillna(False).astype(bool)
    # The paper drops features with too few examples and counts a constant prediction as 0.
    constant = status == "undefined_constant_prediction"
    paper = {name: scores[name].mask(constant, 0.0)[ok | constant] for name in ("spearman", "pearson")}
    return {
        "explainer": EXPLAINER,
        "n_features": len(scores),
        "status_counts": {name: int((status == name).sum()) for name in REASONS},
        **{measure: summarise(scores.loc[ok, measure].to_numpy()) for measure in MEASURES},
        "paper_protocol": {name: summarise(values.to_numpy()) for name, values in paper.items()},
        "n_judged_single_token": int(judged.sum()),
        "n_single_token": int(single.sum(skipna=False)),
        "spearman_single_token": summarise(scores.loc[ok & single, "spearman"].to_numpy()),
        "spearman_not_single_token": summarise(scores.loc[ok & judged & ~single, "spearman"].to_numpy()),
        "zero_share_random": summarise(scores["zero_share_random"].to_numpy()),
    }
