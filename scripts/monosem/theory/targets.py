"""Dictionaries on several places of a model, side by side: what they cost it, how they read, what they are spent on.

The MLP's output matrix W_out maps M neurons to D < M dimensions, so what neurons have in its null space never leaves
the MLP. Let the columns of Q span the image of W_out^T: an activation x is seen as x Q, and the rest of it is unseen.

Shape suffixes: B activations, M neurons, D residual width, F features, V vocabulary, G features of one word.
"""

import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from monosem.autointerp.statistics import Estimate, estimate, interval
from monosem.autointerp.token_table import quoted
from monosem.investigations.token_features import Limits, following, token_table
from monosem.measures.codes import Codes
from monosem.measures.metrics import mean_cosine
from monosem.text.packed import Packed


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
    low, high = interval(own.score.replicates_R - first.score.replicates_R)
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
        "score_less_low": low,
        "score_less_high": high,
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


def likeness(weights_FV: np.ndarray) -> float | None:
    """Mean correlation of the logit weights of two features; None for fewer than two."""
    if len(weights_FV) < 2:
        return None
    centred_FV = weights_FV.astype(np.float64) - weights_FV.mean(axis=1, keepdims=True, dtype=np.float64)
    return mean_cosine(centred_FV / np.linalg.norm(centred_FV, axis=1, keepdims=True).clip(1e-30))


class Word(NamedTuple):
    """The token whose features are read, and how."""

    token: int
    limits: Limits
    shown: Sequence[str]  # the vocabulary
    promoted: int  # tokens of the highest logit weights to show


def read_word(
    word: Word, codes: Codes, held_out: Packed, weights_FV: np.ndarray
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The features that follow the token with what each promotes; and how alike the logit weights of any two features
    are, and of two of these."""
    found = following(word.token, token_table(codes, held_out, word.limits))
    own_GV = weights_FV[found["feature"]]
    highest_GP = np.argsort(-own_GV.astype(np.float32), axis=1, kind="stable")[:, : word.promoted]
    texts = [" ".join(quoted(word.shown[token]) for token in tokens) for tokens in highest_GP]
    alike = {"likeness": likeness(weights_FV), "word": {"n": len(found), "likeness": likeness(own_GV)}}
    return found.assign(promoted=np.array(texts, dtype=object)), alike
