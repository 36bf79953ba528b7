"""Features spread over the neurons of a GELU layer, y = f_o . GELU(x f_i): when do they keep a non-linearity?

A feature on one neuron answers GELU(x). Spread evenly over n, with a share q of negative components, it answers
sqrt(n) ((1 - 2 q) GELU(z) + q z) with z = x / sqrt(n): nearly a line for inputs of the usual size, the same curve
again for inputs sqrt(n) times larger, and exactly a line at q = 1/2.

Non-homogeneity is R^2 of a quadratic less R^2 of a line, on held-out samples.

Shape suffixes: B samples, N neurons, P features on beside the probed one, M features.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr


def gelu(x: np.ndarray) -> np.ndarray:
    return x * ndtr(x)


def spread(n_neurons: int, negative: float = 0.0) -> np.ndarray:
    """Unit vector of even entries, the first `negative` of which, a share, are below zero."""
    vector_N = np.full(n_neurons, n_neurons**-0.5)
    vector_N[: round(negative * n_neurons)] *= -1
    return vector_N


def aligned(n_neurons: int) -> np.ndarray:
    return np.eye(n_neurons)[0]


def response(x_B: np.ndarray, feature_N: np.ndarray) -> np.ndarray:
    """[B], read along the same direction that it was written to."""
    return gelu(np.outer(x_B, feature_N)) @ feature_N


def nonhomogeneity(x_B: np.ndarray, y_B: np.ndarray, held_out: float) -> float:
    """R^2(quadratic) - R^2(line); the last share `held_out` of the samples judges, the others are fitted."""
    n_fitted = round((1 - held_out) * len(x_B))
    shares = []
    for degree in (1, 2):
        design_BC = np.vander(x_B / np.abs(x_B).max(), degree + 1)
        weights_C = np.linalg.lstsq(design_BC[:n_fitted], y_B[:n_fitted], rcond=None)[0]
        left_B = (y_B - design_BC @ weights_C)[n_fitted:]
        shares.append(1 - (left_B**2).sum() / ((y_B[n_fitted:] - y_B[n_fitted:].mean()) ** 2).sum())
    return shares[1] - shares[0]


@dataclass(frozen=True)
class Probing:
    """`fixed_scale`: inputs are sqrt(n) times as large whatever the feature's spread; else sqrt of its dimensions."""

    n_neurons: int
    samples: int
    probes: int
    reach: float
    held_out: float
    fixed_scale: bool


def signed_features(n_features: int, n_dimensions: int, n_neurons: int, rng: np.random.Generator) -> np.ndarray:
    """[M, N] unit rows: random neurons, as many as `n_dimensions`, each with weight 1 or -1 over its root."""
    order_MN = rng.random((n_features, n_neurons)).argsort(axis=1)
    signs_MN = rng.choice([-1.0, 1.0], (n_features, n_neurons))
    return np.where(order_MN < n_dimensions, signs_MN, 0.0) * n_dimensions**-0.5


def probed(n_others: int, n_dimensions: int, settings: Probing, rng: np.random.Generator) -> float:
    """Mean non-homogeneity of features of positive weights, while `n_others` of random signs are on beside each."""
    scale = (settings.n_neurons if settings.fixed_scale else n_dimensions) ** 0.5
    found = []
    for _ in range(settings.probes):
        x_B = rng.uniform(-settings.reach, settings.reach, settings.samples) * scale
        feature_N = np.abs(signed_features(1, n_dimensions, settings.n_neurons, rng)[0])
        others_PN = signed_features(n_others, n_dimensions, settings.n_neurons, rng)
        others_BP = rng.uniform(-settings.reach, settings.reach, (settings.samples, n_others)) * scale
        y_B = gelu(np.outer(x_B, feature_N) + others_BP @ others_PN) @ feature_N
        found.append(nonhomogeneity(x_B, y_B, settings.held_out))
    return float(np.mean(found))


def mmcs_among(features_MN: np.ndarray) -> float:
    """Mean over features of the greatest cosine with another."""
    cosine_MM = features_MN @ features_MN.T
    np.fill_diagonal(cosine_MM, -1.0)
    return float(cosine_MM.max(axis=1).mean())


def room(n_dimensions: int, n_neurons: int, most_mmcs: float, most: int, rng: np.random.Generator) -> int:
    """How many random features, up to `most`, have an MMCS of at most `most_mmcs`; by halving."""
    features_MN = signed_features(most, n_dimensions, n_neurons, rng)
    fits, fails = 1, most + 1
    while fails - fits > 1:
        middle = (fits + fails) // 2
        if mmcs_among(features_MN[:middle]) <= most_mmcs:
            fits = middle
        else:
            fails = middle
    return fits
