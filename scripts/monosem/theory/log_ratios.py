"""How two tokens' probabilities go together as one last-layer feature grows: P = softmax(a l + b).

ln P_i / P_j = a (l_i - l_j) + (b_i - b_j) is a line, so no ratio of probabilities ever turns. A transformer's final
normalisation divides by a norm that grows with a: the ratio then turns at most once, at a positive a if the feature and
the rest of the residual stream favour the same token of the two. For unrelated directions in many dimensions, and a up
to s times the rest's norm, that is a share atan(s) / pi of all pairs.

Shape suffixes: A activations of a grid, V tokens, D residual width, Q pairs of tokens.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from monosem.lm.layers import LayerNorm

SLACK = 1e-9  # rounding, in nats


class Draw(NamedTuple):
    """A residual stream without the feature, the feature's direction, and an unembedding, all of random entries."""

    rest_D: Tensor
    feature_D: Tensor
    W_U_DV: Tensor


def draw(width: int, n_tokens: int, rng: torch.Generator) -> Draw:
    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    rest_D, feature_D = normal(width), normal(width)
    return Draw(rest_D, feature_D * rest_D.norm() / feature_D.norm(), normal(width, n_tokens))


def log_probabilities(made: Draw, act_A: Tensor, *, normalised: bool) -> Tensor:
    """[A, V]; activation 1 makes the feature as long as the rest."""
    resid_AD = made.rest_D + act_A[:, None] * made.feature_D
    with torch.no_grad():
        seen_AD = LayerNorm(len(made.rest_D), bias=False).double()(resid_AD) if normalised else resid_AD
    return (seen_AD @ made.W_U_DV).log_softmax(dim=1)


def log_ratios(log_p_AV: np.ndarray) -> np.ndarray:
    """[A, Q] of every pair of tokens, each pair once."""
    first, second = np.triu_indices(log_p_AV.shape[1], k=1)
    return log_p_AV[:, first] - log_p_AV[:, second]


def turns(ratio_AQ: np.ndarray) -> np.ndarray:
    """How often each column changes between rising and falling."""
    steps_AQ = np.diff(ratio_AQ, axis=0)
    found = []
    for steps_A in steps_AQ.T:
        signs = np.sign(steps_A[np.abs(steps_A) > SLACK])
        found.append(int((np.diff(signs) != 0).sum()))
    return np.array(found)


def bend(ratio_AQ: np.ndarray) -> float:
    """The largest second difference, which is 0 on lines."""
    return float(np.abs(np.diff(ratio_AQ, n=2, axis=0)).max())


def turning_share(strength: float) -> float:
    """Of pairs, where directions are unrelated and many-dimensional."""
    return float(np.arctan(strength) / np.pi)
