"""For each context the feature, and the neuron, that follows it best; chosen on one half of the text.

It is the one whose activation has the highest Pearson correlation with the context's proxy (its target, see `proxies`),
the paper's measure of sensitivity. Everything about it is measured on the other half of the text, so that the choice
among thousands does not flatter the numbers. Beside it stands the sum of all features that are specific to the context:
a dictionary that has split a context has several.

Shape suffixes: T held-out tokens, F features or neurons, C contexts.
"""

from typing import NamedTuple

import numpy as np

from monosem.autointerp.layout import roles
from monosem.measures.codes import Codes
from monosem.measures.universality import side

SPECIFIC, MIN_ACTIVE = 0.8, 20  # share of a specific feature's active tokens in the context, and how many at least


class Evidence(NamedTuple):
    """What is known of some held-out tokens; columns are contexts."""

    proxy_TC: np.ndarray
    target_TC: np.ndarray  # what activations are correlated with
    truth_TC: np.ndarray  # in a document of the context's category
    document_T: np.ndarray

    def of(self, rows: np.ndarray) -> "Evidence":
        return Evidence(*(column[rows] for column in self))

    @property
    def inside_TC(self) -> np.ndarray:
        return self.proxy_TC > 0


class Best(NamedTuple):
    """Chosen on one half; activations are of the tokens of the other."""

    feature_C: np.ndarray
    neuron_C: np.ndarray
    acts_TC: np.ndarray
    neuron_acts_TC: np.ndarray
    nearest_C: np.ndarray  # the neuron whose activation correlates most with the feature's
    nearest_correlation_C: np.ndarray  # NaN where it never fires
    nearest_acts_TC: np.ndarray
    n_specific_C: np.ndarray
    specific_acts_TC: np.ndarray  # summed over the specific features


def halves(document_T: np.ndarray, category_T: np.ndarray, seed: int) -> np.ndarray:
    """0 or 1 of each token: whole documents, about half of each category's text; a category that is one document lies
    wholly in the half that the seeded generator draws, so that nothing is chosen on a document and measured on it."""
    half_T, rng = np.empty(document_T.size, dtype=np.int8), np.random.default_rng(seed)
    for category in np.unique(category_T):
        own = np.flatnonzero(category_T == category)
        documents = document_T[own]
        half_T[own] = roles(documents, seed) if np.unique(documents).size > 1 else rng.integers(2)
    return half_T


def correlations(codes: Codes, target_TC: np.ndarray) -> np.ndarray:
    """Pearson correlation of every feature with every column, [F, C]; -inf where one of them never varies."""
    centred_TC = target_TC - target_TC.mean(axis=0)
    norm_FC = side(codes).norm_F[:, None] * np.sqrt(np.square(centred_TC).sum(axis=0))
    covariance_FC = codes.matrix.T @ centred_TC
    return np.divide(covariance_FC, norm_FC, out=np.full(norm_FC.shape, -np.inf), where=norm_FC > 0)


def specific(codes: Codes, inside_TC: np.ndarray) -> np.ndarray:
    """Bool [F, C]: features that are active on enough tokens, most of them in the context."""
    active = (codes.matrix > 0).astype(np.float32)
    n_active_F = active.sum(axis=0)
    n_inside_FC = active.T @ inside_TC.astype(np.float32)
    return (n_inside_FC >= SPECIFIC * n_active_F[:, None]) & (n_active_F >= MIN_ACTIVE)[:, None]


def choose(features: Codes, neurons: Codes, evidence: Evidence, half_T: np.ndarray) -> Best:
    """Chooses on half 0 and returns the activations of half 1."""
    choosing, measuring = (np.flatnonzero(half_T == half) for half in (0, 1))
    target_TC = evidence.target_TC[choosing]
    feature_C, neuron_C = (
        correlations(Codes(codes.matrix[choosing]), target_TC).argmax(axis=0) for codes in (features, neurons)
    )
    specific_FC = specific(Codes(features.matrix[choosing]), evidence.inside_TC[choosing])
    acts, neuron_acts = features.matrix[measuring], neurons.matrix[measuring]
    acts_TC = acts[:, feature_C].toarray().astype(np.float64)
    nearest_FC = correlations(Codes(neuron_acts), acts_TC)
    nearest_C, best_C = nearest_FC.argmax(axis=0), nearest_FC.max(axis=0)
    return Best(
        feature_C,
        neuron_C,
        acts_TC,
        neuron_acts[:, neuron_C].toarray().astype(np.float64),
        nearest_C,
        np.where(np.isinf(best_C), np.nan, best_C),
        neuron_acts[:, nearest_C].toarray().astype(np.float64),
        specific_FC.sum(axis=0),
        acts @ specific_FC.astype(np.float64),
    )
