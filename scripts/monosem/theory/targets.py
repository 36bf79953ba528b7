"""Dictionaries on several places of a model, side by side: what they cost it, how they read, what they are spent on.

The MLP's output matrix W_out maps M neurons to D < M dimensions, so what neurons have in its null space never leaves
the MLP. Let the columns of Q span the image of W_out^T: an activation x is seen as x Q, and the rest of it is unseen.

Shape suffixes: B activations, M neurons, D residual width, F features, V vocabulary, G features of one word.
"""

import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from monosem.autointerp.statistics import INTERVAL, Estimate, estimate
from monosem.autointerp.token_table import quoted
from monosem.investigations.held_out import HeldOut
from monosem.investigations.token_features import IN_CONTEXT, WHOLE, Limits, token_table
from monosem.measures.codes import Codes
from monosem.measures.universality import open_logits

SCORE = "spearman"


class Target(NamedTuple):
    """The dictionary of one site: records and scores of the model that is read, and of both models together."""

    site: str
    evaluated: dict[str, Any]
    of_other: dict[str, Any]  # eval.json of the other model's
    matched: dict[str, Any]  # record of match_features.py
    score: Estimate


def target(site: str, records: list[dict[str, Any]], scores_F: np.ndarray, seed: int) -> Target:
    """Features of each site are drawn again on their own, as for a difference of two they have to be."""
    rng = np.random.default_rng([seed, zlib.crc32(site.encode())])
    return Target(site, *records, estimate(scores_F, "median", rng))


def lost(evaluated: dict[str, Any]) -> float:
    """Nats a token that the model predicts worse with the reconstruction in place."""
    return evaluated["loss_sae"] - evaluated["loss_clean"]


def site_row(own: Target, first: Target) -> dict[str, Any]:
    """`score_less` is the median less that of the first site, with its interval."""
    bounds = np.quantile(own.score.replicates_R - first.score.replicates_R, INTERVAL)
    kept = {name: own.evaluated[name] for name in ("n_features", "l0", "explained_variance", "loss_recovered")}
    return {
        "site": own.site,
        **kept,
        "nats": lost(own.evaluated),
        "nats_other": lost(own.of_other),
        "dead": own.evaluated["n_dead"] / own.evaluated["n_features"],
        "n_scored": own.score.n,
        "score": own.score.value,
        "score_low": own.score.low,
        "score_high": own.score.high,
        "score_less": own.score.value - first.score.value,
        "score_less_low": float(bounds[0]),
        "score_less_high": float(bounds[1]),
        "universality": own.matched["correlation"]["median"],
        "universality_q1": own.matched["correlation"]["q1"],
        "universality_q3": own.matched["correlation"]["q3"],
    }


def null_space(W_out_MD: Tensor, x_BM: Tensor, recon_BM: Tensor, W_dec_FM: Tensor) -> dict[str, float]:
    """Shares of variance, and of decoder rows' squared norms, that W_out does not see; what of either is explained."""
    Q_MD = torch.linalg.qr(W_out_MD.double()).Q
    x_BM, recon_BM, W_dec_FM = x_BM.double(), recon_BM.double(), W_dec_FM.double()

    def spread(of_BM: Tensor) -> tuple[float, float]:
        """Summed squares of what is seen, and of all."""
        return float((of_BM @ Q_MD).square().sum()), float(of_BM.square().sum())

    parts = {"activations": x_BM - x_BM.mean(dim=0), "reconstructions": recon_BM - recon_BM.mean(dim=0)}
    seen = {name: spread(of) for name, of in {**parts, "decoder": W_dec_FM, "error": x_BM - recon_BM}.items()}
    (error_seen, error), (x_seen, x) = seen["error"], seen["activations"]
    return {
        "dimensions": 1 - W_out_MD.shape[1] / W_out_MD.shape[0],
        **{name: 1 - within / whole for name, (within, whole) in seen.items()},
        "explained_seen": 1 - error_seen / x_seen,
        "explained_unseen": 1 - (error - error_seen) / (x - x_seen),
    }


def logit_weights(path: Path) -> np.ndarray:
    """[F, V], as evaluate_dictionary.py wrote them."""
    return open_logits(path)[:]


def likeness(weights_FV: np.ndarray) -> float | None:
    """Mean correlation of the logit weights of two features; None for fewer than two."""
    if len(weights_FV) < 2:
        return None
    centred_FV = weights_FV.astype(np.float64) - weights_FV.mean(axis=1, keepdims=True, dtype=np.float64)
    unit_FV = centred_FV / np.linalg.norm(centred_FV, axis=1, keepdims=True).clip(1e-30)
    n = len(unit_FV)
    return float((np.square(unit_FV.sum(axis=0)).sum() - n) / (n * (n - 1)))


def word_features(
    codes: Codes, held_out: HeldOut, limits: Limits, token: int, weights_FV: np.ndarray, shown: list[str], promoted: int
) -> pd.DataFrame:
    """The features that follow a token, those of most activation on it first, and the tokens that each promotes."""
    table = token_table(codes, held_out, limits)
    of_word = table[(table["main_token"] == token) & table["kind"].isin([WHOLE, IN_CONTEXT])]
    of_word = of_word.sort_values("coverage", ascending=False, kind="stable")
    highest_GP = np.argsort(-weights_FV[of_word["feature"].to_numpy()].astype(np.float32), axis=1, kind="stable")
    texts = [" ".join(quoted(shown[one]) for one in tokens[:promoted]) for tokens in highest_GP]
    return of_word.assign(promoted=np.array(texts, dtype=object))
