"""Which distributions over tokens last-layer features can bring about: softmax(A L + b), fitted by divergence.

A divergence KL(target || fit), nats, is convex in the logits. Targets over a latent are fitted by k features whose
activations A may be any function of the latent, not below zero. They are exact just where the targets' log-ratios,
as points, lie in a k-dimensional affine space: for one feature, on a line.

Shape suffixes: T values of a latent, K features, V tokens, W residual width.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import log_softmax, logsumexp, softmax, xlogy


def divergence(target_TV: np.ndarray, log_fit_TV: np.ndarray) -> np.ndarray:
    """KL(target || fit) of each row."""
    return (xlogy(target_TV, target_TV) - np.where(target_TV > 0, target_TV * log_fit_TV, 0)).sum(axis=-1)


def promoted(target_V: np.ndarray, base_V: np.ndarray, strength: float) -> np.ndarray:
    """Logit weights of a feature that, at activation 1, brings about the target from the base logits.

    Of tokens in the target, ln p_i - b_i + strength, of others 0; base logits are log-probabilities. What is left to
    others is M e^-strength beside 1, with M their share of the base, so KL = ln(1 + M e^-strength).
    """
    inside_V = target_V > 0
    return np.where(inside_V, np.log(np.where(inside_V, target_V, 1.0)) - base_V + strength, 0.0)


def best_direction(target_V: np.ndarray, base_V: np.ndarray, W_U_WV: np.ndarray, steps: int) -> float:
    """Least KL of one feature, at activation 1, whose logit weights pass through an unembedding of W dimensions."""
    from scipy.optimize import minimize

    def loss(x_W: np.ndarray) -> tuple[float, np.ndarray]:
        logits_V = base_V + x_W @ W_U_WV
        log_z = logsumexp(logits_V)
        value = xlogy(target_V, target_V).sum() + log_z - target_V @ logits_V
        return float(value), W_U_WV @ (np.exp(logits_V - log_z) - target_V)

    # Where the best direction is endless, the fit ends at a long one.
    return minimize(loss, np.zeros(len(W_U_WV)), jac=True, method="L-BFGS-B", options={"maxiter": steps}).fun


class Fit(NamedTuple):
    act_TK: np.ndarray
    log_fit_TV: np.ndarray
    kl: float  # mean over the latent


def fit_features(target_TV: np.ndarray, n_features: int, *, biases: bool, starts: int, steps: int, seed: int) -> Fit:
    """The best of several fits by mean divergence over the latent, the first from an informed start."""
    from scipy.optimize import minimize

    T, V = target_TV.shape
    sizes = np.cumsum([T * n_features, n_features * V])

    def logits(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        act, weights, bias_V = np.split(parameters, sizes)
        act_TK, weights_KV = act.reshape(T, n_features), weights.reshape(n_features, V)
        return act_TK, weights_KV, act_TK @ weights_KV + (bias_V if biases else 0.0)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        act_TK, weights_KV, logits_TV = logits(parameters)
        grad_TV = (softmax(logits_TV, axis=1) - target_TV) / T
        gradients = (grad_TV @ weights_KV.T, act_TK.T @ grad_TV, grad_TV.sum(axis=0) * biases)
        value = divergence(target_TV, log_softmax(logits_TV, axis=1)).mean()
        return value, np.concatenate([gradient.ravel() for gradient in gradients])

    rng = np.random.default_rng(seed)
    bounds = [(0, None)] * (T * n_features) + [(None, None)] * (n_features * V + V)
    found = None
    for start in range(starts):
        random = np.concatenate([rng.uniform(0, 2, T * n_features), rng.normal(size=n_features * V), np.zeros(V)])
        informed = principal_start if biases else knots_start
        first = random if start else informed(target_TV, n_features)
        options = {"maxiter": steps, "maxfun": 2 * steps, "ftol": 1e-14, "gtol": 1e-9}
        done = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        found = done if found is None or done.fun < found.fun else found
    act_TK, _, logits_TV = logits(found.x)
    return Fit(act_TK, log_softmax(logits_TV, axis=1), max(0.0, float(found.fun)))  # rounding


def log_ratios_of(target_TV: np.ndarray) -> np.ndarray:
    """Log-probabilities less their mean over the tokens, which no softmax sees."""
    log_TV = np.log(target_TV)
    return log_TV - log_TV.mean(axis=1, keepdims=True)


def principal_start(target_TV: np.ndarray, n_features: int) -> np.ndarray:
    """Activations, logit weights and biases from the log-ratios' principal components; exact where these are enough."""
    ratios_TV = log_ratios_of(target_TV)
    middle_V = ratios_TV.mean(axis=0)
    left_TT, singular, right_VV = np.linalg.svd(ratios_TV - middle_V, full_matrices=False)
    act_TK, weights_KV = np.zeros((len(target_TV), n_features)), np.zeros((n_features, len(middle_V)))
    used = min(n_features, len(singular))
    act_TK[:, :used], weights_KV[:used] = left_TT[:, :used] * singular[:used], right_VV[:used]
    lowest_K = act_TK.min(axis=0)
    return np.concatenate([(act_TK - lowest_K).ravel(), weights_KV.ravel(), middle_V + lowest_K @ weights_KV])


def knots_start(target_TV: np.ndarray, n_features: int) -> np.ndarray:
    """Without biases: features at even places of the latent, between which the log-ratios are interpolated."""
    T, V = target_TV.shape
    knots_K = np.linspace(0, T - 1, n_features)
    act_TK = np.stack([np.interp(np.arange(T), knots_K, one_K) for one_K in np.eye(n_features)], axis=1)
    return np.concatenate([act_TK.ravel(), log_ratios_of(target_TV)[knots_K.astype(int)].ravel(), np.zeros(V)])


def features_needed(target_TV: np.ndarray, slack: float = 1e-6) -> int:
    """Dimensions of the affine space in which the log-ratios lie: features, with biases, of an exact fit."""
    ratios_TV = log_ratios_of(target_TV)
    singular = np.linalg.svd(ratios_TV - ratios_TV.mean(axis=0), compute_uv=False)
    return int((singular > slack * max(1.0, singular[0])).sum())


def successive_modes(latent_T: np.ndarray, n_tokens: int = 3, sharpness: float = 6.0) -> np.ndarray:
    """Bumps of one width at even places of [-1, 1]: log-ratios are lines in the latent."""
    places_V = np.linspace(-1, 1, n_tokens)
    return softmax(-sharpness * (latent_T[:, None] - places_V) ** 2, axis=1)


def bent_ratios(latent_T: np.ndarray, height: float = 4.0, sharpness: float = 4.0) -> np.ndarray:
    """Cold, mild, hot with two saturating borders: every ratio rises or falls all along, but not on one line."""
    to_mild_T, to_hot_T = (height * np.tanh(sharpness * (latent_T - place)) for place in (-0.5, 0.5))
    return softmax(np.stack([np.zeros_like(latent_T), to_mild_T, to_mild_T + to_hot_T], axis=1), axis=1)


def with_floor(target_TV: np.ndarray, share: float = 0.1) -> np.ndarray:
    """Any word now and then: the ratios of a mode that has passed fall back to 1."""
    return (1 - share) * target_TV + share / target_TV.shape[1]
